"""Waiting for a turn only as long as the client waits for the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final

from aiohttp import web

# Seconds between two looks.
_BETWEEN: Final = 0.5


class ClientGone(Exception):
    """The client has gone while its request waited; nothing was done."""


def is_gone(request: web.Request) -> bool:
    """Say whether nobody waits for the answer to a request any more."""
    return request.transport is None or request.transport.is_closing()


@asynccontextmanager
async def while_there(request: web.Request) -> AsyncIterator[None]:
    """
    Let something take as long as it takes within the context, or as long as the client is there.

    Raises:
        ClientGone: It has gone.
    """
    loop = asyncio.get_running_loop()
    scope = asyncio.timeout(None)
    next_look: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal next_look
        if is_gone(request):
            scope.reschedule(loop.time())
        else:
            next_look = loop.call_later(_BETWEEN, look)

    next_look = loop.call_later(_BETWEEN, look)
    try:
        async with scope:
            yield
    except TimeoutError:
        if scope.expired():
            raise ClientGone from None
        raise
    finally:
        if next_look is not None:
            next_look.cancel()


@asynccontextmanager
async def waited_for(
    request: web.Request, turn: AbstractAsyncContextManager[Any]
) -> AsyncIterator[None]:
    """
    Wait for a turn while the client is there, and have it within the context, whether it is there or not.

    Args:
        request: The client's request.
        turn: The context for which there is to be waited.

    Raises:
        ClientGone: It has gone before.
    """
    async with AsyncExitStack() as stack:
        async with while_there(request):
            await stack.enter_async_context(turn)
        yield
