"""The remotes that a content process has asked lately, and what they have in common."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_gomod.app.db.locks import AdvisoryLocks
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.pool import Database, connection_parameters
from pulp_gomod.app.remote.ahead import Ahead
from pulp_gomod.app.remote.cache.documents import DocumentCache
from pulp_gomod.app.remote.ingest import Ingest
from pulp_gomod.app.remote.last_used import LastUsed
from pulp_gomod.app.remote.modules import UpstreamModules
from pulp_gomod.app.remote.settings import RemoteSettings, read_settings
from pulp_gomod.app.remote.sumdb.database import ChecksumDatabase
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.remote.upstream import Upstream
from pulp_gomod.app.remote.zips.fetch import Zips
from pulp_gomod.app.remote.zips.quota import ZipQuota
from pulp_gomod.app.remote.zips.spool import directory
from pulp_gomod.app.storage.spool import sweep

log = logging.getLogger(__name__)

# Remotes whose connections are kept at a time.
MOST_REMOTES = 256


@dataclass(frozen=True, slots=True)
class RemoteClient:
    """
    One remote, ready to be asked.

    Attributes:
        upstream: Its connections and its shelf.
        modules: Its lists, `.info` and `.mod` files.
        zips: Its zips.
        sumdb: Its checksum database, or None.
        ahead: Fetches what nobody has asked for yet.
    """

    upstream: Upstream
    modules: UpstreamModules
    zips: Zips
    sumdb: ChecksumDatabase | None
    ahead: Ahead

    async def retire(self) -> None:
        """Close the connections once what is under way has landed, or when all is called off."""
        await self.ahead.close()
        await self.upstream.retire()

    async def close(self) -> None:
        """Call off what is under way, and close the connections."""
        await self.ahead.close()
        await self.upstream.close()


async def open_client(
    settings: RemoteSettings,
    where: Database,
    threads: Threads,
    turns: AdvisoryLocks,
    ingest: Ingest,
) -> RemoteClient:
    """
    Make a remote ready to be asked; its `upstream` has to be closed.

    Args:
        settings: The remote.
        where: The database.
        threads: For what blocks.
        turns: For taking turns with other processes.
        ingest: For what is to be added to a repository.
    """
    upstream = await Upstream.open(settings, where, threads, turns, ingest)
    documents = DocumentCache(upstream)
    sumdb = None if settings.sumdb.off else ChecksumDatabase(upstream, documents)
    modules = UpstreamModules(upstream, documents, sumdb)
    zips = Zips(upstream, modules, sumdb, ZipQuota(settings, threads, ingest))
    return RemoteClient(upstream, modules, zips, sumdb, Ahead(upstream))


class RemoteRegistry:
    """
    All remotes of a content process.

    Args:
        where: The database.
    """

    def __init__(self, where: Database) -> None:
        self._database = where
        self.threads = Threads()
        self.usage = LastUsed(self.threads)
        self._ingest = Ingest(self.threads)
        self._turns = AdvisoryLocks(connection_parameters())
        self._known: Lru[UUID, RemoteClient] = Lru(MOST_REMOTES)
        self._opening = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start what runs beside the requests."""
        await self.threads.write(sweep, directory())
        self._run(self._ingest.run())
        self._run(self.usage.run())

    async def close(self) -> None:
        """Call off everything."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        for through in self._known.values():
            await through.close()
        await self._turns.close()
        self.threads.close()

    async def of(self, remote: UUID, changed: datetime | None) -> RemoteClient | None:
        """
        Return a remote with its settings of this moment; None if it is gone.

        Args:
            remote: Its pk.
            changed: When it was last changed.
        """
        known = self._known.get(remote)
        if known is not None and known.upstream.settings.changed == changed:
            return known
        async with self._opening:
            return await self._open(remote)

    async def _open(self, remote: UUID) -> RemoteClient | None:
        settings = await self.threads.database(read_settings, remote)
        known = self._known.get(remote)
        if settings is None:
            return None
        if known is not None and known.upstream.settings.changed == settings.changed:
            return known
        through = await open_client(
            settings, self._database, self.threads, self._turns, self._ingest
        )
        if known is not None:
            self._run(known.retire())
        for unused in self._known.put(remote, through):
            self._run(unused.retire())
        return through

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
