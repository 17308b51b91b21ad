"""Having databases of vulnerabilities synced again and again: a schedule of pulpcore for each."""

import logging
from datetime import timedelta

from django.utils import timezone

from pulpcore.plugin.models import RepositoryVersion, Task, TaskSchedule
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.util import get_domain_pk, get_prn

from pulp_gomod.app.models import GoVulndb
from pulp_gomod.app.models.dispatching import is_unfinished

log = logging.getLogger(__name__)

SYNC = "pulp_gomod.app.tasks.vulndb.mirroring.sync"
"""The task that syncs, by its name: it loads what only workers need."""

_SCAN = "pulp_gomod.app.tasks.vulndb.scanning.scan"
_RUN = "pulp_gomod.app.tasks.vulndb.scheduling.sync_on_schedule"


def schedule_of(vulndb: GoVulndb) -> TaskSchedule | None:
    """
    Return the schedule of a database; None if it is not synced by itself.

    Args:
        vulndb: The database.
    """
    return TaskSchedule.objects.filter(
        pulp_domain=vulndb.pulp_domain_id, name=_name(vulndb)
    ).first()


def set_schedule(vulndb: GoVulndb, interval: timedelta | None) -> None:
    """
    Have a database synced by itself from now on, or not any more.

    Args:
        vulndb: The database.
        interval: How often; None for never.
    """
    if interval is None:
        TaskSchedule.objects.filter(pulp_domain=vulndb.pulp_domain_id, name=_name(vulndb)).delete()
        return
    TaskSchedule.objects.update_or_create(
        name=_name(vulndb),
        pulp_domain_id=vulndb.pulp_domain_id,
        defaults={
            "next_dispatch": timezone.now(),
            "dispatch_interval": interval,
            "task_name": _RUN,
            "task_args": [],
            "task_kwargs": {"vulndb_pk": str(vulndb.pk)},
        },
    )


def sync_on_schedule(vulndb_pk: str) -> None:
    """
    Dispatch a sync that is due, unless the last one still waits or runs.

    Args:
        vulndb_pk: The GoVulndb.
    """
    vulndb = GoVulndb.objects.filter(pk=vulndb_pk, pulp_domain=get_domain_pk()).first()
    if vulndb is None:
        TaskSchedule.objects.filter(
            pulp_domain=get_domain_pk(), name=f"{_PREFIX}{vulndb_pk}"
        ).delete()
    elif is_unfinished(SYNC, get_prn(vulndb)):
        log.info("The last sync of %s is not over yet: this one is left out.", vulndb.name)
    else:
        dispatch(SYNC, exclusive_resources=[vulndb], kwargs={"vulndb_pk": vulndb_pk})


def dispatch_scan(version: RepositoryVersion, vulndb: GoVulndb) -> Task:
    """
    Have a repository version scanned.

    Args:
        version: The repository version.
        vulndb: With what.
    """
    return _dispatch_scan(vulndb, [], repository_version_pk=str(version.pk))


def scan_again(vulndb: GoVulndb) -> None:
    """
    Have what is then the newest version of each repository scanned that wants it, since the database has changed.

    A task that has not begun yet serves for this change, too.

    Args:
        vulndb: The database.
    """
    for repository in vulndb.repositories.all():
        turn = f"gomod:scan:{repository.pk}:{vulndb.pk}"
        waiting = Task.objects.filter(
            name=_SCAN, state="waiting", reserved_resources_record__contains=[turn]
        )
        if not waiting.exists():
            _dispatch_scan(vulndb, [turn], repository_pk=str(repository.pk))


def _dispatch_scan(vulndb: GoVulndb, turns: list[str], **what: str) -> Task:
    task: Task = dispatch(
        _SCAN,
        # A module version has one report, whatever repositories of the domain hold it. Not the repositories: a
        # publish must not wait for this.
        exclusive_resources=[f"gomod:scan:{vulndb.pulp_domain_id}", *turns],
        shared_resources=[vulndb],
        kwargs={"vulndb_pk": str(vulndb.pk), **what},
    )
    return task


_PREFIX = "gomod.vulndb/"


def _name(vulndb: GoVulndb) -> str:
    return f"{_PREFIX}{vulndb.pk}"
