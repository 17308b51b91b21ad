"""Waiting until a change has become part of a repository version, and knowing what became of it."""

import time
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from pulpcore.plugin.models import Task
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.util import get_prn

from pulp_gomod.app.intake import discard_artifact
from pulp_gomod.app.models import GoChange, GoRepository
from pulp_gomod.app.upload.problems import Problem

SETTLE = "pulp_gomod.app.tasks.changes.settle"

# A task that was cancelled, or whose worker died, leaves rows behind: look for a new one.
_LOOK_FOR_TASK = 1.0
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.1


def submit(change: GoChange, wait: bool = True) -> Task | None:
    """
    Store a change, so that it outlives this process, and see that a task will settle it.

    Args:
        change: The unsaved row.
        wait: Whether the client waits; if so, no task settles it after the time to wait is over.

    Returns:
        The task that was dispatched, or None if one that has not begun is there already.
    """
    if wait:
        change.expires = timezone.now() + timedelta(seconds=settings.GOMOD_UPLOAD_WAIT)
    try:
        change.save()
    except IntegrityError as error:
        # Between storing the zip and storing the row, another client's refused upload of the same
        # bytes was cleared away, or the repository was deleted.
        raise Problem(503, "the upload was disturbed; nothing was changed, try again") from error
    return ensure_task(change.repository, anew=not wait)


def ensure_task(repository: GoRepository, anew: bool = False) -> Task | None:
    """
    Dispatch a task that settles the waiting changes, unless one that has not begun is there.

    A task that has not begun will see every row that is stored by now: so one serves all who wait.

    Args:
        repository: The repository to change.
        anew: Whether to dispatch one in any case.
    """
    if not anew and _tasks(repository).filter(state="waiting").exists():
        return None
    task: Task = dispatch(
        SETTLE,
        exclusive_resources=[repository],
        kwargs={"repository_pk": str(repository.pk)},
    )
    return task


def _tasks(repository: GoRepository):  # type: ignore[no-untyped-def]
    return Task.objects.filter(
        name=SETTLE, reserved_resources_record__contains=[get_prn(repository)]
    )


def wait_for(change: GoChange) -> GoChange:
    """
    Wait until the change is settled; withdraw it if that takes too long.

    Args:
        change: A stored change.

    Returns:
        The change with its final state; the row itself is gone.
    """
    deadline = time.monotonic() + settings.GOMOD_UPLOAD_WAIT
    look = time.monotonic() + _LOOK_FOR_TASK
    pause = _FIRST_PAUSE
    while _is_waiting(change):
        now = time.monotonic()
        if now > deadline:
            _withdraw(change)
            break
        if now > look:
            _revive(change.repository)
            look = now + _LOOK_FOR_TASK
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    change.refresh_from_db()
    GoChange.objects.filter(pk=change.pk).delete()
    if change.artifact and change.state != GoChange.State.DONE:
        discard_artifact(change.artifact)
    return change


def _is_waiting(change: GoChange) -> bool:
    waiting: bool = GoChange.objects.filter(pk=change.pk, state=GoChange.State.WAITING).exists()
    return waiting


def _withdraw(change: GoChange) -> None:
    # A task that has begun holds the row's lock until it commits: this waits for it, and then finds
    # the row settled.
    GoChange.objects.filter(pk=change.pk, state=GoChange.State.WAITING).update(
        state=GoChange.State.WITHDRAWN
    )


def _revive(repository: GoRepository) -> None:
    if not _tasks(repository).filter(state__in=("waiting", "running", "canceling")).exists():
        ensure_task(repository)
