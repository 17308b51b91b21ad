"""How much of a remote's zips may be kept: what anonymous clients can fill has a bound; see space, too."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from pulp_gomod.app.models.cached import cached_size
from pulp_gomod.app.remote.ingest import Ingest
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.golang.zip import MAX_ZIP_FILE

log = logging.getLogger(__name__)

# Seconds after which the size is counted anew: other processes take room, too.
COUNT_AGAIN = 60.0
# The same where more than this part of the room is taken.
COUNT_SOON = 1.0
MUCH = 0.25
# Counting takes no more than this part of the time, however much is cached.
EFFORT = 0.05
# What a cleanup leaves of the allowed size.
LEAVES = 0.9


@dataclass(slots=True)
class _Count:
    size: int = 0
    counted: float = float("-inf")
    took: float = 0.0
    reserved: int = 0


class ZipQuota:
    """
    The sizes of the repositories that a remote's zips are kept for.

    Args:
        threads: For counting.
        ingest: Has repositories cleaned up.
    """

    def __init__(self, remote: RemoteSettings, threads: Threads, ingest: Ingest) -> None:
        self._limit = remote.cache_size
        self._threads = threads
        self._ingest = ingest
        self._counts: dict[UUID, _Count] = {}

    @property
    def largest(self) -> int:
        """Bytes that a zip may have."""
        return min(int(settings.GOMOD_MAX_ZIP_SIZE), MAX_ZIP_FILE)

    async def reserve(self, repository: UUID, size: int) -> bool:
        """
        Take room for a zip that is about to be kept; without room, the repository is cleaned up.

        What was reserved has to be settled, whatever becomes of the zip.

        Args:
            repository: Its repository's pk.
            size: Its bytes.
        """
        if self._limit is None:
            return True
        count = await self._count(repository, size)
        if count.size + count.reserved + size <= self._limit:
            count.reserved += size
            return True
        self._ingest.clean(repository, int(self._limit * LEAVES))
        return False

    def settle(self, repository: UUID, size: int, *, kept: bool) -> None:
        """
        Say what became of a zip that room was reserved for.

        Args:
            repository: Its repository's pk.
            size: Its bytes.
            kept: Whether it was kept.
        """
        if self._limit is None:
            return
        count = self._counts[repository]
        count.reserved -= size
        if kept:
            count.size += size

    async def _count(self, repository: UUID, size: int) -> _Count:
        assert self._limit is not None
        count = self._counts.setdefault(repository, _Count())
        much = count.size + count.reserved + size > MUCH * self._limit
        start = time.monotonic()
        pause = max(COUNT_SOON if much else COUNT_AGAIN, count.took / EFFORT)
        if start - count.counted > pause:
            count.size = await self._threads.database(cached_size, repository)
            count.counted = time.monotonic()
            count.took = count.counted - start
        return count
