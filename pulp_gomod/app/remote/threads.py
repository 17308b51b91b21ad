"""The threads of the pull-through: apart from all others, so that nothing local waits for them."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pulp_gomod.app.db.executors import BoundedExecutor
from pulp_gomod.app.remote.go_mods import GoMods

P = ParamSpec("P")
T = TypeVar("T")

DATABASE_THREADS = 3
VERIFIERS = 2
KEEPERS = 2
# Bytes of a list up to which reading it is not worth a thread.
SHORT = 32 * 1024
WRITERS = 2
RESOLVERS = 4


class Threads:
    """
    The executors of all remotes.

    There are seven: for the database, for verifying zips, for waiting for a process that does that, for storing
    zips, for long lists, for writing files, and for looking up names.

    None of them ever waits for an upstream, except for the last one: the system's resolver may hang. And
    only those that store may wait for a storage that hangs.

    Attributes:
        database: Makes calls that use the ORM.
        verify: Makes calls that read much and compute much; they may use the ORM.
        wait: Makes calls that wait for a process that verifies; one at a time, they would take turns anyway.
        store: Makes calls that bring a file to the storage and use the ORM.
        write: Makes calls that write to the disk.
        resolve: Makes calls that look up names.
        go_mods: Reads go.mod files, large ones in a process beside the threads.
    """

    def __init__(self) -> None:
        self._executors: list[BoundedExecutor] = []
        self.database = self._add("db", DATABASE_THREADS, uses_orm=True).run
        self.verify = self._add("verify", VERIFIERS, uses_orm=True).run
        self.wait = self._add("verify", 1).run
        self.store = self._add("keep", KEEPERS, uses_orm=True).run
        self.write = self._add("file", WRITERS).run
        self.resolve = self._add("dns", RESOLVERS).run
        self._compute = self._add("list", 1).run
        self.go_mods = GoMods()

    def _add(self, name: str, threads: int, *, uses_orm: bool = False) -> BoundedExecutor:
        executor = BoundedExecutor(f"gomod-upstream-{name}", threads, uses_orm=uses_orm)
        self._executors.append(executor)
        return executor

    async def compute(
        self, size: int, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a call that computes over a list of so many bytes."""
        if size <= SHORT:
            return call(*args, **kwargs)
        return await self._compute(call, *args, **kwargs)

    def close(self) -> None:
        """Let the threads end; what waits is dropped."""
        for executor in self._executors:
            executor.close()
        self.go_mods.close()
