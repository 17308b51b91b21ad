"""
One fetch for all who wait for the same thing in this process.

A fetch is a task of its own: a client that breaks off leaves it running for the others. It is done for all who wait
for it: where clients get turns, it has that of whoever comes first.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pulp_gomod.app.db.round_robin import CLIENTS, Clients

T = TypeVar("T")


@dataclass(frozen=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    clients: Clients
    began: float = field(default_factory=time.monotonic)


class SingleFlight(Generic[T]):
    """The fetches that are under way, one for each key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._flights)

    def is_under_way(self, key: Hashable) -> bool:
        """
        Say whether there is a fetch for a key.

        Args:
            key: What is fetched.
        """
        return key in self._flights

    def start(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """
        Return the fetch for a key, begun now if there is none.

        Args:
            key: What is fetched.
            make: Makes the coroutine that fetches it.
        """
        flight = self._flights.get(key)
        # One that has ended goes when the loop comes to it, and is nobody's who asks from now on.
        if flight is None or flight.task.done():
            clients, context = Clients(), copy_context()
            context.run(CLIENTS.set, clients)
            task = asyncio.create_task(make(), context=context)
            flight = self._flights[key] = _Flight(task, clients)
            task.add_done_callback(lambda done: self._landed(key, done))
        flight.clients.include(CLIENTS.get())
        return flight.task

    def began(self, key: Hashable) -> float:
        """
        Return when a fetch that is under way began, by time.monotonic().

        Args:
            key: What is fetched.
        """
        return self._flights[key].began

    def age(self, key: Hashable) -> float:
        """
        Return for how many seconds a fetch has been under way; 0 if it is not.

        Args:
            key: What is fetched.
        """
        flight = self._flights.get(key)
        return time.monotonic() - flight.began if flight else 0.0

    async def close(self) -> None:
        """Call off all that is under way."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def landed(self) -> None:
        """Wait until all that is under way has ended."""
        tasks = [flight.task for flight in self._flights.values()]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, key: Hashable, task: asyncio.Task[T]) -> None:
        if (flight := self._flights.get(key)) is not None and flight.task is task:
            del self._flights[key]
        # Whoever waited has it; without anybody it would be reported as never retrieved.
        if not task.cancelled():
            task.exception()
