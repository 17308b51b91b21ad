"""What proves modules, in Pulp's exports and imports."""

import json
from collections.abc import Iterator
from io import StringIO
from uuid import uuid4

import pytest
from tablib import Dataset

from pulp_gomod.golang.sumdb import note
from tests.inprocess.test_proofs import Database, check_records, proof_of

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulpcore.app.contexts import with_task_context  # noqa: TID251  # isort: skip
from pulpcore.plugin.models import Domain, Task  # isort: skip
from pulp_gomod.app.exceptions import ProofRefusedError  # isort: skip
from pulp_gomod.app.modelresource import GoSumdbResource  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoModFile,
    GoRepository,
    GoSumdbRecord,
    GoSumdbTree,
)


@pytest.fixture(autouse=True)
def no_leftovers(content_url: str) -> Iterator[None]:
    """With the tables of a prepared server."""
    yield
    GoSumdbTree.objects.all().delete()


@pytest.fixture
def there() -> Domain:
    """Another domain."""
    storage = "pulpcore.app.models.storage.FileSystem"
    name = f"proofs-{uuid4().hex[:8]}"
    made: Domain = Domain.objects.create(name=name, storage_class=storage, storage_settings={})
    return made


class Exported:
    """
    A repository that holds what a database has records of, and its exports.

    Attributes:
        key: The database's key.
        repository: The repository.
    """

    def __init__(self, database: Database, *numbers: int) -> None:
        database.bring(*numbers)
        self.key = database.key
        self.repository = GoRepository.objects.create(name=f"proofs-{uuid4().hex[:12]}")
        units = [
            GoModFile.objects.create(
                module=f"example.com/m{number}", version="v1.0.0", go_mod_h1=uuid4().hex, go_mod=b""
            ).pk
            for number in numbers
        ]
        with self.repository.new_version() as version:
            version.add_content(GoModFile.objects.filter(pk__in=units))

    def rows(self) -> str:
        """Export, as pulpcore does, in portions of the keys that the query gives; keep what is of the database."""
        resource = GoSumdbResource(self.repository.latest_version())
        keys = list(resource.queryset.values_list("pk", flat=True))
        parts = [keys[start : start + 15] for start in range(0, len(keys), 15)]
        texts = [resource.export(GoSumdbRecord.objects.filter(pk__in=part)).json for part in parts]
        rows = [row for text in texts for row in json.loads(text)]
        return json.dumps([row for row in rows if row["verifier_key"] == self.key])


def bring(domain: Domain, rows: str) -> list[str]:
    """Import into a domain, and return what the task says of it."""
    task = Task.objects.create(name="tests", state="running", pulp_domain=domain)
    with with_task_context(task):
        result = GoSumdbResource().import_data(Dataset().load(StringIO(rows)), raise_errors=True)
    assert not result.has_errors()
    return list(task.progress_reports.values_list("message", flat=True))


def test_records_are_proven_on_the_other_side_and_again_what_came_since(there: Domain) -> None:
    database = Database(1000)
    numbers = [0, 1, *range(250, 290), 999]
    exported = Exported(database, *numbers)
    rows = exported.rows()
    assert bring(there, rows) == []
    (tree,) = GoSumdbTree.objects.filter(pulp_domain=there)
    assert bytes(tree.head) == database.heads[-1]
    assert sorted(tree.records.values_list("number", flat=True)) == numbers
    # Of a larger head, with the tiles that prove that it continues this one.
    database.grow(700)
    more = Exported(database, 1, 1500)
    assert bring(there, more.rows()) == []
    tree.refresh_from_db()
    assert bytes(tree.head) == database.heads[-1]
    # The older export again changes nothing.
    assert bring(there, rows) == []
    tree.refresh_from_db()
    assert bytes(tree.head) == database.heads[-1]
    assert sorted(tree.records.values_list("number", flat=True)) == [*numbers, 1500]
    GoSumdbTree.objects.filter(verifier_key=database.key).exclude(pk=tree.pk).update(
        pulp_domain=there, verifier_key="none"
    )
    GoSumdbTree.objects.filter(pk=tree.pk).update(
        pulp_domain=exported.repository.pulp_domain, verifier_key=database.key
    )
    assert check_records(database, proof_of(database, *numbers, 1500)) == len(numbers) + 1


def test_nothing_is_kept_that_the_key_does_not_prove(there: Domain) -> None:
    database = Database(600)
    rows = json.loads(Exported(database, 3, 300, 599).rows())
    records = json.loads(rows[1]["records"])
    records[1][3] = records[1][3].replace("h1:", "h1:0")
    rows[1]["records"] = json.dumps(records)
    (line,) = bring(there, json.dumps(rows))
    assert line.startswith("proofs not kept: 1 (example.com/m300@v1.0.0: its record is not the one")
    (tree,) = GoSumdbTree.objects.filter(pulp_domain=there)
    assert sorted(tree.records.values_list("number", flat=True)) == [3, 599]
    # Neither a head that somebody else has signed, nor somebody's key for the public database.
    other = json.loads(Exported(Database(600), 3).rows())
    rows[0]["head"] = other[0]["head"]
    with pytest.raises(ProofRefusedError, match="GOM0015"):
        bring(there, json.dumps(rows))
    other[0]["verifier_key"] = note.generate_key("sum.golang.org")[1]
    with pytest.raises(ProofRefusedError, match="is not the key of sum.golang.org"):
        bring(there, json.dumps(other))
    assert list(GoSumdbTree.objects.filter(pulp_domain=there)) == [tree]
