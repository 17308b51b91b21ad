"""What requests note in memory, and what is written of it now and then, so that no request waits for it."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from django.db import Error as DatabaseError

from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.tally import Tally
from pulp_gomod.app.remote.threads import Threads

log = logging.getLogger(__name__)

# Seconds between two looks at what is too old or too much.
TRIM_EVERY = 3600.0

K = TypeVar("K", bound=Hashable)


class Noted(ABC, Generic[K]):
    """
    What was noted and has not been written yet. Others say what is noted, and how it is written.

    Args:
        threads: For writing.
        most: How many different ones are remembered until they are written.
    """

    words: str
    """What it is, for the log: "downloads" or the like."""

    def __init__(self, threads: Threads, most: int) -> None:
        self._threads = threads
        self._tally: Tally[K] = Tally(most)
        self._trimmed = float("-inf")

    @abstractmethod
    def every(self) -> float:
        """Return the seconds between two writes."""

    @abstractmethod
    def again(self) -> float:
        """Return the seconds for which the same is not written again."""

    @abstractmethod
    async def write(self, seen: Sequence[tuple[K, int]], is_last: bool) -> bool:
        """
        Write what was noted; say whether that went well.

        Args:
            seen: Each with how often.
            is_last: Whether the process is about to end.
        """

    @abstractmethod
    async def trim(self) -> None:
        """Delete what is too old or too much."""

    def wants_trimming(self) -> bool:
        """Say whether more was written than may wait for the next look."""
        return False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write what is noted, now and then, and the rest at the end."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.flush(everything=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._write_and_trim()
            except Exception:
                # What was noted then is lost; what will be is not.
                log.exception("The latest %s were not recorded.", self.words)
            await asyncio.sleep(self.every())

    async def _write_and_trim(self) -> None:
        await self.flush()
        if time.monotonic() - self._trimmed >= TRIM_EVERY or self.wants_trimming():
            self._trimmed = time.monotonic()
            await self.trim()

    async def flush(self, everything: bool = False) -> None:
        """
        Write what was noted, except for what was written a short while ago.

        Args:
            everything: Whether to write that, too.
        """
        seen = self._tally.take(self.again(), everything)
        if self._tally.left_out:
            log.warning(
                "%s %s were not recorded: too many at a time.", self._tally.left_out, self.words
            )
            self._tally.left_out = 0
        if seen and not await self.write(seen, everything):
            self._tally.give_back(seen)

    async def attempt(self, call: Callable[..., object], *args: Any) -> bool:
        """Call what asks the database, in a thread; say whether it answered."""
        try:
            await self._threads.database(call, *args)
        except (DatabaseError, Busy):
            log.warning("The latest %s were not recorded yet.", self.words, exc_info=True)
            return False
        return True
