"""
Calls of a storage that may never come back, in threads of their own.

Whoever asks waits for a bounded time. The thread may be stuck for longer, until the backend's own timeouts
end it: so there are few of them, and nothing else runs there.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from django.conf import settings

from pulp_gomod.app.db.executors import BoundedExecutor, Busy
from pulp_gomod.app.db.round_robin import CLIENTS, Clients, RoundRobin
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.storage.faults import storage_calls

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS: Final = 8
# Calls of a process that may wait for a thread or be under way; more are refused at once.
MOST_CALLS: Final = 200
# Of these, the ones of one client that may wait, and those that may be under way.
_MOST_OF_ONE: Final = 100
_THREADS_OF_ONE: Final = 6
# Seconds within which a storage that works says whether it has a file.
PROBE: Final = 5.0
# Seconds for which a storage that hung is not asked again by those who would wait for it in a worker.
PAUSE: Final = 4.0


class _Calls:
    """The calls of one process."""

    def __init__(self) -> None:
        self._executor = BoundedExecutor("gomod-storage", THREADS, MOST_CALLS)
        self._turns = RoundRobin(THREADS, _MOST_OF_ONE, _THREADS_OF_ONE, longest=MOST_CALLS)
        #: Until when the storage of a name is left alone, by time.monotonic().
        self.left_alone: dict[int, float] = {}

    def submit(self, call: Callable[..., T], *args: Any) -> "Future[T]":
        """
        Have a thread call something.

        Raises:
            StorageUnavailableError: Too many calls wait.
        """
        try:
            return self._executor.submit(call, *args)
        except Busy:
            raise _occupied() from None

    @contextlib.asynccontextmanager
    async def turn(self, seconds: float, clients: Clients) -> AsyncIterator[None]:
        """
        Wait for a turn of some clients, and have it within the context.

        Args:
            seconds: How long to wait.

        Raises:
            TimeoutError: It did not come.
            StorageUnavailableError: Too many calls wait.
        """
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(seconds):
                    await stack.enter_async_context(self._turns.turn(clients))
            except TimeoutError:
                raise TimeoutError(f"others kept it busy for {seconds:g} seconds") from None
            except Busy:
                raise _occupied() from None
            yield


def _occupied() -> StorageUnavailableError:
    reason = "too many requests are already waiting for it"
    return StorageUnavailableError("waiting for it", reason)


_by_process: dict[int, _Calls] = {}


def _calls() -> _Calls:
    # Threads do not survive a fork, and Pulp's programs fork their workers.
    pid = os.getpid()
    return _by_process.get(pid) or _by_process.setdefault(pid, _Calls())


async def within(
    seconds: float,
    doing: str,
    call: Callable[..., T],
    *args: Any,
    clients: Clients | None = None,
) -> T:
    """
    Call a storage when it is the client's turn, and wait for a bounded time.

    Args:
        seconds: For how long.
        doing: What is being done, for the log.
        call: Returns something that is closed if it comes too late.
        args: Its arguments.
        clients: Whose turn it is; by default that of whoever this is done for.

    Raises:
        StorageUnavailableError: The storage failed, or did not answer in time.
        DamagedFileError: It does not have the file.
    """
    here, end = _calls(), time.monotonic() + seconds
    with storage_calls(doing):
        async with here.turn(seconds, clients or CLIENTS.get()):
            return await _within(end - time.monotonic(), here.submit(call, *args), seconds)


async def _within(left: float, future: "Future[T]", seconds: float) -> T:
    result = asyncio.wrap_future(future)
    # What goes wrong after its time interests nobody.
    result.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait((result,), timeout=left)
        if not result.done():
            raise TimeoutError(f"nothing arrived for {seconds:g} seconds")
        return result.result()
    finally:
        if not result.done():
            # It may wait for a thread still; otherwise nobody wants any more what it brings.
            future.add_done_callback(_drop)
            future.cancel()


def _drop(future: "Future[Any]") -> None:
    if future.cancelled() or future.exception() is not None:
        return
    close = getattr(future.result(), "close", None)
    if close is not None:
        with contextlib.suppress(Exception):
            close()


def ask_first(storage: Any, name: str) -> bool:
    """
    Say whether a storage has a file; and find out so, before much depends on it, whether it answers.

    A storage that hung a moment ago is not asked: whoever calls this occupies a worker.

    Args:
        name: The file.

    Raises:
        StorageUnavailableError: The storage failed, or did not answer within a few seconds.
    """
    return bool(_first(storage, storage.exists, name))


def ask_first_of_all(storage: Any, names: Sequence[str]) -> list[bool]:
    """
    Do what `ask_first` does, for a few files at once.

    Args:
        names: The files.

    Raises:
        StorageUnavailableError: The storage failed, or did not answer within a few seconds.
    """
    return _first(storage, lambda: [bool(storage.exists(name)) for name in names])


def _first(storage: Any, call: Callable[..., T], *args: Any) -> T:
    calls, key = _calls(), id(storage)
    doing = "looking for a file"
    if time.monotonic() < calls.left_alone.get(key, 0.0):
        raise StorageUnavailableError(doing, "it was not responding a moment ago")
    seconds = min(PROBE, settings.GOMOD_STORAGE_TIMEOUT)
    with storage_calls(doing):
        future = calls.submit(call, *args)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            calls.left_alone[key] = time.monotonic() + PAUSE
            raise TimeoutError(f"nothing arrived for {seconds:g} seconds") from None
