"""Version queries, against what the real go command chose, and what it refuses."""

import pytest

from pulp_gomod.golang import GoError
from pulp_gomod.golang.latest import Candidate
from pulp_gomod.golang.query import Kind, choose, parse_query
from pulp_gomod.golang.retracted import pack
from tests.unit.golang.test_latest import ROWS, candidates

ASKED = [
    pytest.param(row, query, id=f"{row['name']}: {query}")
    for row in ROWS
    for query in row["result"]
    if query != "latest" and "(" not in query and "stray" not in row["name"]
]


@pytest.mark.parametrize(("row", "text"), ASKED)
def test_the_go_command_chooses_the_same(row, text):
    wanted = row["result"][text].get("version")
    query = parse_query(row["path"], text)
    assert query.kind in (Kind.PREFIX, Kind.COMPARISON)
    chosen = choose(query, candidates(row))
    assert (chosen and chosen.version) == wanted


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("example.com/m", "latest", Kind.LATEST),
        ("example.com/m", "upgrade", Kind.LATEST),
        ("example.com/m", "v1.2.3", Kind.VERSION),
        ("example.com/m", "v2.0.0+incompatible", Kind.VERSION),
        ("example.com/m/v2", "v2.0.0", Kind.VERSION),
        ("example.com/m", "v1", Kind.PREFIX),
        ("example.com/m", "v1.2", Kind.PREFIX),
        ("example.com/m", "<v1", Kind.COMPARISON),
        ("example.com/m", ">=v1.2.0-rc.1", Kind.COMPARISON),
        ("example.com/m", "main", Kind.REVISION),
        ("example.com/m", "abc1234", Kind.REVISION),
        ("example.com/m", "v1.2.3+meta", Kind.REVISION),
        # What the upstream makes of it may have +incompatible.
        ("example.com/m", "v2.0.0", Kind.REVISION),
        ("example.com/m", "1.2.3", Kind.REVISION),
        ("example.com/m", "v1-rc", Kind.REVISION),
    ],
)
def test_how_a_query_is_answered(path, text, kind):
    assert parse_query(path, text).kind is kind


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a version is missing"),
        ("patch", "write its minor version"),
        ("none", "is no version"),
        (">v1.2", "ambiguous semantic version"),
        ("<=v1", "ambiguous semantic version"),
        (">=1.2.0", "invalid semantic version"),
        (">=v1.2.0 <v2.0.0", "invalid semantic version"),
        ("feature/x", "no proxy can be asked"),
    ],
)
def test_what_means_nothing(text, words):
    with pytest.raises(GoError, match=words):
        parse_query("example.com/m", text)


def test_incompatible_versions_count_where_they_are_asked_for():
    known = [Candidate("v1.0.0", False, True), Candidate("v2.1.0+incompatible", False, False)]
    path = "example.com/m"
    assert choose(parse_query(path, "v2"), known) == known[1]
    assert choose(parse_query(path, "<v3.0.0"), known) == known[1]
    assert choose(parse_query(path, ">v0.1.0"), known) == known[0]
    assert choose(parse_query(path, "latest"), known) == known[0]


def test_what_is_retracted_is_chosen_by_no_prefix():
    everything = pack([("v1.1.0", "v1.1.9")])
    known = [Candidate(v, False, True, everything) for v in ("v1.1.0", "v1.2.0")]
    assert choose(parse_query("example.com/m", "v1.1"), known) is None
    assert choose(parse_query("example.com/m", "v1"), known) == known[1]
