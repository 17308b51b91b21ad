"""Taking turns by client: whoever asks for much waits for its own, and others for one of them."""

import asyncio
import math
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Final
from weakref import WeakSet

from pulp_gomod.app.db.executors import Busy

# Clients for whom one thing is done that are remembered: whoever comes after so many has the turn of one of them.
MOST_CLIENTS = 1000


class Clients:
    """
    Those for whom something is done, who may become more while it is under way.

    Args:
        names: Who they are; "" for nobody in particular.
    """

    def __init__(self, *names: str) -> None:
        self._names = dict.fromkeys(names)
        self._inner: WeakSet[Clients] = WeakSet()
        self._tell: set[Callable[[str], None]] = set()

    def __iter__(self) -> Iterator[str]:
        """Go through those that there are now."""
        return iter(tuple(self._names))

    def include(self, others: "Clients") -> None:
        """
        Do it for others, too, and for whoever joins them later.

        Args:
            others: Those who wait for it.
        """
        others._inner.add(self)
        for name in others:
            self._add(name)

    @contextmanager
    def told(self, tell: Callable[[str], None]) -> Iterator[None]:
        """
        Have each of them told once within the context: those that there are, and those that join.

        Args:
            tell: Takes a name.
        """
        self._tell.add(tell)
        try:
            for name in self:
                tell(name)
            yield
        finally:
            self._tell.discard(tell)

    def _add(self, name: str) -> None:
        if name in self._names or len(self._names) >= MOST_CLIENTS:
            return
        self._names[name] = None
        for tell in tuple(self._tell):
            tell(name)
        for inner in tuple(self._inner):
            inner._add(name)


_NOBODY = Clients("")
#: For whom something is done, in it and in all tasks that it begins.
CLIENTS: ContextVar[Clients] = ContextVar("gomod_clients", default=_NOBODY)

#: The client that does what no client has asked for yet: it has a turn when none of the others could, and leaves one.
AHEAD: Final = "ahead"


class RoundRobin:
    """
    Gives some turns at once, and the next to one client after the other of those that wait.

    What is done for several has the turn of the first of them whose turn it is. Only those that wait are remembered,
    and each step takes the same short time, however many these are.

    Args:
        at_once: How many have their turn at a time.
        longest_of_one: How many of one client may wait.
        most_of_one: How many of one client have their turn at a time; None for as many as there are. Whoever is
            nobody in particular may have all.
        longest_of_nobody: How many may wait that are for nobody in particular; None for as many as of one client.
        longest: How many of all together may wait.
    """

    def __init__(
        self,
        at_once: int,
        longest_of_one: int,
        most_of_one: int | None = None,
        longest_of_nobody: float | None = None,
        longest: float = math.inf,
    ) -> None:
        self._free = at_once
        self._longest_of_one = longest_of_one
        self._longest_of_nobody = longest_of_one if longest_of_nobody is None else longest_of_nobody
        self._most_of_one = most_of_one or at_once
        self._longest = longest
        self._waiting = 0
        self._running: Counter[str] = Counter()
        # While a turn is free, only those wait that have as many as they may. No line is empty.
        self._lines: OrderedDict[str, OrderedDict[asyncio.Future[str], None]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, clients: Clients) -> AsyncIterator[None]:
        """
        Wait for a turn, and have it within the context.

        Args:
            clients: Whose turn it is.

        Raises:
            Busy: Too much that is for the same client waits, or too much in all.
        """
        who = next(filter(self._may_begin, clients), None) if self._free else None
        if who is not None:
            self._free -= 1
            self._running[who] += 1
        else:
            if self._waiting >= self._longest:
                raise Busy
            self._waiting += 1
            try:
                who = await self._wait(clients)
            finally:
                self._waiting -= 1
        try:
            yield
        finally:
            self._end(who)

    async def _wait(self, clients: Clients) -> str:
        granted: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        try:
            with clients.told(lambda who: self._queue(who, granted)):
                if not granted.done() and not self._is_in_line(clients, granted):
                    raise Busy
                return await granted
        except asyncio.CancelledError:
            if not granted.cancelled():
                # The turn came in the same moment.
                self._end(granted.result())
            raise
        finally:
            for who in clients:
                self._leave(who, granted)

    def _is_in_line(self, clients: Clients, granted: "asyncio.Future[str]") -> bool:
        return any(granted in self._lines.get(who, ()) for who in clients)

    def _queue(self, who: str, granted: "asyncio.Future[str]") -> None:
        line = self._lines.get(who, OrderedDict())
        if len(line) < (self._longest_of_one if who else self._longest_of_nobody):
            line[granted] = None
            self._lines.setdefault(who, line)
            self._give()

    def _leave(self, who: str, granted: "asyncio.Future[str]") -> None:
        line = self._lines.get(who)
        if line is None:
            return
        line.pop(granted, None)
        if not line:
            del self._lines[who]

    def _may_begin(self, who: str) -> bool:
        if who == AHEAD and self._free < 2:
            return False
        return not who or self._running[who] < self._most_of_one

    def _end(self, who: str) -> None:
        self._running[who] -= 1
        if not self._running[who]:
            del self._running[who]
        self._free += 1
        self._give()

    def _give(self) -> None:
        while self._free and (following := self._following()) is not None:
            self._begin(following)

    def _following(self) -> str | None:
        """Return who is next; those that have as many turns as they may are few, since these are all there are."""
        clients = (who for who in self._lines if who != AHEAD)
        following = next(filter(self._may_begin, clients), None)
        if following is None and AHEAD in self._lines and self._may_begin(AHEAD):
            return AHEAD
        return following

    def _begin(self, who: str) -> None:
        line = self._lines.pop(who)
        granted, _ = line.popitem(last=False)
        if line:
            # Behind all others.
            self._lines[who] = line
        # Who is cancelled, or has had the turn of another, leaves a moment later.
        if not granted.done():
            granted.set_result(who)
            self._free -= 1
            self._running[who] += 1
