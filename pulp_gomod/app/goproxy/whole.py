"""Bringing all of a small repository version into memory at once.

Who builds a program asks for some files of each of hundreds of modules. Where a repository version holds few
modules, they are looked up together as soon as several have been asked for: to look each up for itself,
between other things, takes several times as long.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from pulp_gomod.app.goproxy.distributions import Served

log = logging.getLogger(__name__)

# Look-ups of a repository version after which more are expected.
SEVERAL = 8
# Repository versions of which the look-ups are counted.
MOST_VERSIONS = 256

_Version = tuple[bytes, int]


class Whole:
    """Counts the look-ups of repository versions, and begins to bring one when it is time to."""

    def __init__(self) -> None:
        """Nothing was asked for yet."""
        self._asked: OrderedDict[_Version, int] = OrderedDict()
        self._bringing: set[asyncio.Task[None]] = set()

    def note(self, served: Served, bring: Callable[[], Awaitable[None]]) -> None:
        """
        Note that a module version was looked up.

        Args:
            served: The repository version.
            bring: Looks up all others, if they are few.
        """
        key = served.repository.bytes, served.number
        asked = self._asked[key] = self._asked.pop(key, 0) + 1
        if len(self._asked) > MOST_VERSIONS:
            self._asked.popitem(last=False)
        if asked == SEVERAL:
            task = asyncio.create_task(_try(bring))
            self._bringing.add(task)
            task.add_done_callback(self._bringing.discard)

    async def close(self) -> None:
        """Bring nothing more."""
        for task in list(self._bringing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _try(bring: Callable[[], Awaitable[None]]) -> None:
    try:
        await bring()
    except Exception:
        # Requests look up what they need, or are told what is wrong.
        log.debug("A small repository version was not brought.", exc_info=True)


_KEY: web.AppKey[Whole] = web.AppKey("gomod_whole", Whole)


async def lifespan(app: web.Application) -> AsyncIterator[None]:
    """
    Give the content app its Whole for as long as it runs (an entry of `cleanup_ctx`).

    Args:
        app: The content app.
    """
    app[_KEY] = Whole()
    yield
    await app[_KEY].close()


def of(app: web.Application) -> Whole:
    """
    Return the Whole of the content app.

    Args:
        app: The content app.
    """
    return app[_KEY]
