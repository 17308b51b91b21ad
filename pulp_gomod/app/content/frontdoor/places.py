"""
Waiting at the door with what keeps a worker of the API for long.

A worker of the API answers one request at a time. So of large bodies, and of zips that take long to
check, no more are handed on at a time than there are places; small requests go past those who wait. Clients get
places in turn.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from pulp_gomod.app.content.frontdoor.gone import while_there
from pulp_gomod.app.db.round_robin import Clients, RoundRobin
from pulp_gomod.verifier.places import PAUSE, Places

#: Bytes of a body up to which it is handed on at once. The API says if it takes long all the same.
LIGHT_BODY = 4 * 1024 * 1024

# Seconds: as long as anybody's patience.
_LONGEST_WAIT = 600.0
# Requests of one client that may wait; their bodies are bounded, too.
_LONGEST_OF_ONE = 1000


class Crowded(Exception):
    """No place became free for too long."""


class DoorPlaces:
    """
    The places as requests of this process take them, one client after the other.

    Args:
        places: Those of all processes.
        patience: How long one may wait, in seconds.
    """

    def __init__(self, places: Places, patience: float = _LONGEST_WAIT) -> None:
        self._places = places
        self._patience = patience
        # Only the first in line looks whether a place is free.
        self._line = RoundRobin(1, _LONGEST_OF_ONE)

    @asynccontextmanager
    async def take(self, request: web.Request, who: str) -> AsyncIterator[None]:
        """
        Have a place while the context lasts.

        Args:
            who: Whose request it is.

        Raises:
            Busy: Too many of the same client wait.
            Crowded: None became free.
            ClientGone: Nobody waits for the answer any more.
        """
        try:
            # Not only the first in line may have gone: bodies take room.
            async with asyncio.timeout(self._patience), while_there(request):
                descriptor = await self._in_line(who)
        except TimeoutError:
            raise Crowded from None
        try:
            yield
        finally:
            os.close(descriptor)

    async def _in_line(self, who: str) -> int:
        async with self._line.turn(Clients(who)):
            while (descriptor := self._places.try_take()) is None:
                await asyncio.sleep(PAUSE)
            return descriptor
