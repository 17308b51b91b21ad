"""How much a remote's small files may take in the database: what anonymous clients can fill has a bound."""

import asyncio
import logging
import time

from django.db import Error as DatabaseError

from pulp_gomod.app.remote.cache import eviction
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.remote.threads import Threads

log = logging.getLogger(__name__)

# The part of cache_size that small files may take beside the zips, and bytes that they may take anyway.
PART = 10
LEAST = 1024 * 1024
# What making room leaves of it.
LEAVES = 0.9
# Seconds after which the size is counted anew, since other processes take room, too; and where more
# than half is taken.
COUNT_AGAIN = 60.0
COUNT_SOON = 5.0
# Counting takes no more than this part of the time, however much is kept.
EFFORT = 0.01


class CacheQuota:
    """
    What is known of the size of one remote's answers.

    Args:
        threads: For counting.
    """

    def __init__(self, remote: RemoteSettings, threads: Threads) -> None:
        self._remote = remote
        self._threads = threads
        size = remote.cache_size
        self._limit = None if size is None else max(size // PART, LEAST)
        self._size = 0
        self._taken = 0
        self._refused = False
        self._made_room = self._counted = float("-inf")
        self._took = 0.0
        self._renewing: asyncio.Task[None] | None = None

    def take(self, size: int, instead_of: int = 0) -> bool:
        """
        Take room for an answer; without room, what was checked the longest ago is soon forgotten.

        Args:
            size: Its bytes.
            instead_of: Bytes of the answer that it takes the place of, or 0.
        """
        if self._limit is None:
            return True
        growth = size - instead_of
        has_room = growth <= 0 or self._size + self._taken + growth <= self._limit
        if has_room:
            self._taken += growth
        else:
            self._refused = True
        idle = self._renewing is None or self._renewing.done()
        if idle and (self._has_to_make_room() or self._has_to_count()):
            self._renewing = asyncio.create_task(self._renew())
        return has_room

    def close(self) -> None:
        """Call off the counting."""
        if self._renewing is not None:
            self._renewing.cancel()

    def _has_to_make_room(self) -> bool:
        return self._refused and time.monotonic() - self._made_room > COUNT_SOON

    def _has_to_count(self) -> bool:
        assert self._limit is not None
        much = self._size + self._taken > self._limit / 2
        pause = max(COUNT_SOON if much else COUNT_AGAIN, self._took / EFFORT)
        return time.monotonic() - self._counted > pause

    async def _renew(self) -> None:
        try:
            # Counting may take long. Room is made without, or nothing new was kept for so long.
            if self._has_to_make_room():
                await self._make_room()
            if self._has_to_count():
                await self._count()
                if self._has_to_make_room():
                    await self._make_room()
        except DatabaseError:
            log.warning("Cannot count the cache entries of %s.", self._remote.name, exc_info=True)
            self._counted = time.monotonic()

    async def _make_room(self) -> None:
        assert self._limit is not None
        self._refused, self._made_room = False, time.monotonic()
        log.info("Evicting the oldest cache entries of the remote %s.", self._remote.name)
        excess = self._size + self._taken - int(LEAVES * self._limit)
        self._size -= await self._threads.database(eviction.forget, self._remote.pk, excess)

    async def _count(self) -> None:
        assert self._limit is not None
        start, before = time.monotonic(), self._taken
        self._size = await self._threads.database(eviction.size_of_all, self._remote.pk)
        # What was taken meanwhile may not have been there to count yet.
        self._taken -= before
        self._counted = time.monotonic()
        self._took = self._counted - start
        # Other processes have kept something, too.
        self._refused = self._refused or self._size > self._limit
