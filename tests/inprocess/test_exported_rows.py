"""What Pulp's exports have of a repository version, and what imports make of exports of older versions."""

import json
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from tablib import Dataset

from tests.functional.rest_api import Made
from tests.inprocess import vulndbs
from tests.inprocess.owners import Owner

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulpcore.app.contexts import with_task_context  # noqa: TID251  # isort: skip
from pulpcore.plugin.models import Artifact, Domain, Task  # isort: skip
from pulp_gomod.app.exceptions import ImportIncompleteError  # isort: skip
from pulp_gomod.app.modelresource import (  # isort: skip
    GoModuleResource,
    GoReleaseResource,
    GoRepositoryResource,
)
from pulp_gomod.app.models import GoModule, GoRelease, GoRepository  # isort: skip

# What came with the export of labels, and of what tells whether the zip is there.
NEW = ("pulp_labels", "zip")


def rows_of(resource: Any) -> list[dict[str, Any]]:
    """Export, and read what is written."""
    rows: list[dict[str, Any]] = json.loads(resource.export(resource.queryset).json)
    return rows


def bring(domain: Domain, rows: list[dict[str, Any]]) -> None:
    """Import modules into a domain."""
    task = Task.objects.create(name="tests", state="running", pulp_domain=domain)
    with with_task_context(task):
        dataset = Dataset().load(StringIO(json.dumps(rows)))
        GoModuleResource().import_data(dataset, raise_errors=True)


@pytest.fixture
def there(content_url: str) -> Domain:
    """Another domain."""
    storage = "pulpcore.app.models.storage.FileSystem"
    name = f"rows-{uuid4().hex[:8]}"
    made: Domain = Domain.objects.create(name=name, storage_class=storage, storage_settings={})
    return made


def test_exports_of_older_versions_are_imported(content_url: str, there: Domain) -> None:
    owner, made = Owner.create(content_url), Made()
    owner.publish(made.zip())
    (row,) = rows_of(GoModuleResource(owner.repository.latest_version()))
    older = {name: value for name, value in row.items() if name not in NEW}
    assert len(older) == len(row) - len(NEW)
    bring(there, [older])
    unit = GoModule.objects.get(_pulp_domain=there, module=made.path)
    assert unit.h1 == row["h1"]
    # What was labelled there stays so, whether the export knows of labels or not.
    GoModule.objects.filter(pk=unit.pk).update(pulp_labels={"mine": "yes", "both": "here"})
    bring(there, [older])
    unit.refresh_from_db()
    assert unit.pulp_labels == {"mine": "yes", "both": "here"}
    with pytest.raises(ImportIncompleteError, match=made.path):
        bring(there, [row])
    theirs = older | {"pulp_labels": json.dumps({"both": "there"})}
    bring(there, [theirs])
    unit.refresh_from_db()
    assert unit.pulp_labels == {"mine": "yes", "both": "there"}
    assert not Artifact.objects.filter(pulp_domain=there).exists()


def test_what_a_repository_goes_by_here_stays_here(content_url: str) -> None:
    owner, other = Owner.create(content_url), Owner.create(content_url)
    mine, theirs = vulndbs.make(), vulndbs.make()
    GoRepository.objects.filter(pk=other.repository.pk).update(vulndb=theirs)
    owner.publish(Made().zip())
    GoRepository.objects.filter(pk=owner.repository.pk).update(vulndb=mine)
    (row,) = rows_of(GoRepositoryResource(owner.repository.latest_version()))
    assert not {"vulndb", "sumdb"} & row.keys()
    # As on a server that has no such database.
    GoRepository.objects.filter(pk=owner.repository.pk).update(vulndb=None)
    mine.delete()
    dataset = Dataset().load(StringIO(json.dumps([row | {"name": other.repository.name}])))
    GoRepositoryResource(other.repository.latest_version()).import_data(dataset, raise_errors=True)
    assert GoRepository.objects.get(pk=other.repository.pk).vulndb == theirs


def test_releases_of_a_version_are_those_that_it_may_know(content_url: str) -> None:
    owner, removed, later = Owner.create(content_url), Made(), Made()
    owner.publish(removed.zip())
    repository = GoRepository.objects.get(pk=owner.repository.pk)
    with repository.new_version() as new:
        new.remove_content(GoModule.objects.filter(module=removed.path))
    kept = Made()
    owner.publish(kept.zip())
    exported = repository.latest_version()
    owner.publish(later.zip())
    # Of another zip of what is held, and of one that no version tells of any more.
    known = GoRelease.objects.get(repository=repository, module=kept.path)
    for path, version in ((kept.path, "v1.0.0"), ("example.com/forgotten", "v1.0.0")):
        GoRelease.objects.create(
            repository=repository, module=path, version=version, h1="h1:other", time=known.time
        )
    rows = rows_of(GoReleaseResource(exported))
    assert sorted((row["module"], row["h1"] == "h1:other") for row in rows) == sorted(
        [(removed.path, False), (kept.path, False), ("example.com/forgotten", True)]
    )
