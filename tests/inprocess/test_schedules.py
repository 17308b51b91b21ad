"""Syncs that are repeated: what is dispatched when one is due."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.inprocess.owners import Owner

from django_guid import set_guid  # isort: skip
from django_guid.utils import generate_guid  # isort: skip
from pulpcore.plugin.models import Task, TaskSchedule  # isort: skip

from pulp_gomod.app.exceptions import SyncFailedError  # isort: skip
from pulp_gomod.app.models import GoRemote  # isort: skip
from pulp_gomod.app.models.dispatching import tasks_of  # isort: skip
from pulp_gomod.app.tasks.sync.scheduling import (  # isort: skip
    SYNC,
    name_of,
    schedules_of,
    set_schedule,
    sync_on_schedule,
)

HOUR = timedelta(hours=1)
WANTED = {"index": True, "mirror": False}


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


@pytest.fixture
def remote(owner: Owner) -> GoRemote:
    remote: GoRemote = GoRemote.objects.create(name=f"remote-{uuid4()}", url="http://127.0.0.1:1")
    return remote


def due(schedule: TaskSchedule) -> None:
    """Do what a worker does then."""
    schedule.refresh_from_db()
    assert schedule.task_name.endswith(f".{sync_on_schedule.__name__}")
    # As each task has one.
    set_guid(generate_guid())
    sync_on_schedule(*schedule.task_args, **schedule.task_kwargs)


def syncs(owner: Owner) -> list[Task]:
    return list(tasks_of(owner.repository, SYNC).order_by("pulp_created"))


def test_a_sync_is_dispatched_unless_one_is_not_over(owner: Owner, remote: GoRemote) -> None:
    schedule = set_schedule(owner.repository, "default", HOUR, None, remote, WANTED)
    due(schedule)
    (task,) = syncs(owner)
    assert task.enc_kwargs == WANTED | {
        "repository_pk": str(owner.repository.pk),
        "remote_pk": str(remote.pk),
    }
    due(schedule)
    assert syncs(owner) == [task]
    Task.objects.filter(pk=task.pk).update(state="completed")
    due(schedule)
    assert len(syncs(owner)) == 2


def test_the_repository_s_own_remote_is_that_of_the_time(owner: Owner, remote: GoRemote) -> None:
    schedule = set_schedule(owner.repository, "default", HOUR, None, None, WANTED)
    with pytest.raises(SyncFailedError, match="is gone"):
        due(schedule)
    owner.repository.remote = remote
    owner.repository.save()
    due(schedule)
    assert [task.enc_kwargs["remote_pk"] for task in syncs(owner)] == [str(remote.pk)]


def test_a_schedule_is_replaced_by_its_name(owner: Owner, remote: GoRemote) -> None:
    begin = datetime(2030, 1, 2, tzinfo=UTC)
    other = Owner.create(owner.url)
    set_schedule(other.repository, "nightly", HOUR, None, remote, WANTED)
    for name, wanted in (("nightly", WANTED), ("hourly", WANTED), ("nightly", {"go_sum": ""})):
        set_schedule(owner.repository, name, HOUR, begin, remote, wanted)
    found: dict[str, Any] = {name_of(each): each for each in schedules_of(owner.repository)}
    assert list(found) == ["hourly", "nightly"]
    assert found["nightly"].task_kwargs["wanted"] == {"go_sum": ""}
    assert found["nightly"].next_dispatch == begin


def test_the_schedules_of_a_repository_that_is_gone_go(owner: Owner, remote: GoRemote) -> None:
    schedule = set_schedule(owner.repository, "default", HOUR, None, remote, WANTED)
    owner.distribution.delete()
    owner.repository.delete()
    due(schedule)
    assert not TaskSchedule.objects.filter(pk=schedule.pk).exists()
