"""Deciding once however many ask, and remembering it for a moment."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

# Seconds for which a decision holds. What it rests on may change meanwhile, and has to have an
# effect within a second.
LIFETIME = 0.8
MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    begun: float
    value: T


@dataclass(frozen=True, slots=True)
class _Flight(Generic[T]):
    begun: float
    task: asyncio.Task[T]


class Decisions(Generic[T]):
    """
    Decisions by key, each as old as the moment at which it began to be made.

    What is answered was begun after the question was asked, or at most a lifetime before it is
    answered.
    """

    def __init__(
        self, keep: Callable[[T], bool], lifetime: float = LIFETIME, most: int = MOST
    ) -> None:
        """
        Args:
            keep: Says which decisions are remembered.
            lifetime: Seconds for which they hold.
            most: How many are remembered; the oldest make room.
        """
        self._keep = keep
        self._lifetime = lifetime
        self._most = most
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def get(self, key: Hashable, decide: Callable[[], Awaitable[T]]) -> T:
        """
        Return the decision for a key.

        Args:
            key: What is to be decided.
            decide: Makes the decision.

        Raises:
            Exception: What `decide` raised.
        """
        asked = time.monotonic()
        kept = self._kept.get(key)
        if kept is not None and self._holds(kept.begun):
            return kept.value
        while True:
            flight = self._flights.get(key) or self._take_off(key, decide)
            # Others wait for it, too: it goes on when this request is cancelled.
            value = await asyncio.shield(flight.task)
            if flight.begun >= asked or self._holds(flight.begun):
                return value

    def _holds(self, begun: float) -> bool:
        return time.monotonic() - begun <= self._lifetime

    def _take_off(self, key: Hashable, decide: Callable[[], Awaitable[T]]) -> _Flight[T]:
        begun = time.monotonic()
        flight = _Flight(begun, asyncio.create_task(self._fly(key, begun, decide)))
        self._flights[key] = flight
        return flight

    async def _fly(self, key: Hashable, begun: float, decide: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await decide()
        finally:
            del self._flights[key]
        if self._keep(value):
            self._put(key, _Kept(begun, value))
        return value

    def _put(self, key: Hashable, kept: _Kept[T]) -> None:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > self._most or not self._holds(
            next(iter(self._kept.values())).begun
        ):
            oldest, _ = self._kept.popitem(last=False)
            if oldest == key:
                return
