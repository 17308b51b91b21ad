"""
Bringing all of a small repository version into memory at once.

Who builds a program asks for some files of each of hundreds of modules. Where a repository version holds few
modules, they are looked up together as soon as several have been asked for: to look each up for itself,
between other things, takes several times as long.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from pulp_gomod.app.content.repository.distributions import Served

log = logging.getLogger(__name__)

# Look-ups of a repository version after which more are expected.
SEVERAL = 8
# Repositories of which the look-ups are counted.
MOST_REPOSITORIES = 256
# Seconds between two times that a repository is brought: what is remembered of its last version is of no use
# any more, and takes the room of others' answers.
INTERVAL = 30.0


@dataclass(slots=True)
class _Repository:
    """
    What was asked of a repository.

    Attributes:
        number: The number of the version that was asked for last.
        asked: Look-ups of that.
        brought: The number of the version that was brought last.
        due: When another may be brought, by time.monotonic().
    """

    number: int = -1
    asked: int = 0
    brought: int = -1
    due: float = 0.0


class Prefetch:
    """Counts the look-ups of repository versions, and begins to bring one when it is time to."""

    def __init__(self) -> None:
        """Nothing was asked for yet."""
        self._repositories: OrderedDict[bytes, _Repository] = OrderedDict()
        self._bringing: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(1)

    def note(self, served: Served, bring: Callable[[], Awaitable[None]]) -> None:
        """
        Note that a module version was looked up.

        Args:
            served: The repository version.
            bring: Looks up all others, if they are few.
        """
        repository = self._of(served.repository.bytes)
        if repository.number != served.number:
            repository.number, repository.asked = served.number, 0
        repository.asked += 1
        now = time.monotonic()
        is_new = repository.brought != served.number
        if is_new and repository.asked >= SEVERAL and now >= repository.due:
            repository.brought, repository.due = served.number, now + INTERVAL
            task = asyncio.create_task(self._bring(bring))
            self._bringing.add(task)
            task.add_done_callback(self._bringing.discard)

    def _of(self, key: bytes) -> _Repository:
        repository = self._repositories.pop(key, None) or _Repository()
        self._repositories[key] = repository
        if len(self._repositories) > MOST_REPOSITORIES:
            self._repositories.popitem(last=False)
        return repository

    async def _bring(self, bring: Callable[[], Awaitable[None]]) -> None:
        # One after the other: requests have to find connections, too.
        async with self._turn:
            try:
                await bring()
            except Exception:
                # Requests look up what they need, or are told what is wrong.
                log.debug("A small repository version could not be prefetched.", exc_info=True)

    async def close(self) -> None:
        """Bring nothing more."""
        for task in list(self._bringing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
