"""Taking turns by client: whoever asks for much waits for its own, and others for one of them."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from pulp_gomod.app.db.executors import Busy

#: For which client something is done, in it and in all tasks that it begins; "" for nobody in particular.
CLIENT: ContextVar[str] = ContextVar("gomod_client", default="")


class RoundRobin:
    """
    Gives some turns at once, and the next to one client after the other of those that wait.

    Only those that wait are remembered, and each step takes the same short time, however many these are.

    Args:
        at_once: How many have their turn at a time.
        longest_of_one: How many of one client may wait.
        most_of_one: How many of one client have their turn at a time; None for as many as there are. Whoever is
            nobody in particular may have all.
    """

    def __init__(self, at_once: int, longest_of_one: float, most_of_one: int | None = None) -> None:
        self._free = at_once
        self._longest_of_one = longest_of_one
        self._most_of_one = most_of_one or at_once
        self._running: Counter[str] = Counter()
        # While a turn is free, only those wait that have as many as they may. No line is empty.
        self._lines: OrderedDict[str, OrderedDict[asyncio.Future[None], None]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """
        Wait for a turn, and have it within the context.

        Args:
            who: Whose turn it is.

        Raises:
            Busy: Too many of the same client wait.
        """
        if self._free and self._may_begin(who):
            self._free -= 1
            self._running[who] += 1
        else:
            await self._wait(who)
        try:
            yield
        finally:
            self._end(who)

    async def _wait(self, who: str) -> None:
        line = self._lines.get(who, OrderedDict())
        if len(line) >= self._longest_of_one:
            raise Busy
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line[granted] = None
        self._lines.setdefault(who, line)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.cancelled():
                self._leave(who, granted)
            else:
                # The turn came in the same moment.
                self._end(who)
            raise

    def _leave(self, who: str, granted: "asyncio.Future[None]") -> None:
        line = self._lines.get(who)
        if line is None:
            return
        line.pop(granted, None)
        if not line:
            del self._lines[who]

    def _may_begin(self, who: str) -> bool:
        return not who or self._running[who] < self._most_of_one

    def _end(self, who: str) -> None:
        self._running[who] -= 1
        if not self._running[who]:
            del self._running[who]
        self._free += 1
        while self._free and (following := self._following()) is not None:
            self._begin(following)

    def _following(self) -> str | None:
        """Return who is next; those that have as many turns as they may are few, since these are all there are."""
        return next((who for who in self._lines if self._may_begin(who)), None)

    def _begin(self, who: str) -> None:
        line = self._lines.pop(who)
        granted, _ = line.popitem(last=False)
        if line:
            # Behind all others.
            self._lines[who] = line
        # Who is cancelled leaves a moment later.
        if not granted.done():
            granted.set_result(None)
            self._free -= 1
            self._running[who] += 1
