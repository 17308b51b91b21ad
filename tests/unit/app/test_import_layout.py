"""What the files of an imported tree are, by names that whoever has made the tar has chosen."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.tasks.importing.layout import place_of, split_sumdb

LONG = 1_000_000


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sumdb/sum.golang.org/latest", ("sum.golang.org", "latest")),
        ("sumdb/sum.golang.org/db/latest", ("sum.golang.org/db", "latest")),
        ("mod/cache/download/sumdb/s.org/lookup/a.b@v1", ("s.org", "lookup/a.b@v1")),
        ("sumdb/s.org/tile/8/0/x001/000.p/5", ("s.org", "tile/8/0/x001/000.p/5")),
        ("sumdb/a/sumdb/b/lookup/c", ("b", "lookup/c")),
        ("sumdb/a/lookup/sumdb/latest", ("a", "lookup/sumdb/latest")),
        ("sumdb/a/latest/lookup/b/latest", ("a/latest", "lookup/b/latest")),
        ("sumdb/a/lookup/", None),
        ("sumdb//latest", None),
        ("sumdb/latest", None),
        ("xsumdb/a/latest", None),
        ("sumdb/a/supported", None),
        ("sumdb/a/lookup/b\n", None),
    ],
)
def test_files_of_checksum_databases(name: str, found: tuple[str, str] | None) -> None:
    assert split_sumdb(name) == found


@pytest.mark.parametrize(
    "part", ["sumdb/x/tile/8/", "sumdb/", "xsumdb/", "/lookup/", "a/@v/", "a/v1/v1.info/", "."]
)
@pytest.mark.parametrize("end", ["", "\n", "/lookup/a"])
def test_a_name_of_a_megabyte_is_read_as_any(part: str, end: str) -> None:
    """It holds a worker, which nothing interrupts in the middle of a regular expression."""
    name = part * (LONG // len(part)) + end
    assert name.startswith("sumdb/") or place_of(name) is None


@given(
    st.lists(
        st.sampled_from(["sumdb/", "/", "latest", "lookup/", "tile/8/", "x", "/lookup/", "\n"])
    )
)
def test_whatever_a_name_has_it_is_split_where_a_database_begins(parts: list[str]) -> None:
    name = "".join(parts)
    found = split_sumdb(name)
    # One expression says it, too, but takes time by the cube of the length of a name.
    expected = re.fullmatch(r"(?:.*/)?sumdb/(.+?)/(latest|lookup/.+|tile/8/.+)", name)
    assert found == (expected.groups() if expected else None)
