"""Who downloads which module versions: noted in memory, written now and then, so that it costs no request."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import hdrs, web
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from pulp_gomod.app.auth.callers import Caller
from pulp_gomod.app.auth.rights import name_of
from pulp_gomod.app.content.http import identity
from pulp_gomod.app.content.http.responses import CALLER
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.tally import Tally
from pulp_gomod.app.models.consumer import Consumed, record, trim
from pulp_gomod.app.models.distribution import GoDistribution
from pulp_gomod.app.remote.threads import Threads

log = logging.getLogger(__name__)

# Seconds between two writes.
EVERY = 10.0
# Seconds for which the same is not written again.
AGAIN = 600.0
# Seconds between two looks at what is too old or too much.
TRIM_EVERY = 3600.0
# What is remembered; further ones are not noted until these are written and forgotten.
MOST = 50_000

_OFF, _ALL = GoDistribution.Consumers.OFF, GoDistribution.Consumers.ALL


class Consumers:
    """
    The downloads that have not been written yet, and what was written lately.

    Args:
        threads: For writing.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._tally: Tally[Consumed] = Tally(MOST)
        # What was written since the last look at how many rows there are.
        self._written = 0
        self._trimmed = float("-inf")
        self._is_on = days() > 0

    def wants(self, target: ServedDistribution) -> bool:
        """
        Say whether it is noted who downloads from a distribution.

        Args:
            target: The distribution.
        """
        return self._is_on and target.consumers != _OFF

    def note(
        self,
        target: ServedDistribution,
        path: str,
        version: str,
        caller: Caller | None,
        address: str | None,
    ) -> None:
        """
        Note that somebody downloads a module version.

        Args:
            target: The distribution.
            path: The module path.
            caller: Who asks, if a guard knows; None for a public distribution.
            address: The client's address, if anybody says which it is.
        """
        user_name, token = _names(caller) if caller is not None else ("", "")
        kept = (address or "") if target.consumers == _ALL else ""
        key = Consumed(target.distribution, path, version, user_name, token, kept)
        if user_name or kept:
            self._tally.note(key)

    def note_request(
        self, request: web.Request, target: ServedDistribution, path: str, version: str
    ) -> None:
        """
        Note that a request downloads a module version.

        Args:
            request: The request, which the distribution's guard has let pass.
            target: The distribution.
            path: The module path.
        """
        if request.method == hdrs.METH_GET and self.wants(target):
            address = identity.client_address(request)
            self.note(target, path, version, request.get(CALLER), address)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write what is noted, now and then, and the rest at the end."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.flush(everything=True)

    async def _run(self) -> None:
        while True:
            await self.flush()
            await self._trim_if_due()
            await asyncio.sleep(EVERY)

    async def flush(self, everything: bool = False) -> None:
        """
        Write what was noted, except for what was written a short while ago.

        Args:
            everything: Whether to write that, too.
        """
        seen = self._tally.take(AGAIN, everything)
        if self._tally.left_out:
            log.warning(
                "%s downloads by too many clients at a time were not recorded.",
                self._tally.left_out,
            )
            self._tally.left_out = 0
        self._written += len(seen)
        if seen and not await self._try(record, seen, timezone.now()):
            self._tally.give_back(seen)

    async def _trim_if_due(self) -> None:
        now, most = time.monotonic(), int(settings.GOMOD_CONSUMER_ROWS)
        if now - self._trimmed >= TRIM_EVERY or self._written > most // 10:
            self._trimmed, self._written = now, 0
            await self._try(trim, days(), most)

    async def _try(self, call: Any, *args: Any) -> bool:
        try:
            await self._threads.database(call, *args)
        except (DatabaseError, Busy):
            log.warning("Who downloaded modules was not recorded yet.", exc_info=True)
            return False
        return True


def days() -> int:
    """Return for how many days it is kept who downloaded what; 0 if it is not recorded at all."""
    return max(0, int(settings.GOMOD_CONSUMER_DAYS))


def _names(caller: Caller) -> tuple[str, str]:
    """Return the names of a user and of the token that stands for it, as far as there are such."""
    return name_of(caller), str(getattr(caller.auth, "name", ""))
