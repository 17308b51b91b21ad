"""A cleanup of orphans, while clients ask for what it deletes, and tasks begin to need that."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils import timezone

from tests.functional.upstream_world import Upstream
from tests.gomods import pack
from tests.inprocess.meanwhile import before, closing, somebody_waits
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.waiting import wait_until

from pulpcore.app.contexts import with_task_context  # isort: skip # noqa: TID251
from pulpcore.app.tasks.orphan import orphan_cleanup  # isort: skip # noqa: TID251
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import Artifact, Content, Task  # isort: skip

from pulp_gomod.app.models import (  # isort: skip
    GoCacheEntry,
    GoChange,
    GoDocumentation,
    GoModule,
    GoPackage,
    GoRepository,
)
from pulp_gomod.app.publishing.queue import enqueue  # isort: skip
from pulp_gomod.app.storage.modules import save_artifact  # isort: skip
from pulp_gomod.app.upload.received import receive_file  # isort: skip
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey, write  # isort: skip

# A statement when all that is to be deleted was read, and the one that ends it.
_HELD = 'FOR UPDATE OF "core_content"'
_DELETED = 'DELETE FROM "core_content"'


def run(task: Callable[..., Any], **arguments: Any) -> Any:
    row = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    with with_task_context(row):
        return task(**arguments)


def orphan(url: str) -> GoModule:
    """Make a module that is in no repository any more, and was not for days."""
    owner = Owner.create(url)
    path = f"example.com/{owner.repository.name}"
    files = [("go.mod", f"module {path}\n".encode()), ("a.go", b"package a\n")]
    owner.publish(pack(f"{path}@v1.0.0/", files))
    unit: GoModule = GoModule.objects.get(module=path)
    owner.repository.delete()
    days_ago = timezone.now() - timedelta(days=9)
    Content.objects.filter(pk=unit.pk).update(timestamp_of_interest=days_ago)
    return unit


def clean_up(*units: GoModule) -> None:
    run(orphan_cleanup, content_pks=[unit.pk for unit in units], orphan_protection_time=60)


def is_there(unit: GoModule) -> bool:
    return (
        Content.objects.filter(pk=unit.pk).exists() and GoModule.objects.filter(pk=unit.pk).exists()
    )


@pytest.fixture
def mirror(content_url: str, upstream: Upstream) -> Mirror:
    return Mirror.create(content_url, upstream)


def add(repository: GoRepository, unit: GoModule) -> None:
    with repository.new_version() as version:
        version.add_content(GoModule.objects.filter(pk=unit.pk))


def test_nothing_is_added_to_a_repository_while_it_is_being_deleted(mirror: Mirror) -> None:
    unit = orphan(mirror.owner.url)
    with before(_DELETED, lambda: run(add, repository=mirror.repository, unit=unit)) as added:
        clean_up(unit)
    with pytest.raises(IntegrityError):
        added.result()
    assert not is_there(unit)
    assert mirror.held() == []


def test_what_is_added_before_it_is_chosen_for_good_stays(mirror: Mirror) -> None:
    needed, other = orphan(mirror.owner.url), orphan(mirror.owner.url)
    adding = before(_HELD, lambda: run(add, repository=mirror.repository, unit=needed))
    with adding as added:
        clean_up(needed, other)
    assert added.result() is None
    assert mirror.held() == [str(needed)]
    assert not is_there(other)


def test_what_a_client_asks_for_again_stays(mirror: Mirror) -> None:
    needed, other = orphan(mirror.owner.url), orphan(mirror.owner.url)
    with before(_HELD, needed.touch) as touched:
        clean_up(needed, other)
    assert touched.result() is None
    assert is_there(needed)
    assert not is_there(other)


@pytest.mark.parametrize(("moment", "refused"), [(_HELD, type(None)), (_DELETED, IntegrityError)])
def test_what_is_written_of_it_does_not_stop_the_cleanup(
    mirror: Mirror, moment: str, refused: type
) -> None:
    unit = orphan(mirror.owner.url)
    key = CacheKey(mirror.remote.pk, uuid4().hex, "m/@v/v1.0.0.zip", "zip", "m", "v1.0.0")
    answer = CacheEntry(200, b"", timezone.now())
    with before(moment, lambda: write(key, answer, unit.pk)) as written:
        clean_up(unit)
    assert type(written.exception()) is refused
    assert not is_there(unit)
    assert not GoCacheEntry.objects.filter(remote=mirror.remote).exists()


def test_neither_does_its_documentation(mirror: Mirror) -> None:
    unit = orphan(mirror.owner.url)
    documenting = before(_HELD, lambda: document(unit))
    with documenting as documented:
        clean_up(unit)
    assert documented.result() is None
    assert not is_there(unit)
    assert not GoDocumentation.objects.filter(unit=unit.pk).exists()


def document(unit: GoModule) -> None:
    GoDocumentation.objects.create(unit=unit, state="complete", computed=timezone.now())
    GoPackage.objects.create(unit=unit, import_path=unit.module)


def test_a_file_that_is_published_again_stays(mirror: Mirror, tmp_path: Path) -> None:
    file = tmp_path / "zip"
    file.write_bytes(uuid4().bytes)
    artifact = Artifact.init_and_validate(str(file))
    artifact.save()
    change = GoChange(
        repository=mirror.repository,
        kind="publish",
        module="m",
        version="v1.0.0",
        artifact=artifact,
    )
    with before('FOR UPDATE OF "core_artifact"', change.save), pytest.raises(ProtectedError):
        artifact.delete()
    assert file_of(artifact).exists()
    change.delete()
    artifact.delete()
    assert not file_of(artifact).exists()


def test_a_file_goes_only_if_nobody_has_stored_the_same_meanwhile(
    content_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, stored = uuid4().bytes, list[Future]()
    orphaned = save_artifact(receive_file(iter([data])))
    delete = orphaned.file.storage.delete

    with ThreadPoolExecutor(1) as pool:

        def publish_first(name: str) -> None:
            stored.append(pool.submit(closing, lambda: save_artifact(receive_file(iter([data])))))
            wait_until(lambda: stored[0].done() or somebody_waits())
            delete(name)

        monkeypatch.setattr(orphaned.file.storage, "delete", publish_first)
        orphaned.delete()
        monkeypatch.undo()
    assert stored[0].result().file.read() == data


def test_what_is_published_while_its_file_is_being_deleted_is_stored_anew(mirror: Mirror) -> None:
    data = uuid4().bytes
    orphaned = Artifact.init_and_validate(receive_file(iter([data])))
    orphaned.save()
    change = GoChange(repository=mirror.repository, kind="publish", module="m", version="v1.0.0")
    publishing = before(
        'DELETE FROM "core_artifact"', lambda: enqueue(change, receive_file(iter([data])))
    )
    with publishing as published:
        orphaned.delete()
    assert published.result() is None
    stored = GoChange.objects.get(pk=change.pk).artifact
    assert stored.pk != orphaned.pk
    assert stored.file.read() == data


def file_of(artifact: Artifact) -> Path:
    return Path(settings.MEDIA_ROOT, artifact.storage_path(""))
