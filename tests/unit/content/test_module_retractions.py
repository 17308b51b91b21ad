"""What is stored of a go.mod's retractions: all for Go, and the first for people."""

import json
from collections.abc import Iterator
from io import BytesIO

import pytest

from pulpcore.plugin.models import Domain
from pulpcore.plugin.util import set_domain

from pulp_gomod.app.modelresource import GoModuleResource
from pulp_gomod.app.models import GoModule
from pulp_gomod.app.models.module import LONGEST_RATIONALE, MOST_SHOWN
from pulp_gomod.golang.retracted import is_retracted, pack
from pulp_gomod.golang.zip import check_upload
from tests.gomods import pack as pack_zip

PATH = "example.com/m"


@pytest.fixture(autouse=True)
def _domain() -> Iterator[None]:
    """A domain that no database has to be asked for; tests with one, in the same process, have another."""
    set_domain(Domain(name="default"))
    yield
    set_domain(None)


def unit(lines: str) -> GoModule:
    go_mod = f"module {PATH}\n{lines}".encode()
    return GoModule.from_upload(
        check_upload(BytesIO(pack_zip(f"{PATH}@v1.0.0/", [("go.mod", go_mod)])))
    )


def test_nothing_is_stored_where_nothing_is_retracted() -> None:
    made = unit("")
    assert (made.retractions, made.retracted) == (None, None)


def test_one_reason_for_thousands_of_versions_is_not_stored_thousands_of_times() -> None:
    block = "".join(f"v0.{n}.1\n" for n in range(5000))
    made = unit(f"// {'x' * 200_000}\nretract (\n{block})\n")
    assert made.retractions is not None
    assert len(made.retractions) == MOST_SHOWN
    assert {len(each["rationale"]) for each in made.retractions} == {LONGEST_RATIONALE}
    assert is_retracted(made.retracted, "v0.4999.1")
    assert len(json.dumps(made.facts())) < 2 * MOST_SHOWN * LONGEST_RATIONALE


def test_an_export_of_an_older_version_can_be_imported() -> None:
    said = [{"low": "v0.1.0", "high": "v0.2.0", "rationale": ""}]
    resource = object.__new__(GoModuleResource)
    for retractions, packed in ((said, pack([("v0.1.0", "v0.2.0")])), (None, None)):
        row = {"retractions": json.dumps(retractions)}
        resource.before_import_row(row)
        assert json.loads(row["retracted"]) == packed
    row = {"retractions": json.dumps(said), "retracted": '"A0"'}
    resource.before_import_row(row)
    assert row["retracted"] == '"A0"'
