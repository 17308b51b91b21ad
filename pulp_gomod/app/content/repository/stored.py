"""What a repository version holds of a module, as the GOPROXY protocol says it."""

from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pulp_gomod.app.content.http.responses import JSON, TEXT, Representation
from pulp_gomod.app.content.repository import queries
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.executors import compute, etag
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.storage.release_info import info_json
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang import module
from pulp_gomod.golang.latest import Candidate, UnreadGoModError, latest, latest_of_newest

Rule = Callable[[Sequence[Candidate]], Candidate | None]

File = Literal["info", "mod", "zip"]
Files = dict[File, Any]

# Questions that may be open while a client is told more than it asked for, and bytes of a go.mod that is
# told besides what it asked for.
FEW = 3
# The number of the repository version that each repository begins with, and that holds nothing.
EMPTY = 0
LONG_GO_MOD = 32 * 1024
_MOST = 2**31 - 1


class StoredModules:
    """
    The modules of one repository version; each method costs one statement.

    Attributes:
        served: The repository version.

    Args:
        lookups: Where to ask.
        target: The distribution.
        served: The repository version.
    """

    def __init__(self, lookups: Lookups, target: ServedDistribution, served: Served) -> None:
        self._lookups = lookups
        self._ask_database = lookups.ask
        self.served = served
        self._values = {
            "repository": served.repository,
            "number": served.number,
            "domain": target.domain,
        }

    async def versions(self, path: str) -> Representation | None:
        """As Modules.versions, in semver order."""
        rows = await self._ask(queries.versions(), module=path)
        if not rows:
            return None
        return await list_of(rows[0][0].split("\n") if rows[0][0] else [], self.served.created)

    async def tagged(self, path: str) -> list[str] | None:
        """
        Return the tagged versions in semver order; None for an unknown module.

        Args:
            path: The module path.
        """
        rows = await self._ask(queries.versions(), module=path)
        if not rows:
            return None
        return rows[0][0].split("\n") if rows[0][0] else []

    async def candidates(self, path: str) -> list[Candidate]:
        """
        Return all versions in semver order, with what decides which is the latest.

        Args:
            path: The module path.
        """
        return await self.candidates_of(path, await self._ask(queries.candidates(), module=path))

    async def candidates_of(self, path: str, rows: list[Row]) -> list[Candidate]:
        """
        Return what `candidates` returns.

        Args:
            path: The module path.
            rows: What `queries.candidates` has found.
        """
        return await compute(len(rows), _candidates, rows)

    def candidates_need(self, path: str, keep: Callable[[list[Row]], Awaitable[None]]) -> Need:
        """
        Say what `candidates` would look up.

        Args:
            path: The module path.
            keep: Takes the rows.
        """
        values = {**self._values, "module": path}
        return Need(queries.candidates(), queries.CANDIDATES_WIDTH, values, keep)

    async def retracted(self, path: str, version: str) -> str:
        """
        Return all that the go.mod of a held version retracts (see golang.retracted).

        Args:
            path: The module path.
        """
        rows = await self._ask(queries.retracted(), module=path, version=version)
        return (rows[0][0] or "") if rows else ""

    async def latest(self, path: str) -> Representation | None:
        """As Modules.latest."""
        chosen = await self._latest_row(path)
        if chosen is None:
            return None
        version, time, origin, created = chosen
        return await _computed(
            JSON, info_json(version, time or created, origin), self.served.created
        )

    async def latest_version(self, path: str) -> str | None:
        """As Modules.latest_version."""
        chosen = await self._latest_row(path)
        return chosen[0] if chosen else None

    async def info(self, path: str, version: str) -> Representation | None:
        """As Modules.info; of other names, only commits are known."""
        if module.canonical_version(version) != version:
            return await self._info_of_commit(path, version)
        rows = await self._ask(queries.info(), module=path, version=version)
        if not rows:
            return None
        found, time, origin, said, created = rows[0]
        return await _info(found, time or created, origin, said, created)

    async def mod(self, path: str, version: str) -> Representation | None:
        """As Modules.mod."""
        rows = await self._ask(queries.mod(), module=path, version=version)
        if not rows:
            return None
        go_mod, _, created = rows[0]
        return await _fixed(TEXT, bytes(go_mod), created)

    async def zip(self, path: str, version: str) -> StoredZip | None:
        """As Modules.zip."""
        rows = await self._ask(queries.zip_file(), module=path, version=version)
        return StoredZip(*rows[0]) if rows else None

    @property
    def is_quiet(self) -> bool:
        """Whether so few ask at the moment that PostgreSQL has time for more than they asked for."""
        return self._lookups.open < FEW

    async def files(self, path: str, version: str, wanted: File) -> Files:
        """
        Find all files of a version at once.

        Args:
            path: The module path.
            version: The canonical version.
            wanted: The one that is asked for; of the others a long go.mod is left out.
        """
        largest = _MOST if wanted == "mod" else LONG_GO_MOD
        rows = await self._ask(queries.files(), module=path, version=version, largest=largest)
        if not rows:
            return {"info": None, "mod": None, "zip": None}
        found, go_mod, created, time, origin, said, *stored = rows[0]
        files: Files = {"info": None, "zip": None}
        if stored[0] is not None:
            files["info"] = await _info(found, time or created, origin, said, created)
            files["zip"] = StoredZip(*stored)
        if go_mod is not None:
            files["mod"] = await _fixed(TEXT, bytes(go_mod), created)
        return files

    @property
    def in_background(self) -> "StoredModules":
        """The same for what nobody waits for."""
        other = copy(self)
        other._ask_database = self._lookups.ask_in_background
        return other

    async def names(self) -> list[tuple[str, str]]:
        """List the path and version of all modules with a zip, if the repository version holds few."""
        return [(path, version) for path, version in await self._ask(queries.names())]

    async def _info_of_commit(self, path: str, name: str) -> Representation | None:
        """Answer for a commit hash with the highest version made from it."""
        if not _is_hash(name):
            return None
        rows = await self._ask(queries.releases(), module=path)
        found = await compute(len(rows), _made_from, rows, name)
        if found is None:
            return None
        version, _, time, origin, created = found
        return await _computed(
            JSON, info_json(version, time or created, origin), self.served.created
        )

    async def _latest_row(self, path: str) -> Row | None:
        """Return version, time, origin, and when the content came, of the latest version."""
        found = await self._ask(queries.newest(), module=path)
        count = len(found)
        rows = found[queries.NEWEST :] if count > queries.NEWEST else found[::-1]
        are_all = count != queries.NEWEST
        rule = latest if are_all else latest_of_newest
        chosen = await self.choose(path, rule, await compute(len(rows), _candidates, rows))
        if chosen is None and not are_all:
            rows = await self._ask(queries.candidates(), module=path)
            chosen = await self.choose(path, latest, await compute(len(rows), _candidates, rows))
        if chosen is None:
            return None
        *_, time, origin, created = next(row for row in rows if row[0] == chosen.version)
        if created is None:
            # Dozens of newer ones are pre-releases, or retracted.
            said = await self._ask(queries.info(), module=path, version=chosen.version)
            if said:
                _, time, origin, _, created = said[0]
        return chosen.version, time, origin, created

    async def choose(self, path: str, rule: Rule, known: list[Candidate]) -> Candidate | None:
        """
        Let a rule choose; a long list of retractions is read only if it comes to look at it.

        Args:
            path: The module path.
            known: The versions to choose from, in semver order.
        """
        while True:
            try:
                return await compute(len(known), rule, known)
            except UnreadGoModError as unread:
                retracted = await self.retracted(path, unread.version)
                known = await compute(len(known), _read, known, unread.version, retracted)

    async def _ask(self, statement: Statement, **values: str | int) -> list[Row]:
        if self.served.number == EMPTY:
            return []
        return await self._ask_database(statement, **self._values, **values)


async def list_of(tagged: list[str], created: datetime) -> Representation:
    """
    Render a list of versions.

    Args:
        tagged: The versions, in semver order.
        created: When it last changed.
    """
    return await _computed(TEXT, "".join(f"{version}\n" for version in tagged).encode(), created)


def _candidates(rows: list[Row]) -> list[Candidate]:
    return [Candidate(*row[:4]) for row in rows]


def _read(candidates: list[Candidate], version: str, retracted: str) -> list[Candidate]:
    """Add what the go.mod of one of the candidates retracts."""
    return [replace(c, retracted=retracted) if c.version == version else c for c in candidates]


async def _info(
    version: str, time: datetime, origin: dict[str, Any] | None, said: bytes | None, made: datetime
) -> Representation:
    # What was cached is passed on as it came.
    return await _fixed(JSON, bytes(said) if said else info_json(version, time, origin), made)


async def _fixed(content_type: str, body: bytes, created: datetime) -> Representation:
    """Make the representation of what never changes."""
    return Representation(content_type, await etag(body), created, len(body), True, body)


async def _computed(content_type: str, body: bytes, created: datetime) -> Representation:
    """Make the representation of what changes with the repository."""
    return Representation(content_type, await etag(body), created, len(body), False, body)


def _is_hash(name: str) -> bool:
    return 7 <= len(name) <= 64 and set(name) <= set("0123456789abcdef")


def _made_from(rows: list[Row], name: str) -> Row | None:
    """
    Find the highest version that was made from a commit.

    Either name may be shorter than the other: a pseudo-version holds twelve digits of the hash.
    """
    for row in reversed(rows):
        version, is_pseudo, _, origin, _ = row
        digits = _commit(version, is_pseudo, origin)
        if digits and (digits.startswith(name) or name.startswith(digits)):
            return row
    return None


def _commit(version: str, is_pseudo: bool, origin: dict[str, Any] | None) -> str:
    if is_pseudo:
        return module.pseudo_version_rev(version)
    return str((origin or {}).get("Hash", ""))
