"""What is deleted before a task gets to it is said in a sentence, and costs nobody else anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.inprocess.owners import Owner

from pulpcore.app.contexts import with_task_context  # isort: skip # noqa: TID251
from pulpcore.plugin.constants import TASK_STATES  # isort: skip
from pulpcore.plugin.models import PulpTemporaryFile, Task, Upload  # isort: skip

from pulp_gomod.app.exceptions import GoneError  # isort: skip
from pulp_gomod.app.tasks import publication, sumdb  # isort: skip
from pulp_gomod.app.tasks.bundle import write_bundle  # isort: skip
from pulp_gomod.app.tasks.cleanup import clean_up  # isort: skip
from pulp_gomod.app.tasks.forgetting import forget  # isort: skip
from pulp_gomod.app.tasks.importing.run import import_tree  # isort: skip
from pulp_gomod.app.tasks.ingest import ingest  # isort: skip
from pulp_gomod.app.tasks.promotion import modify  # isort: skip
from pulp_gomod.app.tasks.publish import settle  # isort: skip
from pulp_gomod.app.tasks.replication.run import replicate  # isort: skip
from pulp_gomod.app.tasks.retention import trim_versions  # isort: skip
from pulp_gomod.app.tasks.sync.run import sync  # isort: skip
from pulp_gomod.app.tasks.upload import Source, upload_modules  # isort: skip
from pulp_gomod.app.tasks.vulndb import mirroring  # isort: skip
from pulp_gomod.app.tasks.witnesses import cosign  # isort: skip

# The pk of what is gone.
_GONE = str(uuid4())


def run(task: Callable[..., Any], **arguments: Any) -> Any:
    row = Task.objects.create(name="tests", state=TASK_STATES.RUNNING)
    with with_task_context(row):
        return task(**arguments)


@pytest.mark.parametrize(
    ("what", "task", "arguments"),
    [
        ("repository", settle, ["repository_pk"]),
        ("repository", sync, ["repository_pk", "remote_pk"]),
        ("repository", modify, ["repository_pk", "remote_pk"]),
        ("repository", replicate, ["repository_pk", "remote_pk", "server_pk", "distribution"]),
        ("repository", import_tree, ["repository_pk", "upload_pk"]),
        ("repository version", write_bundle, ["repository_version_pk", "path"]),
        ("repository version", publication.publish, ["repository_version_pk"]),
        ("remote", forget, ["remote_pk", "module", "version"]),
        ("checksum database", sumdb.check, ["sumdb_pk"]),
        ("checksum database", sumdb.recover, ["sumdb_pk"]),
        ("vulnerability database", mirroring.sync, ["vulndb_pk"]),
    ],
)
def test_a_task_that_was_asked_for_says_what_is_gone(
    content_url: str, what: str, task: Callable[..., Any], arguments: list[str]
) -> None:
    with pytest.raises(GoneError, match=f"the {what} that it is about was deleted"):
        run(task, **dict.fromkeys(arguments, _GONE))


@pytest.mark.parametrize("task", [ingest, trim_versions, clean_up])
def test_one_that_nobody_asked_for_ends_well(content_url: str, task: Callable[..., Any]) -> None:
    assert run(task, repository_pk=_GONE) is None


def test_so_it_does_where_it_is_about_a_checksum_database(content_url: str) -> None:
    assert run(cosign, sumdb_pk=_GONE) is None


def test_an_upload_that_was_deleted_is_not_called_a_bad_zip(content_url: str) -> None:
    repository = Owner.create(content_url).repository
    upload = Upload.objects.create(size=1)
    source = Source(kind="upload", pk=str(upload.pk), name="m.zip")
    upload.delete()
    with pytest.raises(GoneError, match="the upload that it is about was deleted"):
        run(upload_modules, sources=[source], repository_pk=str(repository.pk))


@pytest.mark.parametrize(
    ("task", "arguments"),
    [
        (upload_modules, lambda source: {"sources": [source], "repository_pk": _GONE}),
        (mirroring.upload, lambda source: {"source": source, "vulndb_pk": _GONE}),
    ],
)
def test_the_file_that_came_with_it_is_deleted(
    content_url: str, tmp_path: Path, task: Callable[..., Any], arguments: Callable[..., Any]
) -> None:
    path = tmp_path / "m.zip"
    path.write_bytes(b"anything")
    file = PulpTemporaryFile.init_and_validate(str(path))
    file.save()
    with pytest.raises(GoneError):
        run(task, **arguments(Source(kind="file", pk=str(file.pk), name="m.zip")))
    assert not PulpTemporaryFile.objects.filter(pk=file.pk).exists()
