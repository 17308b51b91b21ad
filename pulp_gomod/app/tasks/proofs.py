"""
Keeping the proofs of what comes through a remote: the domain's from then on, whatever becomes of the remote.

What is taken in has been proven by the remote's checksum database when it was fetched. So its records, and the
tiles that prove them, are in the remote's cache, and the database itself is asked for what was forgotten there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from pulp_gomod.app.db.executors import BoundedExecutor
from pulp_gomod.app.models import GoRepository
from pulp_gomod.app.models.own import own_paths_of
from pulp_gomod.app.models.ownership import OwnPaths
from pulp_gomod.app.remote import policy
from pulp_gomod.app.remote.cache.info import is_version
from pulp_gomod.app.remote.http.results import Missing, NoRecord, UpstreamFault
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.app.remote.settings import RemoteSettings, read_settings
from pulp_gomod.app.remote.sumdb.cached import cached_head, cached_lookups, cached_tiles
from pulp_gomod.app.storage.proofs import (
    BATCH,
    Absorbed,
    Place,
    ProvenRecord,
    TreeStore,
    absorb,
    in_batches,
)
from pulp_gomod.app.tasks.opening import opened, run
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import tlog
from pulp_gomod.golang.sumdb.proving import open_head

log = logging.getLogger(__name__)

Name = tuple[str, str]
"""A module path and a version."""

Fetched = tuple[UUID, str, str]
"""The pk of a remote, a module path and a version."""

Opener = Callable[[], AbstractAsyncContextManager[RemoteClient]]
"""Opens the remote, when it turns out that it has to be asked."""

# Things that the checksum database is asked for at a time.
_AT_A_TIME = 10
# Heads of each batch's lookups that clients may know of the same lookups: the largest ones.
_PASSED = 4
# Module versions without a proof that are named.
_NAMED = 20


@dataclass
class Unproven:
    """
    What no proof could be kept of.

    Attributes:
        count: How many module versions.
        reasons: The first of them, and why.
    """

    count: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, name: Name, reason: object) -> None:
        """
        Note that there is no proof of a module version.

        Args:
            reason: Why.
        """
        self.count += 1
        if len(self.reasons) < _NAMED:
            self.reasons.append(f"{name[0]}@{name[1]}: {str(reason).splitlines()[0]}")

    def add_refused(self, absorbed: Absorbed) -> None:
        """
        Note what was not proven.

        Args:
            absorbed: What was.
        """
        self.count += absorbed.refused
        self.reasons += absorbed.reasons[: _NAMED - len(self.reasons)]

    def __str__(self) -> str:
        """Name the first of them, each on a line of its own."""
        more = self.count - len(self.reasons)
        return "\n".join([*self.reasons, *([f"and {more} more"] if more else [])])


def covered(settings: RemoteSettings, own: OwnPaths, names: Iterable[Name]) -> list[Name]:
    """
    Choose the module versions that the remote's checksum database may be asked about.

    Args:
        settings: The remote.
        own: The paths whose names are sent nowhere.
        names: The module versions.
    """
    if settings.sumdb.off:
        return []
    return [
        name
        for name in dict.fromkeys(names)
        if is_version(*name) and policy.lookup_refusal(settings, name[0], own) is None
    ]


async def keep_proofs(settings: RemoteSettings, names: Sequence[Name], opener: Opener) -> Unproven:
    """
    Keep the records of module versions, with what proves them.

    Nothing fails for want of a proof: what was fetched was proven when it was. What cannot be kept is told.

    Args:
        settings: The remote that they came from.
        names: The module versions, which its checksum database covers.
        opener: Opens the remote.
    """
    unproven = Unproven()
    if not names:
        return unproven
    keeping = _Keeping(settings, opener, unproven)
    try:
        for batch in in_batches(names, BATCH):
            await keeping.keep(batch)
    finally:
        await keeping.close()
    return unproven


def keep_proofs_of_cached(repository: GoRepository, fetched: Iterable[Fetched]) -> None:
    """
    Keep the proofs of what clients have asked for. Uses the ORM.

    Args:
        repository: The repository that it is added to.
        fetched: What was fetched.
    """
    by_remote: dict[UUID, list[Name]] = {}
    for remote, path, version in sorted(fetched):
        by_remote.setdefault(remote, []).append((path, version))
    if not by_remote:
        return
    own = own_paths_of(repository.pk)
    for remote, names in by_remote.items():
        settings = read_settings(remote)
        if settings is None:
            continue
        try:
            chosen = covered(settings, own, names)
            unproven = run(keep_proofs(settings, chosen, partial(opened, settings)))
        except Exception:
            # It is served all the same, and a sync brings what is missing.
            log.exception("No proofs are kept of what came from the remote %s.", settings.name)
            continue
        if unproven.count:
            log.warning(
                "No proofs are kept of %s module versions from the remote %s:\n%s",
                unproven.count,
                settings.name,
                unproven,
            )


class _Keeping:
    """Keeps the proofs of one remote's module versions, some after the other."""

    def __init__(self, settings: RemoteSettings, opener: Opener, unproven: Unproven) -> None:
        self._settings = settings
        self._opener = opener
        self._unproven = unproven
        self._store = TreeStore(settings.domain, settings.sumdb.key)
        self._context: AbstractAsyncContextManager[RemoteClient] | None = None
        self._through: RemoteClient | None = None
        self._executor = BoundedExecutor("gomod-proofs", 1, uses_orm=True)
        # Why the database is not asked any more.
        self._given_up = ""

    async def close(self) -> None:
        self._executor.close()
        if self._context is not None and self._through is not None:
            await self._context.__aexit__(None, None, None)

    async def keep(self, names: Sequence[Name]) -> None:
        names = await self._executor.run(self._store.without, names)
        if not names:
            return
        lookups = await self._executor.run(cached_lookups, self._settings, names)
        lookups |= await self._look_up([name for name in names if name not in lookups])
        heads, records = await self._executor.run(self._read, lookups)
        if not records:
            return
        loop = asyncio.get_running_loop()

        def read(tiles: Sequence[tlog.Tile]) -> Mapping[Place, bytes]:
            found = cached_tiles(self._settings, tiles)
            missing = [tile for tile in tiles if (tile.l, tile.n) not in found]
            if missing:
                asking = asyncio.run_coroutine_threadsafe(self._ask_for_tiles(missing), loop)
                found |= asking.result()
            return found

        try:
            absorbed = await self._executor.run(self._absorb, heads, records, read)
        except GoError as error:
            # The database shows two histories, or does not sign as it did.
            log.error("No proofs are kept of %s: %s", self._settings.sumdb.name, error)
            for record in records:
                self._unproven.add((record.module, record.version), error)
            return
        self._unproven.add_refused(absorbed)

    def _absorb(
        self,
        heads: Sequence[bytes],
        records: Sequence[ProvenRecord],
        read: Callable[[Sequence[tlog.Tile]], Mapping[Place, bytes]],
    ) -> Absorbed:
        head, *passed = heads
        key = self._settings.sumdb.key
        return absorb(self._settings.domain, key, head, records, read, passed)

    def _read(self, lookups: Mapping[Name, bytes]) -> tuple[list[bytes], list[ProvenRecord]]:
        """
        Read lookups, and choose the largest of their heads and of that which the cache knows, the largest first.

        Whoever has asked for the same, through us or elsewhere, has seen the same heads, and goes on from the
        largest of them.
        """
        heads = [cached_head(self._settings)]
        records = []
        for name, body in lookups.items():
            try:
                number, text, message = tlog.parse_record(body)
                records.append(ProvenRecord(number, *name, text.decode()))
            except (GoError, UnicodeDecodeError) as error:
                self._unproven.add(name, error)
            else:
                heads.append(message)
        known = {head: size for head in heads if (size := self._size_of(head)) >= 0}
        return sorted(known, key=lambda head: -known[head])[: 1 + _PASSED] or [b""], records

    def _size_of(self, head: bytes) -> int:
        try:
            return open_head(head, self._settings.sumdb.key).tree.n
        except GoError:
            return -1

    async def _look_up(self, names: Sequence[Name]) -> dict[Name, bytes]:
        """Ask the database for what the cache does not hold."""
        found: dict[Name, bytes] = {}
        turn = asyncio.Semaphore(_AT_A_TIME)

        async def ask(name: Name) -> None:
            async with turn:
                try:
                    found[name] = await self._lookup(name)
                except NoRecord as error:
                    self._unproven.add(name, error.line)
                except (UpstreamFault, GoError) as error:
                    self._given_up = self._given_up or str(error)
                    self._unproven.add(name, error)

        await asyncio.gather(*map(ask, names))
        return found

    async def _lookup(self, name: Name) -> bytes:
        if self._given_up:
            raise UpstreamFault(self._given_up)
        sumdb = (await self._remote()).sumdb
        assert sumdb is not None
        return await sumdb.lookup(*name)

    async def _ask_for_tiles(self, tiles: Sequence[tlog.Tile]) -> dict[Place, bytes]:
        """Ask the database for tiles; whoever needs one that does not come is told so."""
        found: dict[Place, bytes] = {}

        async def ask(tile: tlog.Tile) -> None:
            if self._given_up:
                return
            try:
                sumdb = (await self._remote()).sumdb
                assert sumdb is not None
                body = await sumdb.tile(tile)
            except (UpstreamFault, GoError) as error:
                self._given_up = self._given_up or str(error)
                return
            if not isinstance(body, Missing):
                found[tile.l, tile.n] = body

        for some in in_batches(tiles, _AT_A_TIME):
            await asyncio.gather(*map(ask, some))
        return found

    async def _remote(self) -> RemoteClient:
        """The remote, opened when it is first asked."""
        if self._context is None:
            self._context = self._opener()
            self._opening = asyncio.ensure_future(self._context.__aenter__())
        self._through = await asyncio.shield(self._opening)
        return self._through


def already(through: RemoteClient) -> Opener:
    """
    Return what "opens" a remote that is open, and leaves it open.

    Args:
        through: The remote.
    """

    @asynccontextmanager
    async def left_open() -> AsyncIterator[RemoteClient]:
        yield through

    return left_open
