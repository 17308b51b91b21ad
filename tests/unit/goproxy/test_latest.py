"""`@latest`, against what the real go command chose."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.app.goproxy.latest import Candidate, latest, latest_of_newest
from pulp_gomod.golang import GoError, modfile, module, semver

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
        retractions=[{"low": r.low, "high": r.high} for r in retract],
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
        [{"low": low, "high": high} for low, high in retracted],
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
    retracting = Candidate("v1.30.0", False, True, [{"low": "v1.29.0", "high": "v1.30.0"}])
    assert latest_of_newest([*known[-15:], retracting]).version == "v1.28.0"


def test_an_unknown_module_has_no_latest():
    assert latest([]) is None


def test_a_module_retracted_altogether_still_has_a_latest():
    everything = [{"low": "v0.0.0-0", "high": "v9.9.9"}]
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
