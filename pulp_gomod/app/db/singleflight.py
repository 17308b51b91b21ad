"""
One fetch for all who wait for the same thing in this process.

A fetch is a task of its own: a client that breaks off leaves it running for the others.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """The fetches that are under way, one for each key."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}
        self._began: dict[Hashable, float] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._tasks)

    def is_under_way(self, key: Hashable) -> bool:
        """
        Say whether there is a fetch for a key.

        Args:
            key: What is fetched.
        """
        return key in self._tasks

    def start(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """
        Return the fetch for a key, begun now if there is none.

        Args:
            key: What is fetched.
            make: Makes the coroutine that fetches it.
        """
        task = self._tasks.get(key)
        # One that has ended goes when the loop comes to it, and is nobody's who asks from now on.
        if task is None or task.done():
            task = asyncio.create_task(make())
            self._tasks[key] = task
            self._began[key] = time.monotonic()
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    def began(self, key: Hashable) -> float:
        """
        Return when a fetch that is under way began, by time.monotonic().

        Args:
            key: What is fetched.
        """
        return self._began[key]

    def age(self, key: Hashable) -> float:
        """
        Return for how many seconds a fetch has been under way; 0 if it is not.

        Args:
            key: What is fetched.
        """
        now = time.monotonic()
        return now - self._began.get(key, now)

    async def close(self) -> None:
        """Call off all that is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def landed(self) -> None:
        """Wait until all that is under way has ended."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _landed(self, key: Hashable, task: asyncio.Task[T]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key], self._began[key]
        # Whoever waited has it; without anybody it would be reported as never retrieved.
        if not task.cancelled():
            task.exception()
