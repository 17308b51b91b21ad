"""`@latest`, against what the real go command chose."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError, modfile, module, semver
from pulp_gomod.golang.latest import Candidate, UnreadGoModError, latest, latest_of_newest
from pulp_gomod.golang.retracted import is_retracted, pack

VECTORS = Path(__file__).parents[2] / "vectors" / "latest_selection.json"
ROWS = [row for row in json.loads(VECTORS.read_text()) if not row["status_overrides"]]


def candidates(row):
    """Make of a row what a repository holding these versions would know of them."""
    versions = {line.split()[0] for line in row["list"].split("\n") if line.split()}
    if row["@latest"] and isinstance(row["@latest"], dict):
        versions.add(row["@latest"]["Version"])
    # A repository holds canonical versions only, whatever a list says.
    fitting = [v for v in versions if module.canonical_version(v) == v and is_legal(row["path"], v)]
    return [candidate(row, v) for v in sorted(fitting, key=semver.sort_key)]


def is_legal(path, version):
    try:
        module.check(path, version)
    except GoError:
        return False
    return True


def candidate(row, version):
    text = row["mods"].get(version, "").encode()
    try:
        retract = modfile.parse_lax(text).retract if text else []
    except GoError:
        retract = []
    return Candidate(
        version=version,
        is_pseudo=module.is_pseudo_version(version),
        has_go_mod=text != modfile.legacy_go_mod(row["path"]),
        retracted=pack((r.low, r.high) for r in retract),
    )


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_latest_is_what_the_go_command_chooses(row):
    wanted = row["result"]["latest"].get("version")
    known = candidates(row)
    if wanted is None or wanted not in {c.version for c in known}:
        pytest.skip("the go command chose nothing, or what no repository can hold")
    chosen = latest(known)
    assert chosen is not None
    assert chosen.version == wanted


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_newest_versions_decide_it_rightly_or_not_at_all(row):
    known = candidates(row)
    for count in range(1, len(known) + 1):
        assert latest_of_newest(known[-count:]) in (None, latest(known))


NUMBERS = st.integers(0, 3)
VERSIONS = st.builds(
    lambda major, minor, suffix: f"v{major}.{minor}.0{suffix}{'+incompatible' * (major > 1)}",
    NUMBERS,
    NUMBERS,
    st.sampled_from(("", "", "-rc.1", "-0.20200102030405-0123456789ab")),
)
RETRACTED = st.lists(st.tuples(VERSIONS, VERSIONS).map(lambda pair: sorted(pair)), max_size=2)
CANDIDATES = st.builds(
    lambda version, real, retracted: Candidate(
        version,
        module.is_pseudo_version(version),
        real,
        pack(retracted),
    ),
    VERSIONS,
    st.booleans(),
    RETRACTED,
)


@given(st.lists(CANDIDATES, min_size=1, max_size=12, unique_by=lambda c: c.version))
def test_older_versions_never_change_what_the_newest_decide(versions):
    known = sorted(versions, key=lambda c: semver.sort_key(c.version))
    for count in range(1, len(known) + 1):
        assert latest_of_newest(known[-count:]) in (None, latest(known))


def test_releases_decide_it():
    known = [Candidate(f"v1.{minor}.0", False, True) for minor in range(30)]
    assert latest_of_newest(known[-16:]) == known[-1]
    retracting = Candidate("v1.30.0", False, True, pack([("v1.29.0", "v1.30.0")]))
    assert latest_of_newest([*known[-15:], retracting]).version == "v1.28.0"


def test_an_unknown_module_has_no_latest():
    assert latest([]) is None


def test_a_module_retracted_altogether_still_has_a_latest():
    everything = pack([("v0.0.0-0", "v9.9.9")])
    known = [Candidate(v, False, True, everything) for v in ("v1.0.0", "v1.1.0")]
    chosen = latest(known)
    assert chosen is not None
    assert chosen.version == "v1.1.0"


def test_pseudo_versions_are_chosen_by_time_not_by_semver():
    older = "v1.0.1-0.20190101000000-aaaaaaaaaaaa"
    newer = "v0.0.0-20200101000000-bbbbbbbbbbbb"
    chosen = latest([Candidate(newer, True, True), Candidate(older, True, True)])
    assert chosen is not None
    assert chosen.version == newer


def test_what_has_not_been_read_is_asked_for_only_where_it_decides():
    unread = [Candidate("v1.0.0", False, True, None), Candidate("v1.1.0", False, True)]
    assert latest(unread).version == "v1.1.0"
    for choose in (latest, latest_of_newest):
        with pytest.raises(UnreadGoModError) as unknown:
            choose([*unread, Candidate("v1.2.0", False, True, None)])
        assert unknown.value.version == "v1.2.0"


# What go.mod files may name as a bound: valid or not, short, with build metadata, of any size.
BOUNDS = st.one_of(
    VERSIONS,
    st.builds(
        lambda numbers, pre, build: "v" + ".".join(map(str, numbers)) + pre + build,
        st.lists(st.sampled_from([0, 1, 2, 10, 10**24, 10**25, 10**26]), min_size=3, max_size=3),
        st.sampled_from(["", "-a", "-a.1", "-a.b", "-1", "-10", "-2", "-a-b", "-0.0"]),
        st.sampled_from(["", "+incompatible", "+x"]),
    ),
    st.sampled_from(["", "x", "v1", "v1.0", "v01.0.0", "latest", "v1.0.0-", "v2 v3"]),
)
INTERVALS = st.lists(st.tuples(BOUNDS, BOUNDS), max_size=12)


def _compares(version, intervals):
    """As Go does it, one after the other."""
    return any(
        semver.compare(low, version) <= 0 <= semver.compare(high, version)
        for low, high in intervals
    )


@given(INTERVALS, st.lists(BOUNDS.filter(semver.is_valid), min_size=1, max_size=12))
def test_merged_intervals_hold_what_each_of_them_holds(intervals, versions):
    packed = pack(intervals)
    named = [bound for pair in intervals for bound in pair if semver.is_valid(bound)]
    for version in (*versions, *named):
        assert is_retracted(packed, version) == _compares(version, intervals), version


@given(INTERVALS)
def test_merged_intervals_are_sorted_and_disjoint(intervals):
    packed = pack(intervals)
    assert packed.isascii()
    bounds = [bound for line in packed.split("\n") for bound in line.split(" ")] if packed else []
    assert bounds == sorted(set(bounds))
    assert pack(reversed(intervals)) == packed


class Counted(str):
    """A text that counts how often it is searched."""

    searches = 0

    def find(self, *arguments):
        Counted.searches += 1
        return super().find(*arguments)


def test_a_version_is_compared_with_few_of_many_intervals():
    packed = Counted(pack((f"v0.{n}.1", f"v0.{n}.1") for n in range(69_000)))
    for number in (0, 1, 34_567, 68_998, 68_999):
        assert is_retracted(packed, f"v0.{number}.1")
        assert not is_retracted(packed, f"v0.{number}.2")
        assert not is_retracted(packed, f"v0.{number}.0")
    assert 0 < Counted.searches < 15 * 25
    everything = [(f"v0.{n}.1", f"v0.{n}.1") for n in range(1000)]
    assert pack([*everything, ("v0.0.0", "v1.1.0")]).count("\n") == 0
