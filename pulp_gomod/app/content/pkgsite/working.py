"""What takes as long as a stranger wants it to: done in a thread that nothing but this API waits for."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, ParamSpec, TypeVar

from pulp_gomod.app.db.executors import BoundedExecutor
from pulp_gomod.app.db.round_robin import CLIENTS, RoundRobin

P = ParamSpec("P")
T = TypeVar("T")

# Requests that may wait until something is computed of them, of all clients and of one; whoever comes then has to ask again.
_MOST: Final = 50
_MOST_OF_ONE: Final = 10

_thread = BoundedExecutor("gomod-documentation", 1)


_turns = RoundRobin(1, _MOST_OF_ONE, longest=_MOST)


def turn() -> AbstractAsyncContextManager[None]:
    """Make the context in which it is a client's turn to have something computed; raises Busy if too much waits."""
    return _turns.turn(CLIENTS.get())


compute = _thread.run
"""Make a call in the thread, in such a turn."""


async def work(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """
    Make a call in the thread when it is the client's turn.

    Args:
        args: Its arguments.
        kwargs: Its arguments by name.

    Raises:
        Busy: Too many wait, or too many of the same client.
    """
    async with turn():
        return await compute(call, *args, **kwargs)
