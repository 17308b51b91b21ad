"""How much of a remote's zips may be kept: what anonymous clients can fill has a bound."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from pulp_gomod.app.models.cached import cached_size
from pulp_gomod.app.upstream.joining import Joiner
from pulp_gomod.app.upstream.remote import RemoteSettings
from pulp_gomod.app.upstream.threads import Threads
from pulp_gomod.golang.zip import MAX_ZIP_FILE

log = logging.getLogger(__name__)

# Seconds after which the size is counted anew.
COUNT_AGAIN = 60.0
# What a cleanup leaves of the allowed size.
LEAVES = 0.9


@dataclass(slots=True)
class _Count:
    size: int
    counted: float


class Room:
    """The sizes of the repositories that a remote's zips are kept for."""

    def __init__(self, remote: RemoteSettings, threads: Threads, joiner: Joiner) -> None:
        """
        Args:
            remote: The remote.
            threads: For counting.
            joiner: Has repositories cleaned up.
        """
        self._limit = remote.cache_size
        self._threads = threads
        self._joiner = joiner
        self._counts: dict[UUID, _Count] = {}

    @property
    def largest(self) -> int:
        """Bytes that a zip may have."""
        return min(int(settings.GOMOD_MAX_ZIP_SIZE), MAX_ZIP_FILE)

    async def has(self, repository: UUID, size: int) -> bool:
        """
        Say whether a zip may be kept; if not, the repository is cleaned up.

        Args:
            repository: Its repository's pk.
            size: Its bytes.
        """
        if self._limit is None:
            return True
        if (await self._count(repository)).size + size <= self._limit:
            return True
        self._joiner.clean(repository, int(self._limit * LEAVES))
        return False

    def taken(self, repository: UUID, size: int) -> None:
        """
        Note that a zip was kept.

        Args:
            repository: Its repository's pk.
            size: Its bytes.
        """
        if repository in self._counts:
            self._counts[repository].size += size

    async def _count(self, repository: UUID) -> _Count:
        now = time.monotonic()
        count = self._counts.get(repository)
        if count is None or now - count.counted > COUNT_AGAIN:
            count = _Count(await self._threads.database(cached_size, repository), now)
            self._counts[repository] = count
        return count
