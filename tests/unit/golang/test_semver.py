"""Semantic versions, held against Go's verdicts."""

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError, module, semver
from tests.unit.golang.vectors import load

VECTORS = load("semver")

numbers = st.one_of(
    st.sampled_from(["0", "1", "2", "9", "10", "99", "100"]),
    st.integers(0, 10**30).map(str),
    # Lengths around those where the encoding of the length itself gets longer.
    st.tuples(st.sampled_from("19"), st.integers(0, 700)).map(lambda n: n[0] + "0" * n[1]),
)
words = st.from_regex(r"[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,3}", fullmatch=True)
few_words = st.text("-0aA", min_size=1, max_size=3).filter(lambda s: not re.fullmatch(r"0+", s))
prereleases = st.lists(st.one_of(numbers, words, few_words), max_size=3).map(
    lambda idents: "-" + ".".join(idents) if idents else ""
)
builds = st.sampled_from(["", "", "+incompatible", "+a", "+a.0", "+0", "+00", "+-"])
full = st.builds(lambda a, b, c, p, m: f"v{a}.{b}.{c}{p}{m}", *[numbers] * 3, prereleases, builds)
near = st.builds(lambda p, m: f"v1.0.0{p}{m}", prereleases, builds)
valid_versions = st.one_of(
    full, near, numbers.map("v{}".format), st.builds("v{}.{}".format, numbers, numbers)
)
invalid = st.text().filter(lambda text: not text.startswith("v"))


def shuffled(texts: list[str]) -> list[str]:
    """Return the texts in another order, always the same one."""
    return random.Random(1).sample(texts, len(texts))


def sign(left: Any, right: Any) -> int:
    """Compare as semver.compare does."""
    return int(left > right) - int(left < right)


@pytest.mark.parametrize("row", VECTORS["rows"], ids=lambda row: repr(row["in"])[:40])
def test_parts(row: dict[str, Any]) -> None:
    """Every part of a version is what Go makes of it."""
    v = row["in"]
    assert semver.is_valid(v) is row["valid"]
    assert semver.canonical(v) == row["canonical"]
    assert semver.major(v) == row["major"]
    assert semver.major_minor(v) == row["major_minor"]
    assert semver.prerelease(v) == row["prerelease"]
    assert semver.build(v) == row["build"]
    assert module.canonical_version(v) == row["module_canonical"]


def test_compare() -> None:
    """Pairs compare as in Go."""
    rows = load("semver_compare")
    assert [(v, w, semver.compare(v, w)) for v, w, _ in rows] == [tuple(row) for row in rows]


def test_sort() -> None:
    """Any list sorts as in Go, ties by bytes."""
    expected = VECTORS["sorted"]
    versions = shuffled(expected)
    assert semver.sort(versions) is versions
    assert versions == expected


def test_db_sort_key_of_the_vectors() -> None:
    """The database key gives Go's order, too."""
    expected = [v for v in VECTORS["sorted"] if semver.is_valid(v)]
    assert sorted(shuffled(expected), key=semver.db_sort_key) == expected


@given(valid_versions, valid_versions)
def test_db_sort_key_orders_as_sort_key(v: str, w: str) -> None:
    """Two keys compare as the versions do, and are bytes that any database keeps."""
    assert semver.is_valid(v) and semver.is_valid(w)
    left, right = semver.db_sort_key(v), semver.db_sort_key(w)
    assert sign(left, right) == sign(semver.sort_key(v), semver.sort_key(w))
    assert (semver.compare(v, w) or sign(v, w)) == sign(left, right)
    assert left.isascii() and left.isprintable() and " " not in left


@pytest.mark.parametrize(
    "ordered",
    [
        ["v1.0.0-a", "v1.0.0-a-", "v1.0.0-a0", "v1.0.0-aa", "v1.0.0", "v1.0.0+incompatible"],
        ["v1.0.0-a", "v1.0.0-a.0", "v1.0.0-a.a", "v1.0.0-a-", "v1.0.0-a-.0"],
        ["v1.0.0-9", "v1.0.0-10", "v1.0.0--", "v1.0.0-0a"],
        ["v1-", "v1", "v1.0", "v1.0.0", "v1.0.0+a", "v1.0.0+a.b", "v1.0.1-0"],
        [f"v{'9' * n}.0.0" for n in (1, 24, 25, 26, 49, 50, 51, 60, 200, 9999)],
        ["v0.9.0", "v0.10.0-0", "v0.10.0", "v0.10.0+incompatible", "v1.0.0"],
    ],
    ids=lambda ordered: ordered[0],
)
def test_order(ordered: list[str]) -> None:
    """Both keys sort what is easily confused."""
    assert sorted(shuffled(ordered), key=semver.sort_key) == ordered
    valid = [v for v in ordered if semver.is_valid(v)]
    assert sorted(shuffled(valid), key=semver.db_sort_key) == valid
    assert semver.max(ordered[0], ordered[-1]) == semver.canonical(ordered[-1])


@given(invalid, invalid)
def test_any_text(v: str, w: str) -> None:
    """Whatever is no version is less than any version, and sorts by its bytes."""
    assert semver.compare(v, w) == 0
    assert semver.compare(v, "v0.0.0-0") == -1
    assert semver.max(v, "v1") == "v1.0.0"
    assert sign(semver.sort_key(v), semver.sort_key(w)) == sign(
        v.encode("utf-8", "surrogatepass"), w.encode("utf-8", "surrogatepass")
    )
    with pytest.raises(GoError, match="not a semantic version"):
        semver.db_sort_key(v)


def test_surrogates_sort_as_the_bytes_they_stand_for() -> None:
    """A byte that is not UTF-8 sorts where Go sorts it."""
    texts = ["\x7f", "\u0080", "\udc81", "\uffff", "\U0010ffff", "\udcff"]
    expected = sorted(texts, key=lambda text: text.encode("utf-8", "surrogateescape"))
    assert semver.sort(texts[::-1]) == expected
    assert semver.sort(["\ud800", "a"]) == ["a", "\ud800"]


def test_numbers_beyond_pythons_int() -> None:
    """Python reads integers of at most 4300 digits, Go of any length."""
    long = "v" + "9" * 5000 + ".0.0"
    assert semver.is_valid(long)
    assert semver.compare(long, "v1" + "0" * 4999 + ".0.0") == 1
    assert semver.compare(long, "v1" + "0" * 5000 + ".0.0") == -1
