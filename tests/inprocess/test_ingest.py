"""What was fetched joins its repository when nothing comes any more, to whichever process."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.functional.upstream_world import Upstream
from tests.inprocess.mirrors import Mirror
from tests.waiting import wait_until

from pulp_gomod.app.models import GoCacheEntry, GoPendingEntry  # isort: skip
from pulp_gomod.app.models.dispatching import tasks_of  # isort: skip
from pulp_gomod.app.remote import ingest  # isort: skip
from pulp_gomod.app.remote.ingest import INGEST, QUIET, dispatch  # isort: skip

PATH, V = "example.com/m", "v1.0.0"


@pytest.fixture
def mirror(content_url: str, upstream: Upstream) -> Mirror:
    """A distribution through which a go.mod came that waits to join."""
    upstream.add(PATH, V)
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get(f"{PATH}/@v/{V}.mod").status_code == 200
    entry = GoCacheEntry.objects.get(remote=mirror.remote, file="mod")
    GoPendingEntry.objects.get_or_create(repository=mirror.owner.repository, entry=entry)
    return mirror


def came(mirror: Mirror, seconds: float) -> None:
    """Say that it came so many seconds ago."""
    then = timezone.now() - timedelta(seconds=seconds)
    pending = GoPendingEntry.objects.filter(repository=mirror.owner.repository)
    assert pending.update(pulp_created=then) == 1


def test_a_process_waits_for_what_comes_to_others(mirror: Mirror) -> None:
    came(mirror, 0)
    assert QUIET - 1 < dispatch(mirror.owner.repository.pk, is_due=False) <= QUIET

    came(mirror, QUIET)
    assert dispatch(mirror.owner.repository.pk, is_due=False) == 0
    assert tasks_of(mirror.owner.repository, INGEST).count() == 1


def test_what_came_waits_for_the_zips_of_a_build(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The go command asks for the `.info` of all modules first: longer than QUIET, where there are many."""
    monkeypatch.setattr(ingest, "QUIET", 3.0)
    repository = mirror.owner.repository
    end = time.monotonic() + 4.5
    while time.monotonic() < end:
        number = f"v1.0.{time.monotonic_ns()}"
        assert mirror.get(f"{PATH}/@v/{number}.info").status_code == 404
        time.sleep(0.1)
    assert not tasks_of(repository, INGEST).exists()
    wait_until(tasks_of(repository, INGEST).exists)
    assert tasks_of(repository, INGEST).count() == 1


def test_it_does_not_wait_for_ever(mirror: Mirror) -> None:
    came(mirror, 0)
    assert dispatch(mirror.owner.repository.pk, is_due=True) == 0
    assert tasks_of(mirror.owner.repository, INGEST).count() == 1
