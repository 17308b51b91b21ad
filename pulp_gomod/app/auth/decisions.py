"""Deciding once however many ask, and remembering it for a moment."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pulp_gomod.app.db.singleflight import SingleFlight

T = TypeVar("T")

# Seconds for which a decision holds. What it rests on may change meanwhile, and has to have an
# effect within a second.
LIFETIME = 0.8
MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    begun: float
    value: T
    state: str
    # Until then it holds in an unchanged state.
    until: float


class Decisions(Generic[T]):
    """
    Decisions by key, each as old as the moment at which it began to be made.

    What is answered was begun after the question was asked, or at most a lifetime before it is
    answered; or else nothing that it rests on has changed since.

    Args:
        keep: Says for how many seconds a decision holds if nothing changes; None for one that is
            not remembered at all.
        lifetime: Seconds for which all others hold, whatever changes.
        most: How many are remembered; the oldest make room.
    """

    def __init__(
        self, keep: Callable[[T], float | None], lifetime: float = LIFETIME, most: int = MOST
    ) -> None:
        self._keep = keep
        self._lifetime = lifetime
        self._most = most
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._flights: SingleFlight[T] = SingleFlight()

    async def get(self, key: Hashable, decide: Callable[[], Awaitable[T]], state: str = "") -> T:
        """
        Return the decision for a key.

        Args:
            key: What is to be decided.
            decide: Makes the decision.
            state: What the world was like just now: the same text only as long as nothing has
                changed that decisions rest on. "" if that is unknown.

        Raises:
            Exception: What `decide` raised.
        """
        asked = time.monotonic()
        known = self.recall(key, state)
        if known is not None:
            return known
        while True:
            flight = self._flights.start(key, lambda: self._decide(key, decide, state))
            begun = self._flights.began(key)
            # Others wait for it, too: it goes on when this request is cancelled.
            value = await asyncio.shield(flight)
            if begun >= asked or self._is_young(begun):
                return value

    def recall(self, key: Hashable, state: str = "") -> T | None:
        """
        Return the decision for a key, if it was made before and holds.

        Args:
            key: What is to be decided.
            state: As of `get`.
        """
        kept = self._kept.get(key)
        if kept is None:
            return None
        unchanged = bool(state) and state == kept.state and time.monotonic() <= kept.until
        return kept.value if unchanged or self._is_young(kept.begun) else None

    def _is_young(self, begun: float) -> bool:
        return time.monotonic() - begun <= self._lifetime

    async def _decide(self, key: Hashable, decide: Callable[[], Awaitable[T]], state: str) -> T:
        begun = time.monotonic()
        value = await decide()
        seconds = self._keep(value)
        if seconds is not None:
            self._put(key, _Kept(begun, value, state, begun + seconds))
        return value

    def _put(self, key: Hashable, kept: _Kept[T]) -> None:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > self._most or self._is_over(next(iter(self._kept.values()))):
            oldest, _ = self._kept.popitem(last=False)
            if oldest == key:
                return

    def _is_over(self, kept: _Kept[T]) -> bool:
        return not self._is_young(kept.begun) and time.monotonic() > kept.until
