"""
Fetching from an upstream what nobody has asked for yet, but will.

What is fetched so is a guess, and comes last: so few at a time that an upstream's connections stay free for what
clients wait for, none while the upstream fails or wants to be left alone, and what waits is bounded. It takes no
client's turn at the upstream, and waits for no client's other requests (see AHEAD), until a client asks for the same.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final

from django.db import Error as DjangoError
from psycopg import Error as DatabaseError

from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.round_robin import AHEAD, CLIENTS, Clients
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.upstream import Upstream

log = logging.getLogger(__name__)

# Fetches at a time, and the part of an upstream's connections that they may take.
MOST_AT_ONCE: Final = 6
_PART: Final = 4
# Guesses that wait; with more, the oldest are dropped.
MOST_WAITING: Final = 1024
# Guesses that are not made again.
MOST_SEEN: Final = 16 * 1024
# Seconds without any where the cache has no room.
PAUSE: Final = 60.0

Guess = Callable[[], Coroutine[Any, Any, None]]

_FAULTS: Final = (UpstreamFault, OSError, StorageUnavailableError, DatabaseError, DjangoError)


class Ahead:
    """
    The guesses at one upstream.

    Args:
        upstream: The remote.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._most = max(1, min(MOST_AT_ONCE, upstream.settings.connections // _PART))
        # By hashes: the names are strangers', and may be long. Where two have the same, one is not fetched ahead.
        self._seen: Lru[int, bool] = Lru(MOST_SEEN)
        self._waiting: OrderedDict[str, Guess] = OrderedDict()
        self._not_before = 0.0
        self._running: set[asyncio.Task[None]] = set()

    def add(self, key: str, guess: Guess) -> bool:
        """
        Have something fetched soon, unless that was tried before; say whether it will be.

        Args:
            key: What it is.
            guess: Fetches it.
        """
        if not self._is_welcome or self._seen.get(hash(key)):
            return False
        self._seen.put(hash(key), True)
        self._waiting[key] = guess
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        if len(self._running) < self._most:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return True

    def pause(self) -> None:
        """Make no guesses for a while: what was fetched could not be kept."""
        self._waiting.clear()
        self._not_before = time.monotonic() + PAUSE

    @property
    def _is_welcome(self) -> bool:
        health = self._upstream.health
        if self._upstream.settings.connections <= 1:
            # It is for clients.
            return False
        if not self._upstream.keeps or time.monotonic() < self._not_before:
            return False
        return not (health.doubtful or health.is_resting)

    async def _run(self) -> None:
        # Whoever was there when this task began.
        CLIENTS.set(Clients(AHEAD))
        while self._waiting:
            if not self._is_welcome:
                self._waiting.clear()
                return
            key, guess = self._waiting.popitem(last=False)
            try:
                await guess()
            except _FAULTS as fault:
                log.debug("%s was not fetched ahead: %s", key, fault)
            except Exception:
                # The other guesses are no worse for it.
                log.exception("%s was not fetched ahead", ascii(key))

    async def close(self) -> None:
        """Fetch nothing more."""
        self._waiting.clear()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
