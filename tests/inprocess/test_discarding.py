"""What goes with a repository or a remote is not read first: there may be a row for each module version."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.functional.upstream_world import running
from tests.goproxy_requests import get
from tests.inprocess.mirrors import Mirror
from tests.waiting import wait_until

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoCacheEntry,
    GoCachedModFile,
    GoConsumer,
    GoPendingEntry,
    GoRelease,
    GoRemote,
    GoRepository,
    GoSeenVersion,
)
from pulp_gomod.app.remote.cache.entries import add_pending  # isort: skip

_MANY = (GoCacheEntry, GoCachedModFile, GoPendingEntry, GoRelease)


def first_statements(act: Callable[[], object]) -> dict[str, str]:
    """Return the first word that PostgreSQL is told about each table that may have very many rows."""
    with CaptureQueriesContext(connection) as caught:
        act()
    first: dict[str, str] = {}
    for each in caught.captured_queries:
        for model in _MANY:
            verb, _, rest = each["sql"].partition(" ")
            if f'FROM "{model._meta.db_table}"' in rest:
                first.setdefault(model.__name__, verb)
    return first


def test_a_remote_and_its_repository_go_without_being_read(content_url: str) -> None:
    with running() as upstream:
        upstream.add("example.com/one", "v1.0.0")
        mirror = Mirror.create(content_url, upstream)
        for name in ("v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"):
            answer = get(f"{mirror.owner.packages_url}/example.com/one/@v/{name}")
            assert answer.status_code == 200
    remote = GoRemote.objects.get(pk=mirror.owner.distribution.remote_id)
    repository = GoRepository.objects.get(pk=mirror.owner.repository.pk)
    entries = GoCacheEntry.objects.filter(remote=remote)
    assert entries.exists()
    assert GoPendingEntry.objects.filter(repository=repository).exists()

    deleted = first_statements(remote.delete)
    assert deleted["GoCacheEntry"] == deleted["GoPendingEntry"] == "DELETE"
    assert not GoCacheEntry.objects.filter(remote=remote.pk).exists()

    release = {"module": "example.com/one", "version": "v1.0.0", "time": timezone.now()}
    GoRelease.objects.create(repository=repository, **release)
    deleted = first_statements(repository.delete)
    assert deleted["GoRelease"] == deleted["GoCachedModFile"] == "DELETE"
    assert not GoRelease.objects.filter(module="example.com/one", repository=repository.pk)


def test_they_go_while_the_content_app_writes_of_them(content_url: str) -> None:
    with running() as upstream:
        upstream.add("example.com/one", "v1.0.0")
        mirror = Mirror.create(content_url, upstream)
        url = f"{mirror.owner.packages_url}/example.com/one/@v/v1.0.0.zip"
        assert get(url).status_code == 200
    entry = GoCacheEntry.objects.get(remote=mirror.remote, file="zip")
    repository = mirror.owner.repository
    wait_until(GoPendingEntry.objects.filter(entry=entry).exists)

    with meanwhile(GoCacheEntry, lambda: add_pending([(repository.pk, entry.pk)])) as added:
        mirror.remote.delete()
    assert added.result() is None
    assert not GoPendingEntry.objects.filter(repository=repository).exists()

    named = {"module": "example.com/two", "version": "v1.0.0"}
    times = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    remote = Mirror.create(content_url, upstream).remote
    refuses(remote, GoSeenVersion(remote=remote, seen=timezone.now(), **named))
    refuses(repository, GoRelease(repository=repository, time=timezone.now(), **named))
    distribution = mirror.owner.distribution
    refuses(distribution, GoConsumer(distribution=distribution, **named, **times))


def refuses(row: Model, naming: Model) -> None:
    """Delete a row while another connection stores one that names it, which is refused."""
    with meanwhile(type(row), naming.save) as stored:
        row.delete()
    assert not type(row)._default_manager.filter(pk=row.pk).exists()
    with pytest.raises(IntegrityError):
        stored.result()


@contextlib.contextmanager
def meanwhile(model: type[Model], act: Callable[[], object]) -> Iterator[Future]:
    """Have another connection do something just before rows of a model are deleted; it may have to wait for that."""
    with ThreadPoolExecutor(1) as pool:
        outcomes: list[Future] = []

        def watch(execute: Callable, sql: str, *others: Any) -> object:
            if not outcomes and sql.startswith(f'DELETE FROM "{model._meta.db_table}"'):
                outcomes.append(pool.submit(closing, act))
                wait_until(lambda: outcomes[0].done() or somebody_waits())
            return execute(sql, *others)

        outcome: Future = Future()
        with connection.execute_wrapper(watch):
            yield outcome
        try:
            outcome.set_result(outcomes[0].result())
        except IntegrityError as error:
            outcome.set_exception(error)


def closing(act: Callable[[], object]) -> object:
    """Close the connection of this thread at the end."""
    try:
        return act()
    finally:
        connection.close()


def somebody_waits() -> bool:
    """Whether a connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
