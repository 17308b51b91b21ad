"""
The changes that wait for a repository, and the task that settles them.

Whoever waits for a change holds a lease on it, which he renews as long as he is there. A task takes
in only what is held: what a killed process asked for does not appear long after.
"""

import logging
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.functions import Now

from pulpcore.plugin.files import PulpTemporaryUploadedFile
from pulpcore.plugin.models import Task
from pulpcore.plugin.util import get_prn, set_domain

from pulp_gomod.app.models import GoChange, GoRepository
from pulp_gomod.app.models.dispatching import dispatch_for, ensure_task, tasks_of
from pulp_gomod.app.publishing.problems import Problem
from pulp_gomod.app.storage.modules import discard_artifact, save_or_find_artifact

log = logging.getLogger(__name__)

T = TypeVar("T")

SETTLE = "pulp_gomod.app.tasks.publish.settle"

LEASE = timedelta(seconds=4)
RENEWAL = 1.0
"""Seconds after which a lease is to be renewed."""

UNFINISHED = ("waiting", "running", "canceling")
"""States of tasks that have not ended."""


def enqueue(change: GoChange, file: PulpTemporaryUploadedFile | None = None) -> None:
    """
    Store a change that somebody waits for, and see that a task will settle it.

    Args:
        change: The unsaved row.
        file: The zip to publish, complete on disk.

    Raises:
        Problem: The repository was deleted meanwhile.
        OSError: The disk is full.
        StorageUnavailableError: The storage did not take the zip.
        OperationalError: The database went away; the change may be stored or not.
    """
    change.expires = Now() + LEASE

    def store() -> None:
        _store(change, file)
        change.save(force_insert=True)

    _undisturbed(change, store)
    try:
        ensure_task(change.repository, SETTLE)
    except DatabaseError as error:
        # The change is stored, and whoever waits sees to a task again.
        log.warning("No task could be dispatched for a change yet: %s", error)


def enqueue_unattended(change: GoChange, file: PulpTemporaryUploadedFile | None = None) -> Task:
    """
    Store a change that nobody waits for, together with a task of its own, which has its pk.

    Args:
        change: The unsaved row.
        file: The zip to publish, complete on disk.

    Returns:
        The task; it fails if the change is refused.

    Raises:
        Problem: The repository was deleted meanwhile.
        OSError: The disk is full.
        StorageUnavailableError: The storage did not take the zip.
    """

    def store() -> Task:
        _store(change, file)
        task = dispatch_for(change.repository, SETTLE)
        change.pk = task.pk
        change.save(force_insert=True)
        return task

    return _undisturbed(change, store)


def _undisturbed(change: GoChange, store: Callable[[], T]) -> T:
    """Store a change in a transaction, whatever a cleanup of orphans does to its file meanwhile."""
    try:
        return _in_transaction(change, store)
    except IntegrityError as error:
        if GoRepository.objects.filter(pk=change.repository_id).exists():
            # The file was there, and has just been cleaned away: now it is stored anew.
            return _in_transaction(change, store)
        raise Problem(404, "not found: the repository was deleted") from error


def _in_transaction(change: GoChange, store: Callable[[], T]) -> T:
    try:
        with transaction.atomic():
            return store()
    except IntegrityError:
        if change.artifact_is_new:
            discard_artifact(change.artifact)
        raise


def _store(change: GoChange, file: PulpTemporaryUploadedFile | None) -> None:
    # In one transaction with the row, so that the turn lasts until the artifact is referred to.
    if file is not None:
        change.artifact, change.artifact_is_new = save_or_find_artifact(file)


def find_settled(pks: Collection[UUID]) -> set[UUID]:
    """
    Find out which changes do not wait any more.

    Args:
        pks: Their keys; a row that is gone counts as settled.
    """
    waiting = GoChange.objects.filter(pk__in=pks, state=GoChange.State.WAITING)
    return set(pks) - set(waiting.values_list("pk", flat=True))


def renew(pks: Collection[UUID]) -> None:
    """
    Renew the leases of changes, and see that there is a task for each that waits.

    A task that was cancelled, or whose worker died, leaves its changes behind.

    Args:
        pks: Their keys.
    """
    with transaction.atomic():
        # What is locked is being settled at this moment.
        free = GoChange.objects.select_for_update(skip_locked=True).filter(
            pk__in=pks, state=GoChange.State.WAITING
        )
        GoChange.objects.filter(pk__in=free.values("pk")).update(expires=Now() + LEASE)
    waiting = GoChange.objects.filter(pk__in=pks, state=GoChange.State.WAITING)
    repositories = GoRepository.objects.filter(pk__in=waiting.values("repository"))
    for repository in repositories.select_related("pulp_domain"):
        if not tasks_of(repository, SETTLE).filter(state__in=UNFINISHED).exists():
            # A front door serves all domains.
            set_domain(repository.pulp_domain)
            dispatch_for(repository, SETTLE)
        elif _is_overlooked(repository):
            _wake_workers()


def _is_overlooked(repository: GoRepository) -> bool:
    """Say whether the task waits for nothing that can be seen."""
    tasks = Task.objects.filter(
        state__in=UNFINISHED, reserved_resources_record__contains=[get_prn(repository)]
    )
    oldest = tasks.order_by("pulp_created").values_list("name", "state", "unblocked_at").first()
    return bool(oldest == (SETTLE, "waiting", None))


def _wake_workers() -> None:
    # A worker looks for tasks when it is told of one. What was dispatched while none listened, or
    # when the database went away, would wait for the next task of somebody else.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('pulp_worker_wakeup', 'unblock')")
