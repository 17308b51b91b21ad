"""What goes with a repository or a remote is not read first: there may be a row for each module version."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from tests.functional.upstream_world import running
from tests.goproxy_requests import get
from tests.inprocess import vulndbs
from tests.inprocess.meanwhile import meanwhile
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_waivers import request
from tests.waiting import wait_until

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoCacheEntry,
    GoCachedModFile,
    GoConsumer,
    GoDistribution,
    GoPendingEntry,
    GoPolicy,
    GoRelease,
    GoRemote,
    GoRepository,
    GoSeenVersion,
    GoSumdb,
    GoVulndb,
)
from pulp_gomod.app.models.event import Event, record  # isort: skip
from pulp_gomod.app.remote.cache.entries import add_pending  # isort: skip
from pulp_gomod.app.serializers import GoDistributionSerializer  # isort: skip
from pulpcore.plugin.util import get_url  # isort: skip

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

    policy = GoPolicy.objects.create(name=f"policy-{uuid4().hex}")
    event = Event("stopped", policy.pulp_domain_id, policy.name, None, "deny", "m", "v1.0.0")
    with meanwhile(GoPolicy, lambda: record([(event, 1)], timezone.now())) as recorded:
        policy.delete()
    with pytest.raises(IntegrityError):
        recorded.result()


def test_policies_and_databases_go_while_others_begin_to_need_them(content_url: str) -> None:
    repository = Owner.create(content_url).repository
    policy = GoPolicy.objects.create(name=f"policy-{uuid4().hex}")
    with meanwhile(GoPolicy, lambda: request(policy, "example.com/m")) as requested:
        policy.delete()
    with pytest.raises(GoPolicy.DoesNotExist):
        requested.result()

    vulndb = vulndbs.make()
    refuses(vulndb, GoPolicy(name=f"policy-{uuid4().hex}", vulnerable_db=vulndb))
    vulndb = vulndbs.make()
    vulndbs.fill(vulndb, vulndbs.report("GO-1", "example.com/m"))
    with meanwhile(
        GoVulndb, lambda: vulndbs.fill(vulndb, vulndbs.report("GO-2", "m.com/m"))
    ) as filled:
        vulndb.delete()
    with pytest.raises(GoVulndb.DoesNotExist):
        filled.result()

    sumdb = GoSumdb.objects.create(name=f"example.com/{uuid4().hex}", verifier_key="k")
    repository.sumdb = sumdb
    refuses(sumdb, repository)


def test_who_wants_to_serve_what_is_being_deleted_is_told_so(content_url: str) -> None:
    repository = Owner.create(content_url).repository
    name = f"serving-{uuid4().hex}"
    asked = {"name": name, "base_path": name, "repository": get_url(repository)}
    serializer = GoDistributionSerializer(data=asked, context={"request": None})
    serializer.is_valid(raise_exception=True)
    with meanwhile(GoRepository, serializer.save) as served:
        repository.delete()
    with pytest.raises(ValidationError, match="was deleted meanwhile"):
        served.result()
    assert not GoDistribution.objects.filter(name=name).exists()


def refuses(row: Model, naming: Model) -> None:
    """Delete a row while another connection stores one that names it, which is refused."""
    with meanwhile(type(row), naming.save) as stored:
        row.delete()
    assert not type(row)._default_manager.filter(pk=row.pk).exists()
    with pytest.raises(IntegrityError):
        stored.result()
