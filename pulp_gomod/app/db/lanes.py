"""Threads for work that may not happen on the event loop: Django's ORM, and hashing passwords."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from pulp_gomod.app.db.orm import on_a_connection

T = TypeVar("T")


class Busy(Exception):
    """More work waits than can be done in a reasonable time."""


class Lane:
    """
    Some threads, each with a connection to the database of its own.

    One lane is for what takes milliseconds and another for what takes long, so that the quick need
    not wait behind the slow.
    """

    def __init__(self, name: str, threads: int, longest_queue: int) -> None:
        """
        Args:
            name: What the threads are called.
            threads: How many there are at most.
            longest_queue: How many calls may wait or run.
        """
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._longest_queue = longest_queue
        self._count = 0

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """
        Call a function in one of the threads; twice, if the database was found gone.

        Args:
            function: The function; it may use Django's ORM, to read or to change what may be changed
                twice.
            arguments: Its arguments.

        Raises:
            Busy: Too many calls wait.
            django.db.Error: PostgreSQL cannot be reached.
        """
        if self._count >= self._longest_queue:
            raise Busy
        self._count += 1
        try:
            context = contextvars.copy_context()
            call = partial(context.run, on_a_connection, function, *arguments)
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        finally:
            self._count -= 1

    def close(self) -> None:
        """Let the threads end; they close their connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
