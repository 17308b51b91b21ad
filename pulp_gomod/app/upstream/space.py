"""How much a remote's small files may take in the database: what anonymous clients can fill has a bound."""

import asyncio
import logging
import time

from django.db import Error as DatabaseError

from pulp_gomod.app.upstream import forgetting
from pulp_gomod.app.upstream.forgetting import ROW
from pulp_gomod.app.upstream.remote import RemoteSettings
from pulp_gomod.app.upstream.threads import Threads

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


class Space:
    """What is known of the size of one remote's answers."""

    def __init__(self, remote: RemoteSettings, threads: Threads) -> None:
        """
        Args:
            remote: The remote.
            threads: For counting.
        """
        self._remote = remote
        self._threads = threads
        size = remote.cache_size
        self._limit = None if size is None else max(size // PART, LEAST)
        self._size = 0
        self._taken = 0
        self._refused = False
        self._counted: float | None = None
        self._took = 0.0
        self._counting: asyncio.Task[None] | None = None

    async def take(self, size: int, instead_of: int | None = None) -> bool:
        """
        Take room for an answer; without room, what was checked the longest ago is soon forgotten.

        Args:
            size: Its bytes.
            instead_of: Bytes of the answer that it takes the place of, if there is one.
        """
        if self._limit is None:
            return True
        if self._counted is None:
            await asyncio.wait({self._count()})
        growth = size + ROW if instead_of is None else size - instead_of
        has_room = growth <= 0 or self._size + self._taken + growth <= self._limit
        if has_room:
            self._taken += growth
        else:
            self._refused = True
        if self._is_due():
            self._count()
        return has_room

    def close(self) -> None:
        """Call off the counting."""
        if self._counting is not None:
            self._counting.cancel()

    def _is_due(self) -> bool:
        assert self._limit is not None and self._counted is not None
        much = self._refused or self._size + self._taken > self._limit / 2
        pause = max(COUNT_SOON if much else COUNT_AGAIN, self._took / EFFORT)
        return time.monotonic() - self._counted > pause

    def _count(self) -> "asyncio.Task[None]":
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._make_room())
        return self._counting

    async def _make_room(self) -> None:
        """Count what is kept, and forget what is too much."""
        assert self._limit is not None
        start = time.monotonic()
        refused, self._refused, before = self._refused, False, self._taken
        try:
            size = await self._threads.database(forgetting.size_of, self._remote.pk)
            self._took = time.monotonic() - start
            if refused or size > self._limit:
                log.info("The remote %s forgets its oldest answers.", self._remote.name)
                excess = size - int(LEAVES * self._limit)
                size -= await self._threads.database(forgetting.forget, self._remote.pk, excess)
            self._size = size
            # What was taken meanwhile may not have been there to count yet.
            self._taken -= before
        except DatabaseError:
            log.warning("Cannot count the answers of %s.", self._remote.name, exc_info=True)
        finally:
            self._counted = time.monotonic()
