"""Doing many things, a few at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def work_off(
    limit: int, feed: AsyncIterator[T], work: Callable[[T], Awaitable[None]]
) -> None:
    """
    Do something with everything that a feed gives, which is not asked for more than can be begun.

    Args:
        limit: How many are under way at the same time.
        feed: What to do it with.
        work: What to do. The first exception ends everything.
    """
    turn = asyncio.Lock()
    end = object()

    async def worker() -> None:
        while True:
            async with turn:
                item = await anext(feed, end)
            if item is end:
                return
            await work(item)  # type: ignore[arg-type]

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
