"""
How fast one host may be asked: when it says that this is too much, all requests to it wait together.

No request is sent before the host's own time is up. After that they are sent one by one, each that is
answered makes room for one more at a time: so a limit of ten requests a second costs a few refusals a
second, and not one for each request that waits. Who waits first is sent first.
"""

import asyncio
import hashlib
import math
import random
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pulp_gomod.app.auth.shared_table import KEY_SIZE, SharedTable
from pulp_gomod.app.db.round_robin import CLIENTS, RoundRobin

# Seconds of the longest pause that a host can ask for.
LONGEST = 3600.0
# Seconds that the first pause has at least, which doubles with each in a row, and to how many: a host that
# says 0 would be asked without end.
_LEAST, _LONGEST_LEAST = 0.1, 5.0
# Seconds after which one request more is sent although no answer has begun: some take long.
_PATIENCE = 1.0
# Seconds by which all requests come later than they may: timers are not exact, nor are all clocks.
_MARGIN = 0.05
#: Requests that may wait for a connection for one client: a go command has a few dozen under way.
MOST_WAITING = 1000
# The part of the connections that no client has alone.
_PART_LEFT = 4

# Of all content processes, which are forked from one that has loaded this.
_SHARED = SharedTable(64)


class TooSoon(Exception):
    """
    A host wants to be left alone for longer than a request can wait.

    Attributes:
        seconds: For how long.
        said: What the host said.
    """

    def __init__(self, seconds: float, said: str) -> None:
        super().__init__(f"to be asked again in {seconds:.1f} s ({said})")
        self.seconds = seconds
        self.said = said


class Pace:
    """
    The requests to one host.

    Args:
        name: Whose requests they are, and to which host.
        connections: How many may be under way at a time, their bodies included.
        shared: Where other processes see until when nobody may ask.
    """

    def __init__(self, name: str, connections: int, shared: SharedTable = _SHARED) -> None:
        # Also while bodies come: what waits for a connection would be sent in the midst of a pause. Some are left for
        # who comes next: whoever asks for a thousand modules waits for itself.
        rest = connections // _PART_LEFT
        # What we do by ourselves, such as a sync, has bounds of its own.
        self._turns = RoundRobin(connections, MOST_WAITING, connections - rest, math.inf)
        self._key = hashlib.sha256(name.encode()).digest()[:KEY_SIZE]
        self._shared = shared
        self._until = 0.0
        self._said = ""
        self._pauses = 0
        self._in_a_row = 0
        # Requests whose answers have not begun, and how many of them there may be; None for any.
        self._open = 0
        self._most: int | None = None
        self._connections = connections
        self._queue = asyncio.Lock()
        self._answered = asyncio.Event()

    def connection(self) -> AbstractAsyncContextManager[None]:
        """
        Make the context in which one of the connections is used, which clients get in turn (see CLIENTS).

        Raises:
            Busy: Too many requests that are for the same client wait; where the context is entered.
        """
        return self._turns.turn(CLIENTS.get())

    @asynccontextmanager
    async def turn(self, end: float) -> AsyncIterator[int]:
        """
        Wait until a request may be sent, and hold its place until its answer begins.

        Gives a number for `passed`.

        Args:
            end: The monotonic time beyond which waiting makes no sense.

        Raises:
            TooSoon: It may not be sent before.
        """
        if self._wait_for(end) > 0 or self._is_full:
            await self._queue_up(end)
        self._open += 1
        try:
            yield self._pauses
        finally:
            self._open -= 1
            self._answered.set()

    def limited(self, told: float, said: str) -> None:
        """
        Note that the host has refused a request since there were too many.

        Args:
            told: For how many seconds it wants to be left alone.
            said: What it said, for people.
        """
        now = time.monotonic()
        if now >= self._until:
            self._pauses += 1
            self._in_a_row += 1
        self._said = said
        self._until = max(self._until, now + self._length(told) + _MARGIN)
        self._most = 1
        self._shared.put(self._key, max(self._until, self._shared.get(self._key)))

    def passed(self, number: int) -> None:
        """
        Note that the host has answered a request.

        Args:
            number: What `turn` gave: what was sent before the last pause says nothing of now.
        """
        if self._most is None or number != self._pauses:
            return
        self._in_a_row = 0
        self._most += 1
        if self._most > self._connections:
            self._most = None
        self._answered.set()

    @property
    def pause(self) -> float:
        """For how many seconds nobody may ask; 0 or less for none."""
        others = self._shared.get(self._key)
        if others > self._until:
            self._until, self._most = others, 1
            self._said = self._said or "another process was told so"
        return self._until - time.monotonic()

    @property
    def is_waiting(self) -> bool:
        """Whether requests wait for each other, or for the end of a pause."""
        return self.pause > 0 or self._queue.locked()

    def too_soon(self) -> TooSoon:
        """Tell somebody who cannot wait when to ask again."""
        return TooSoon(max(self.pause, 1.0), self._said)

    def _length(self, told: float) -> float:
        least = _LEAST * float(2 ** min(max(self._in_a_row - 1, 0), 10))
        return min(max(told, min(least, _LONGEST_LEAST)), LONGEST)

    @property
    def _is_full(self) -> bool:
        return self._most is not None and (self._open >= self._most or self._queue.locked())

    def _wait_for(self, end: float) -> float:
        left = self.pause
        if time.monotonic() + left > end:
            raise TooSoon(left, self._said)
        return left

    async def _queue_up(self, end: float) -> None:
        async with self._queue:
            while True:
                left = self._wait_for(end)
                if left > 0:
                    await asyncio.sleep(left + random.uniform(0, _MARGIN))
                elif self._most is not None and self._open >= self._most:
                    await self._wait_for_an_answer(self._most)
                else:
                    return

    async def _wait_for_an_answer(self, most: int) -> None:
        self._answered.clear()
        try:
            await asyncio.wait_for(self._answered.wait(), _PATIENCE)
        except TimeoutError:
            self._most = most + 1
