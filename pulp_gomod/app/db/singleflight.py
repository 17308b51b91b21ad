"""One fetch for all who wait for the same thing in this process.

A fetch is a task of its own: a client that breaks off leaves it running for the others.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """The fetches that are under way."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[T]] = {}
        self._began: dict[str, float] = {}

    def start(self, key: str, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """
        Return the fetch for a key, begun now if there is none.

        Args:
            key: What is fetched.
            make: Makes the coroutine that fetches it.
        """
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.create_task(make())
            self._tasks[key] = task
            self._began[key] = time.monotonic()
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    def age(self, key: str) -> float:
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

    def _landed(self, key: str, task: asyncio.Task[T]) -> None:
        del self._tasks[key], self._began[key]
        # Whoever waited has it; without anybody it would be reported as never retrieved.
        if not task.cancelled():
            task.exception()
