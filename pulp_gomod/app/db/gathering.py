"""Doing with a few statements what several ask for at a moment: all that comes while something is done waits together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Things that are done together at most, and bytes of them: what a call holds in memory is bounded.
MOST = 50
MOST_BYTES = 4 * 1024 * 1024


class Gathering(Generic[T, R]):
    """
    Gives what several want done to one call, and each what came of its own.

    The first is done at once, or when others had their time to come; whatever comes meanwhile is next.

    Args:
        work: Does it, and gives for each what came of it, an exception where it failed. If it raises, all
            have failed.
        weigh: Says how many bytes of a thing a call holds in memory.
        linger: Seconds for which the first waits for others. Where somebody waits for it, that is 0.
        most: Things that it is given at once.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        weigh: Callable[[T], int] = lambda _: 0,
        linger: float = 0.0,
        most: int = MOST,
    ) -> None:
        self._work = work
        self._weigh = weigh
        self._linger = linger
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._put_off: list[tuple[T, asyncio.Future[R]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None

    async def do(self, thing: T) -> R:
        """
        Have something done, and wait for what comes of it.

        Args:
            thing: What.
        """
        loop = asyncio.get_running_loop()
        result: asyncio.Future[R] = loop.create_future()
        self._waiting.append((thing, result))
        self._begin()
        return await result

    def put_off(self, thing: T, within: float) -> "asyncio.Future[R]":
        """
        Have something done that nobody waits for: together with what is next, or by itself after a while.

        Args:
            thing: What.
            within: Seconds after which it is done by itself.

        Returns:
            What comes of it, some time.
        """
        loop = asyncio.get_running_loop()
        result: asyncio.Future[R] = loop.create_future()
        self._put_off.append((thing, result))
        if self._timer is None:
            self._timer = loop.call_later(within, self.hurry)
        return result

    def hurry(self) -> None:
        """Have what was put off done now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._put_off:
            self._waiting, self._put_off = [*self._put_off, *self._waiting], []
            self._begin()

    async def settle(self, patience: float) -> None:
        """
        Wait until nothing is left to do.

        Args:
            patience: Seconds to wait at most.
        """
        self.hurry()
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=patience)

    def _begin(self) -> None:
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        while self._waiting:
            if self._linger and len(self._waiting) < self._most:
                await asyncio.sleep(self._linger)
            wanted = self._take()
            if wanted:
                await self._do(wanted)

    def _take(self) -> "list[tuple[T, asyncio.Future[R]]]":
        """Take those that are next, at least one of them."""
        # Whoever is gone wants nothing any more.
        waiting = [each for each in self._waiting if not each[1].done()]
        # Whatever has waited for company is behind those whom somebody waits for.
        waiting += self._put_off
        self._put_off = []
        count, weight = 0, 0
        for thing, _ in waiting[: self._most]:
            weight += self._weigh(thing)
            if count and weight > MOST_BYTES:
                break
            count += 1
        self._waiting = waiting[count:]
        return waiting[:count]

    async def _do(self, wanted: "list[tuple[T, asyncio.Future[R]]]") -> None:
        results: Sequence[R | Exception]
        try:
            results = await self._work([thing for thing, _ in wanted])
        except asyncio.CancelledError:
            for _, result in wanted:
                result.cancel()
            raise
        except Exception as error:
            results = [error] * len(wanted)
        for (_, result), came in zip(wanted, results, strict=True):
            if result.done():
                continue
            if isinstance(came, Exception):
                result.set_exception(came)
            else:
                result.set_result(came)
