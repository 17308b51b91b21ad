"""What policies stop and let pass: counted in memory, written now and then, so that it costs no request."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from django.db import Error as DatabaseError
from django.utils import timezone

from pulp_gomod.app.content.repository import policy_metrics as metrics
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.noted import Note
from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.tally import Tally
from pulp_gomod.app.models.event import Event, days, record, trim
from pulp_gomod.app.models.telling import tell_soon
from pulp_gomod.app.remote.threads import Threads

log = logging.getLogger(__name__)

# Seconds between two writes, for which the same is not written again, and between two looks at what is too old.
EVERY = 10.0
AGAIN = 60.0
TRIM_EVERY = 3600.0
# Different events that are remembered until they are written.
MOST = 20_000


class PolicyEvents:
    """
    What happened and has not been written yet.

    Args:
        threads: For writing.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._tally: Tally[Event] = Tally(MOST)
        self._trimmed = float("-inf")
        self._is_on = days() > 0

    def note(self, target: ServedDistribution, notes: Sequence[Note]) -> None:
        """
        Note what became of a request.

        Args:
            target: The distribution.
            notes: What happened.
        """
        for each in notes:
            metrics.count(target.policy, each)
            if self._is_on:
                self._tally.note(_event(target, each))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write what is noted, now and then, and the rest at the end."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._flush(everything=True)

    async def _run(self) -> None:
        while True:
            await self._flush()
            if time.monotonic() - self._trimmed >= TRIM_EVERY:
                self._trimmed = time.monotonic()
                await self._try(trim)
            await asyncio.sleep(EVERY)

    async def _flush(self, everything: bool = False) -> None:
        seen = self._tally.take(AGAIN, everything)
        if self._tally.left_out:
            log.warning("%s events of policies were not recorded.", self._tally.left_out)
            self._tally.left_out = 0
        if not seen:
            return
        if not await self._try(record, seen, timezone.now()):
            self._tally.give_back(seen)
        elif not everything:
            await self._try(tell_soon)

    async def _try(self, call: Any, *args: Any) -> bool:
        try:
            await self._threads.database(call, *args)
        except (DatabaseError, Busy):
            log.warning("Events of policies were not recorded yet.", exc_info=True)
            return False
        return True


def _event(target: ServedDistribution, note: Note) -> Event:
    return Event(
        note.kind,
        target.domain,
        target.policy.name if note.condition != "own" else "",
        target.distribution,
        note.condition,
        note.module,
        note.version,
        note.detail,
    )
