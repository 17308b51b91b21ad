"""Syncs that are repeated: schedules of pulpcore, each of which dispatches a sync when it is due."""

import logging
import re
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from pulpcore.plugin.models import TaskSchedule
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.exceptions import SyncFailedError
from pulp_gomod.app.models import GoRemote, GoRepository
from pulp_gomod.app.models.dispatching import tasks_of
from pulp_gomod.app.publishing.queue import UNFINISHED
from pulp_gomod.golang import GoError
from pulp_gomod.golang.quote import quote

log = logging.getLogger(__name__)

SYNC = "pulp_gomod.app.tasks.sync.run.sync"
"""The task that syncs, by its name: it loads what only workers need."""

DEFAULT = "default"
"""The schedule of a repository that has one only."""

MOST_SCHEDULES = 20
"""Schedules that a repository may have."""

_RUN = "pulp_gomod.app.tasks.sync.scheduling.sync_on_schedule"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_INTERVAL = re.compile(r"([0-9]{1,5})([mhd])")
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=366)


def parse_interval(text: str) -> timedelta:
    """
    Read an interval such as `30m`, `6h` or `1d`.

    Raises:
        GoError: It is none, or no sync is repeated so often or so seldom.
    """
    found = _INTERVAL.fullmatch(text)
    if not found:
        raise GoError(f"{quote(text)} is not an interval such as 30m, 6h or 1d")
    interval = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if not _SHORTEST <= interval <= _LONGEST:
        raise GoError("a sync is repeated every minute at most, and every 366 days at least")
    return interval


def format_interval(interval: timedelta) -> str:
    """
    Write an interval as `parse_interval` reads it.

    Args:
        interval: Whole minutes.
    """
    minutes = int(interval.total_seconds()) // 60
    for unit, size in (("d", 24 * 60), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def schedules_of(repository: GoRepository) -> QuerySet:
    """Select the schedules of a repository."""
    return TaskSchedule.objects.filter(
        pulp_domain=repository.pulp_domain_id, name__startswith=_name(repository, "")
    ).order_by("name")


def name_of(schedule: TaskSchedule) -> str:
    """Return what a schedule of a repository is called there."""
    return str(schedule.name).split("/", 2)[2]


def set_schedule(
    repository: GoRepository,
    name: str,
    interval: timedelta,
    begin: datetime | None,
    remote: GoRemote | None,
    wanted: dict[str, Any],
) -> TaskSchedule:
    """
    Have a sync repeated, in place of what the schedule of that name did.

    Args:
        name: The schedule's name in the repository.
        interval: How often.
        begin: When for the first time; None for now.
        remote: From where; None for the repository's own remote at the time.
        wanted: What is synced, as `run.sync` takes it.
    """
    schedule, _ = TaskSchedule.objects.update_or_create(
        name=_name(repository, name),
        pulp_domain_id=repository.pulp_domain_id,
        defaults={
            "next_dispatch": begin or timezone.now(),
            "dispatch_interval": interval,
            "task_name": _RUN,
            "task_args": [],
            "task_kwargs": {
                "repository_pk": str(repository.pk),
                "remote_pk": str(remote.pk) if remote else None,
                "wanted": wanted,
            },
        },
    )
    return schedule


def sync_on_schedule(repository_pk: str, remote_pk: str | None, wanted: dict[str, Any]) -> None:
    """
    Dispatch a sync that is due, unless one of the repository still waits or runs.

    Args:
        remote_pk: The remote, or None for the repository's own.
        wanted: What is synced, as `run.sync` takes it.

    Raises:
        SyncFailedError: There is no remote any more.
    """
    repository = GoRepository.objects.filter(pk=repository_pk, pulp_domain=get_domain_pk()).first()
    if repository is None:
        # Nobody can take back the schedules of a repository that is gone.
        TaskSchedule.objects.filter(
            pulp_domain=get_domain_pk(), name__startswith=f"{_PREFIX}{repository_pk}/"
        ).delete()
        return
    if tasks_of(repository, SYNC).filter(state__in=UNFINISHED).exists():
        log.info("The last sync of %s is not over yet: this one is left out.", repository.name)
        return
    remote = GoRemote.objects.filter(
        pk=remote_pk or repository.remote_id, pulp_domain=get_domain_pk()
    ).first()
    if remote is None:
        raise SyncFailedError(
            f"the remote that {repository.name} was to be synced from is gone: schedule the sync "
            "anew, or unschedule it"
        )
    dispatch(
        SYNC,
        exclusive_resources=[repository],
        shared_resources=[remote],
        kwargs={"repository_pk": repository_pk, "remote_pk": str(remote.pk), **wanted},
    )


_PREFIX = "gomod.sync/"


def _name(repository: GoRepository, name: str) -> str:
    return f"{_PREFIX}{repository.pk}/{name}"
