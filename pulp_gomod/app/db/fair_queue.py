"""Taking turns: whoever asks much waits for itself, and not everybody else for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pulp_gomod.app.db.executors import Busy


@dataclass(eq=False, slots=True)
class _Waiting:
    who: str
    rank: Callable[[], float]
    number: int
    granted: asyncio.Future[None] = field(default_factory=asyncio.Future)

    @property
    def order(self) -> tuple[float, int]:
        return self.rank(), self.number

    @property
    def is_there(self) -> bool:
        """Whether it still waits: who is cancelled leaves a moment later."""
        return not self.granted.done()


class FairQueue:
    """
    Gives some turns at once, never two to the same, and the next to whoever has the lowest rank.

    When the queue is full, a newcomer takes the place of whoever is last with a higher rank.

    Args:
        at_once: How many have their turn at a time.
        longest: How many may wait.
        longest_of_one: How many of the same may.
    """

    def __init__(self, at_once: int, longest: int, longest_of_one: int) -> None:
        self._at_once = at_once
        self._longest = longest
        self._longest_of_one = longest_of_one
        self._running: set[str] = set()
        self._waiting: list[_Waiting] = []
        self._number = 0

    @asynccontextmanager
    async def turn(self, who: str, rank: Callable[[], float]) -> AsyncIterator[None]:
        """
        Wait for a turn, and have it within the context.

        Args:
            who: Whose turn it is.
            rank: Those with a lower one go first; in case of a tie, who came first. It is asked for at each
                turn: what others of the same have done meanwhile counts.

        Raises:
            Busy: Too many wait.
        """
        if who not in self._running and len(self._running) < self._at_once:
            # Whoever waits while there is room, waits for its own.
            self._running.add(who)
        else:
            await self._wait(who, rank)
        try:
            yield
        finally:
            self._end(who)

    async def _wait(self, who: str, rank: Callable[[], float]) -> None:
        waiting_here = [each for each in self._waiting if each.is_there]
        if sum(each.who == who for each in waiting_here) >= self._longest_of_one:
            raise Busy
        if len(waiting_here) >= self._longest:
            self._send_away(max(waiting_here, key=lambda each: each.order), rank())
        self._number += 1
        waiting = _Waiting(who, rank, self._number)
        self._waiting.append(waiting)
        try:
            await waiting.granted
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif not waiting.granted.cancelled() and not waiting.granted.exception():
                # Its turn came in the same moment.
                self._end(who)
            raise

    def _send_away(self, last: _Waiting, rank: float) -> None:
        if last.rank() <= rank:
            raise Busy
        self._waiting.remove(last)
        last.granted.set_exception(Busy())

    def _end(self, who: str) -> None:
        self._running.discard(who)
        while len(self._running) < self._at_once:
            ready = [
                each for each in self._waiting if each.is_there and each.who not in self._running
            ]
            if not ready:
                return
            following = min(ready, key=lambda each: each.order)
            self._waiting.remove(following)
            self._running.add(following.who)
            following.granted.set_result(None)
