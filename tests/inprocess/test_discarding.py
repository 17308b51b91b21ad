"""What goes with a repository or a remote is not read first: there may be a row for each module version."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.functional.upstream_world import running
from tests.goproxy_requests import get
from tests.inprocess.mirrors import Mirror

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoCacheEntry,
    GoCachedModFile,
    GoPendingEntry,
    GoRelease,
    GoRemote,
    GoRepository,
)

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
