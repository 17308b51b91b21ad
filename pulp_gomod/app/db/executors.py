"""
Threads for what may not happen on the event loop: what blocks, and what is too much to compute there.

While a callback runs on the loop, all clients of the process wait for it. So work whose size a stranger
chooses runs on the loop only where it is small.
"""

import asyncio
import contextvars
import hashlib
import math
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from pulp_gomod.app.db.orm import on_a_connection

P = ParamSpec("P")
T = TypeVar("T")

# Items (versions, rows) that are looked at on the loop: a millisecond or two.
FEW = 250

# Bytes that are hashed on the loop: less than a millisecond.
FEW_BYTES = 256 * 1024


class Busy(Exception):
    """More work waits than can be done in a reasonable time."""


class BoundedExecutor:
    """
    A few threads, and a queue before them that is only so long.

    There is one for each kind of work, so that what takes milliseconds does not wait behind what takes long.

    Args:
        name: What the threads are called.
        threads: How many there are at most.
        longest_queue: How many calls may wait or run.
        uses_orm: Whether the calls use Django's ORM, on a connection that each thread keeps: a call is
            made twice if that was lost, so it may only read, or change what may be changed twice.
    """

    def __init__(
        self, name: str, threads: int, longest_queue: float = math.inf, *, uses_orm: bool = False
    ) -> None:
        self._pool = ThreadPoolExecutor(threads, name)
        self._longest_queue = longest_queue
        self._uses_orm = uses_orm
        self._lock = threading.Lock()
        self._count = 0

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Make a call in one of the threads, and wait for what comes of it.

        Args:
            args: Its arguments.
            kwargs: Its arguments by name.

        Raises:
            Busy: Too many calls wait.
            django.db.Error: PostgreSQL cannot be reached.
        """
        return await asyncio.wrap_future(self.submit(call, *args, **kwargs))

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """
        Have one of the threads make a call; see `run`. Any thread may ask for it.

        Args:
            call: The call, which sees the context variables of the caller.
            args: Its arguments.
            kwargs: Its arguments by name.

        Raises:
            Busy: Too many calls wait.
        """
        with self._lock:
            if self._count >= self._longest_queue:
                raise Busy
            self._count += 1
        made = partial(call, *args, **kwargs)
        if self._uses_orm:
            made = partial(on_a_connection, made)
        future = self._pool.submit(contextvars.copy_context().run, made)
        future.add_done_callback(self._finish)
        return future

    def close(self) -> None:
        """Let the threads end, and their connections with them; what waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _finish(self, future: "Future[Any]") -> None:
        with self._lock:
            self._count -= 1


# One thread: Python runs one at a time anyway, and each more would take a turn from the loop.
_computing = BoundedExecutor("gomod-compute", 1)
# What lets others run meanwhile, as hashing does, need not wait for that.
_hashing = BoundedExecutor("gomod-hash", 2)


async def compute(items: int, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """
    Run a pure computation, on the loop or in a thread.

    Args:
        items: How many items it looks at.
        call: The computation; it touches neither the database nor anything of the loop.
        args: Its arguments.
        kwargs: Its arguments by name.
    """
    if items <= FEW:
        return call(*args, **kwargs)
    return await _computing.run(call, *args, **kwargs)


def drain(many: list[Any] | dict[Any, Any]) -> None:
    """
    Empty a collection of very many objects; for a thread.

    To free a hundred thousand objects takes longer than anything may on the loop, where the last reference would
    go; and all at once nothing else runs meanwhile, in whatever thread it is done.

    Args:
        many: The collection.
    """
    take = many.popitem if isinstance(many, dict) else many.pop
    while many:
        take()


async def compute_bytes(body: bytes, call: Callable[[bytes], T]) -> T:
    """
    Run a computation over bytes that lets other threads run meanwhile, on the loop or in a thread.

    Args:
        body: The bytes.
        call: The computation, such as a hash.
    """
    if len(body) <= FEW_BYTES:
        return call(body)
    return await _hashing.run(call, body)


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


async def etag(body: bytes) -> str:
    """Make the validator of a body, without quotes."""
    return await compute_bytes(body, _etag)
