"""Whatever the way into a repository, a module version and its record become visible together or not at all."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.db.models.signals import post_save

from tests.functional.upstream_world import Upstream
from tests.goproxy_requests import zip_of
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_importing import imported

from pulpcore.app.contexts import with_task_context  # isort: skip  # noqa: TID251
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import RepositoryVersion, Task  # isort: skip
from pulpcore.plugin.tasking import add_and_remove  # isort: skip

from pulp_gomod.app.models import (  # isort: skip
    GoPendingEntry,
    GoLogRecord,
    GoModule,
    GoRemote,
    GoRepository,
    GoSumdb,
)
from pulp_gomod.app.models.membership import held_in  # isort: skip
from pulp_gomod.app.storage import signing  # isort: skip
from pulp_gomod.app.tasks import sumdb as tasks  # isort: skip
from pulp_gomod.app.tasks.ingest import ingest  # isort: skip
from pulp_gomod.app.tasks.promotion import modify  # isort: skip
from pulp_gomod.app.tasks.sync.run import sync  # isort: skip


class World:
    """A repository that feeds a checksum database and pulls through, and another one with a module."""

    def __init__(self, url: str, upstream: Upstream) -> None:
        self.sumdb = GoSumdb(name=f"go.example.com/{uuid4().hex[:12]}")
        signing.make_sumdb(self.sumdb)
        self.path = f"example.com/{uuid4().hex[:12]}"
        upstream.add(self.path, "v1.0.0")
        self.mirror = Mirror.create(url, upstream)
        self.owner, self.other = self.mirror.owner, Owner.create(url)
        GoRepository.objects.filter(pk=self.owner.repository.pk).update(sumdb=self.sumdb)
        self.owner.repository.refresh_from_db()
        self.zip = zip_of(self.path, "v1.0.0", f"module {self.path}\n")

    def unit_elsewhere(self) -> GoModule:
        """The module, as another repository holds it."""
        if not GoModule.objects.filter(module=self.path).exists():
            self.other.publish(self.zip)
        unit: GoModule = GoModule.objects.get(module=self.path)
        return unit

    def seen(self) -> tuple[list[str], list[str]]:
        """What others see: the module versions of the repository, and those that are on record."""

        def look() -> tuple[list[str], list[str]]:
            try:
                repository = GoRepository.objects.get(pk=self.owner.repository.pk)
                versions = repository.versions.filter(complete=True)
                newest = RepositoryVersion.objects.get(pk=versions.order_by("-number")[0].pk)
                held = held_in(GoModule.objects.all(), newest)
                records = GoLogRecord.objects.filter(sumdb=self.sumdb)
                return (
                    sorted(held.values_list("module", flat=True)),
                    sorted(records.values_list("module", flat=True)),
                )
            finally:
                connections.close_all()

        # On a connection of its own, which is in no transaction.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(look).result()


def _task(task: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    with with_task_context(Task.objects.create(name="tests", state=TASK_STATES.RUNNING)):
        task(*args, **kwargs)


def _upload(world: World) -> None:
    world.owner.publish(world.zip)


def _copy(world: World) -> None:
    unit = world.unit_elsewhere()
    _task(add_and_remove, str(world.owner.repository.pk), [str(unit.pk)], [])


def _promote(world: World) -> None:
    """With the zips of what is added fetched before."""
    unit = world.unit_elsewhere()
    _task(modify, str(world.owner.repository.pk), str(world.mirror.remote.pk), [str(unit.pk)])


def _sync(world: World) -> None:
    GoRemote.objects.filter(pk=world.mirror.remote.pk).update(policy="immediate")
    where = (str(world.owner.repository.pk), str(world.mirror.remote.pk))
    _task(sync, *where, modules=[f"{world.path}@v1.0.0"])


def _import(world: World) -> None:
    stem = f"{world.path}/@v/v1.0.0"
    go_mod = f"module {world.path}\n".encode()
    imported(world.owner, {f"{stem}.mod": go_mod, f"{stem}.zip": world.zip})


def _cache(world: World) -> None:
    if not GoPendingEntry.objects.filter(repository=world.owner.repository).exists():
        assert world.mirror.get(f"{world.path}/@v/v1.0.0.zip").status_code == 200
        arrived = GoPendingEntry.objects.filter(repository=world.owner.repository)
        assert list(arrived.values_list("entry__module", flat=True))
    ingest(str(world.owner.repository.pk))


@contextmanager
def failing_at_last(world: World) -> Iterator[list[object]]:
    """Let the append fail when it has done all, and note what others see at that moment."""
    seen: list[object] = []

    def fail(instance: GoSumdb, **more: object) -> None:
        if instance.pk == world.sumdb.pk:
            seen.append(world.seen())
            raise RuntimeError("the power fails")

    post_save.connect(fail, GoSumdb, weak=False, dispatch_uid="failing")
    try:
        yield seen
    finally:
        post_save.disconnect(sender=GoSumdb, dispatch_uid="failing")


@pytest.mark.parametrize("way", [_upload, _copy, _promote, _sync, _import, _cache])
def test_a_version_and_its_records_are_one_transaction(
    content_url: str, upstream: Upstream, way: Callable[[World], None]
) -> None:
    world = World(content_url, upstream)
    with failing_at_last(world) as seen, pytest.raises(RuntimeError, match="the power fails"):
        way(world)
    # Neither came before the other, and nothing is left of either.
    assert seen == [([], [])]
    assert world.seen() == ([], [])
    way(world)
    assert world.seen() == ([world.path], [world.path])
    assert "1 records" in tasks.check(str(world.sumdb.pk))


def test_what_removes_or_renames_is_no_record(content_url: str, upstream: Upstream) -> None:
    world = World(content_url, upstream)
    _upload(world)
    GoRepository.objects.get(pk=world.owner.repository.pk).save()
    _task(add_and_remove, str(world.owner.repository.pk), [], ["*"])
    assert world.seen() == ([], [world.path])
    # Back again: on record it is once.
    unit = GoModule.objects.get(module=world.path)
    _task(add_and_remove, str(world.owner.repository.pk), [str(unit.pk)], [])
    assert world.seen() == ([world.path], [world.path])
