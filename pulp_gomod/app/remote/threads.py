"""The threads of the pull-through: apart from all others, so that nothing local waits for them."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.remote.go_mods import GoMods

P = ParamSpec("P")
T = TypeVar("T")

DATABASE_THREADS = 3
JUDGES = 2
KEEPERS = 2
# Bytes of a list up to which reading it is not worth a thread.
SHORT = 32 * 1024
WRITERS = 2
RESOLVERS = 4


class Threads:
    """
    Seven groups: for the database, for judging zips, for waiting for a process that does that, for storing
    zips, for long lists, for writing files, and for looking up names.

    None of them ever waits for an upstream, except for the last one: the system's resolver may hang. And
    only those that store may wait for a storage that hangs.

    Attributes:
        go_mods: Reads go.mod files, large ones in a process beside the threads.
    """

    def __init__(self) -> None:
        self._database = ThreadPoolExecutor(DATABASE_THREADS, "gomod-upstream-db")
        self._judges = ThreadPoolExecutor(JUDGES, "gomod-upstream-judge")
        self._waiters = ThreadPoolExecutor(1, "gomod-upstream-verify")
        self._keepers = ThreadPoolExecutor(KEEPERS, "gomod-upstream-keep")
        self._reckoners = ThreadPoolExecutor(1, "gomod-upstream-list")
        self._writers = ThreadPoolExecutor(WRITERS, "gomod-upstream-file")
        self._resolvers = ThreadPoolExecutor(RESOLVERS, "gomod-upstream-dns")
        self.go_mods = GoMods()

    async def database(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that uses the ORM, once more if its connection turns out to be lost."""
        return await _run(self._database, on_a_connection, call, *args, **kwargs)

    async def judge(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that reads much and computes much; it may use the ORM."""
        return await _run(self._judges, on_a_connection, call, *args, **kwargs)

    async def wait(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that waits for a process to judge; one at a time, they would take turns anyway."""
        return await _run(self._waiters, call, *args, **kwargs)

    async def store(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that brings a file to the storage and uses the ORM."""
        return await _run(self._keepers, on_a_connection, call, *args, **kwargs)

    async def reckon(self, size: int, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that computes over a list of so many bytes."""
        if size <= SHORT:
            return call(*args, **kwargs)
        return await _run(self._reckoners, call, *args, **kwargs)

    async def write(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that writes to the disk."""
        return await _run(self._writers, call, *args, **kwargs)

    async def resolve(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that looks up names."""
        return await _run(self._resolvers, call, *args, **kwargs)

    @property
    def _groups(self) -> tuple[ThreadPoolExecutor, ...]:
        return (
            self._database,
            self._judges,
            self._waiters,
            self._keepers,
            self._reckoners,
            self._writers,
            self._resolvers,
        )

    def close(self) -> None:
        """Let the threads end; what waits is dropped."""
        for pool in self._groups:
            pool.shutdown(wait=False, cancel_futures=True)
        self.go_mods.close()


async def _run(pool: ThreadPoolExecutor, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, lambda: context.run(call, *args, **kwargs))
