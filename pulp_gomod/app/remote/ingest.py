"""Adding what was fetched to its repository, many at a time."""

import asyncio
import logging
import math
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError
from django.db.models import Max
from django.utils import timezone

from pulpcore.plugin.util import set_domain

from pulp_gomod.app.models import GoCacheEntry, GoPendingEntry, GoRepository
from pulp_gomod.app.models.dispatching import ensure_task, tasks_of
from pulp_gomod.app.remote.cache import entries
from pulp_gomod.app.remote.threads import Threads

log = logging.getLogger(__name__)

INGEST = "pulp_gomod.app.tasks.ingest.ingest"
CLEAN_UP = "pulp_gomod.app.tasks.cleanup.clean_up"

# A task is dispatched when nothing has come for so many seconds, or after so many.
QUIET = 5.0
LONGEST = 60.0
# What has come is written down within so many seconds.
WRITTEN_WITHIN = 1.0
# Each task makes a repository version. Where some were made within the last while, the next one waits
# for what else will come: a build takes minutes on a slow line, and pauses. What waits is served all
# the same.
WHILE = timedelta(minutes=15)
AT_ONCE = 3
NEXT = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
# Seconds between looks for what another process left behind when it was killed.
LOOK = 60.0
LEFT_BEHIND = timedelta(seconds=90)
# A task that failed is not tried again sooner than this.
TRY_AGAIN = timedelta(minutes=10)
# "Not found" is deleted so long after its time, so many at once.
NOT_FOUND_KEPT = timedelta(minutes=10)
PURGE_BATCH = 20_000
# Seconds between two cleanups of a repository that is full.
BETWEEN_CLEANUPS = 60.0


@dataclass(slots=True)
class _Waiting:
    first: float
    last: float
    not_before: float = 0.0


class Ingest:
    """
    Dispatches the tasks for what one content process has fetched.

    Args:
        threads: For the database.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._waiting: dict[UUID, _Waiting] = {}
        self._pending: set[tuple[UUID, UUID]] = set()
        self._full: dict[UUID, int] = {}
        self._cleaned: dict[UUID, float] = {}
        self._looked = 0.0

    def add(self, repository: UUID, entry: UUID) -> None:
        """
        Have what a cache entry brought added to a repository; it is written down soon.

        Args:
            repository: The repository's pk.
            entry: The entry's pk.
        """
        self._pending.add((repository, entry))
        self.note(repository)

    def note(self, repository: UUID) -> None:
        """
        Note that something is pending for a repository.

        Args:
            repository: Its pk.
        """
        now = time.monotonic()
        waiting = self._waiting.setdefault(repository, _Waiting(now, now))
        waiting.last = now

    def await_more(self, repository: UUID) -> None:
        """
        Note that a client is about to ask for more of what a repository will hold, so that what is pending waits for it.

        Args:
            repository: Its pk.
        """
        waiting = self._waiting.get(repository)
        if waiting is not None:
            waiting.last = time.monotonic()

    def clean(self, repository: UUID, size: int) -> None:
        """
        Have a repository cleaned up, unless that was done just now.

        Args:
            repository: Its pk.
            size: Bytes that may stay.
        """
        now = time.monotonic()
        if now - self._cleaned.get(repository, -BETWEEN_CLEANUPS) >= BETWEEN_CLEANUPS:
            self._cleaned[repository] = now
            self._full[repository] = size

    async def run(self) -> None:
        """Dispatch tasks until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            try:
                await self._look_around()
            except DatabaseError:
                log.warning("Cannot dispatch tasks for what was cached.", exc_info=True)

    async def _look_around(self) -> None:
        if self._pending:
            pending, self._pending = self._pending, set()
            try:
                await self._threads.database(entries.add_pending, pending)
            except DatabaseError:
                self._pending |= pending
                raise
        now = time.monotonic()
        for repository, waiting in list(self._waiting.items()):
            if now < waiting.not_before:
                continue
            if now - waiting.last >= QUIET or now - waiting.first >= LONGEST:
                # What comes from here on has its own time.
                del self._waiting[repository]
                is_due = now - waiting.first >= LONGEST
                pause = await self._threads.database(dispatch, repository, is_due=is_due)
                if pause:
                    last = self._waiting.get(repository, waiting).last
                    self._waiting[repository] = _Waiting(waiting.first, last, now + pause)
        while self._full:
            repository, size = self._full.popitem()
            await self._threads.database(_ensure_task, repository, CLEAN_UP, max_size=size)
        if not self._looked or now - self._looked > LOOK:
            self._looked = now
            await self._threads.database(_purge)
            for repository in await self._threads.database(_left_behind):
                await self._threads.database(_ensure_task, repository, INGEST, since=TRY_AGAIN)


def pause_between(tasks: int) -> timedelta:
    """
    Return how long to wait after a repository's last task.

    Twice as long each time, so that a build of a quarter of an hour makes ten versions at most.

    Args:
        tasks: How many there were within the last while.
    """
    if tasks < AT_ONCE:
        return timedelta()
    return min(NEXT * (1 << min(tasks - AT_ONCE, 10)), LONGEST_PAUSE)


def dispatch(repository_pk: UUID, *, is_due: bool) -> float:
    """
    Dispatch a task that adds what is pending, or return for how many seconds to wait with that.

    Args:
        is_due: Whether it is dispatched although more is coming.
    """
    repository = GoRepository.objects.filter(pk=repository_pk).first()
    if repository is None:
        return 0.0
    now = timezone.now()
    if not is_due:
        quiet = _quiet_for(repository_pk, now)
        if quiet < QUIET - WRITTEN_WITHIN:
            return QUIET - quiet
    recent = list(
        tasks_of(repository, INGEST)
        .filter(pulp_created__gt=now - WHILE)
        .order_by("pulp_created")
        .values_list("pulp_created", flat=True)
    )
    if recent:
        remaining: timedelta = recent[-1] + pause_between(len(recent)) - now
        if remaining > timedelta():
            return remaining.total_seconds()
    _ensure_task(repository_pk, INGEST)
    return 0.0


def _quiet_for(repository_pk: UUID, now: datetime) -> float:
    """Return for how many seconds nothing has come for a repository, to whatever process."""
    pending = GoPendingEntry.objects.filter(repository=repository_pk)
    newest = pending.aggregate(newest=Max("pulp_created"))["newest"]
    return math.inf if newest is None else (now - newest).total_seconds()


def _ensure_task(
    repository_pk: UUID, name: str, since: timedelta | None = None, **arguments: Any
) -> None:
    """Do what `ensure_task` does, and not if there was such a task within the time `since`."""
    repository = GoRepository.objects.filter(pk=repository_pk).first()
    if repository is None:
        return
    if since is not None:
        recent = tasks_of(repository, name).filter(pulp_created__gt=timezone.now() - since)
        if recent.exists():
            return
    set_domain(repository.pulp_domain)
    ensure_task(repository, name, **arguments)


def ingest_at_once(repository_pk: UUID, entry: UUID) -> None:
    """
    Have what a cache entry brought added to a repository now, whatever else may come. Uses the ORM.

    Args:
        entry: The entry's pk.
    """
    entries.add_pending([(repository_pk, entry)])
    _ensure_task(repository_pk, INGEST)


def _purge() -> None:
    """Delete what was not found and is asked no more: anybody may ask for names that are none."""
    old = timezone.now() - NOT_FOUND_KEPT
    missing = GoCacheEntry.objects.filter(expires__lt=old).exclude(status=200)
    batch = list(missing.values_list("pk", flat=True)[:PURGE_BATCH])
    GoCacheEntry.objects.filter(pk__in=batch).delete()


def _left_behind() -> list[UUID]:
    old = timezone.now() - LEFT_BEHIND
    return list(
        GoPendingEntry.objects.filter(pulp_created__lt=old)
        .values_list("repository", flat=True)
        .distinct()
    )
