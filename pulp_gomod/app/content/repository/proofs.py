"""What is kept of checksum databases for what a repository version holds, as clients ask for it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_gomod.app.content.repository import proof_queries
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, tlog

# Repository versions and names of databases of which it is known whether there are proofs; and seconds for
# which that is trusted.
_MOST_KNOWN = 10_000
NONE_FOR = 10.0
SOME_FOR = 60.0
# To find nothing in a large repository version takes PostgreSQL a second: then it is asked so many times more
# seldom than that takes.
_SELDOM = 100

_Key = tuple[UUID, int, UUID, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """
    Something that is kept.

    Attributes:
        body: Its bytes.
        seen: When the newest head was seen.
    """

    body: bytes
    seen: datetime


@dataclass(frozen=True, slots=True)
class NotKept:
    """
    A tile that is not kept.

    Attributes:
        size: Records in the tree of the newest head that is known.
        seen: When that head was seen.
    """

    size: int
    seen: datetime


@dataclass(frozen=True, slots=True)
class _Tree:
    """
    The tree of a name.

    Attributes:
        pk: Its pk; None if nothing is proven by it.
        until: Until when that is trusted.
        instead: Until when that is better than to wait for what is found out anew.
    """

    pk: UUID | None
    until: float
    instead: float


class StoredProofs:
    """
    The proofs of all repository versions. Each question costs one statement.

    Args:
        lookups: Where to ask.
    """

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._trees: Lru[_Key, _Tree] = Lru(_MOST_KNOWN)
        # What proves something in the version of a repository that was searched last.
        self._proving: Lru[tuple[UUID, UUID, str], UUID | None] = Lru(_MOST_KNOWN)
        self._flights: SingleFlight[list[Row]] = SingleFlight()

    async def close(self) -> None:
        """Call off what is under way."""
        await self._flights.close()

    async def supports(self, served: Served, domain: UUID, name: str) -> bool:
        """
        Say whether anything that a repository version holds is proven by a checksum database.

        Args:
            served: The repository version.
            domain: The domain's pk.
            name: The database's name.
        """
        key = (served.repository, served.number, domain, name)
        known = self._known(key) or self._lately(key)
        return known.pk is not None if known else bool(await self._first(served, domain, name))

    async def head(self, served: Served, domain: UUID, name: str) -> Kept | None:
        """
        Return the newest signed head of a checksum database; None if it proves nothing that is held.

        Args:
            served: The repository version.
            domain: The domain's pk.
            name: The database's name.
        """
        known = self._known((served.repository, served.number, domain, name))
        if known is not None and known.pk is None:
            return None
        rows = await self._lookups.ask(proof_queries.head(), tree=known.pk) if known else []
        rows = rows or await self._first(served, domain, name)
        return Kept(bytes(rows[0][1]), rows[0][2]) if rows else None

    async def lookup(
        self, served: Served, domain: UUID, name: str, path: str, version: str
    ) -> Kept | None:
        """
        Return the record of a module version that is held, under the newest head.

        Args:
            served: The repository version.
            domain: The domain's pk.
            name: The database's name.
            path: The module path.
            version: The canonical version.
        """
        rows = await self._lookups.ask(
            proof_queries.lookup(),
            **_values(served.repository, served.number, domain, name),
            module=path,
            version=version,
        )
        if not rows:
            return None
        number, text, head, seen = rows[0]
        return Kept(tlog.format_record(number, text) + bytes(head), seen)

    async def tile(
        self, served: Served, domain: UUID, name: str, tile: tlog.Tile
    ) -> Kept | NotKept | None:
        """
        Return a tile of hashes; None if the checksum database proves nothing that is held.

        Args:
            served: The repository version.
            domain: The domain's pk.
            name: The database's name.
            tile: The tile, of height 8.
        """
        key = (served.repository, served.number, domain, name)
        known = self._known(key)
        place: dict[str, object] = {"level": tile.l, "tile": tile.n}
        if known is not None and known.pk is None:
            return None
        rows = []
        if known is not None:
            rows = await self._ask(proof_queries.tile(), {"tree": known.pk, **place})
        if not rows:
            rows = await self._search(key, proof_queries.first_tile(), place)
        if not rows:
            return None
        _, size, seen, hashes = rows[0]
        if hashes is None or len(hashes) < tile.size():
            return NotKept(size, seen)
        return Kept(bytes(hashes[: tile.size()]), seen)

    def _known(self, key: _Key) -> _Tree | None:
        known = self._trees.get(key)
        return known if known is not None and time.monotonic() < known.until else None

    def _lately(self, key: _Key) -> _Tree | None:
        """Return what was known a moment ago, and find it out anew while nobody waits for it."""
        known, now = self._trees.get(key), time.monotonic()
        if known is None or now >= known.instead:
            repository, _, domain, name = key
            proving = self._proving.get((repository, domain, name))
            known = _Tree(proving, now, now) if proving is not None else None
        if known is not None:
            self._start(key, proof_queries.tree(), {})
        return known

    async def _first(self, served: Served, domain: UUID, name: str) -> list[Row]:
        key = (served.repository, served.number, domain, name)
        return await self._search(key, proof_queries.tree(), {})

    async def _search(
        self, key: _Key, statement: Statement, more: Mapping[str, object]
    ) -> list[Row]:
        """Search a repository version for something that is proven, once for all who ask."""
        return await asyncio.shield(self._start(key, statement, more))

    def _start(
        self, key: _Key, statement: Statement, more: Mapping[str, object]
    ) -> "asyncio.Task[list[Row]]":
        repository, number, domain, name = key
        values = {**_values(repository, number, domain, name), **more}

        async def search() -> list[Row]:
            began = time.monotonic()
            rows = await self._ask(statement, values)
            ended = time.monotonic()
            quiet = SOME_FOR if rows else max(NONE_FOR, _SELDOM * (ended - began))
            tree = rows[0][0] if rows else None
            self._trees.put(key, _Tree(tree, ended + quiet, ended + 2 * quiet))
            self._proving.put((repository, domain, name), tree)
            return rows

        return self._flights.start((key, *more.values()), search)

    async def _ask(self, statement: Statement, values: Mapping[str, object]) -> list[Row]:
        return await self._lookups.ask(statement, **values)


def _values(repository: UUID, number: int, domain: UUID, name: str) -> dict[str, object]:
    return {
        "repository": repository,
        "number": number,
        "domain": domain,
        "name": name,
        "key": KNOWN_GOSUMDB.get(name, ""),
    }
