"""The grammar of GOPROXY request paths."""

import pytest

from pulp_gomod.app.models.base_path import LONGEST_BASE_PATH, MOST_SEGMENTS, base_paths
from pulp_gomod.golang.goproxy import (
    HoldRequest,
    Malformed,
    ModuleRequest,
    SumdbRequest,
    is_asked_with_more,
    parse,
)


@pytest.mark.parametrize(
    "path, wanted",
    [
        ("example.com/m/@v/list", ModuleRequest("example.com/m", "list")),
        ("example.com/m/@latest", ModuleRequest("example.com/m", "info", "latest")),
        ("example.com/m/@v/v1.0.0.info", ModuleRequest("example.com/m", "info", "v1.0.0")),
        ("example.com/m/@v/v1.0.0.mod", ModuleRequest("example.com/m", "mod", "v1.0.0")),
        ("example.com/m/@v/v1.0.0.zip", ModuleRequest("example.com/m", "zip", "v1.0.0")),
        ("example.com/m/@v/latest.mod", ModuleRequest("example.com/m", "mod", "latest")),
        (
            "github.com/!azure/x/@v/v1.0.0-!r!c1.zip",
            ModuleRequest("github.com/Azure/x", "zip", "v1.0.0-RC1"),
        ),
        (
            "example.com/m/@v/v2.0.0+incompatible.info",
            ModuleRequest("example.com/m", "info", "v2.0.0+incompatible"),
        ),
        ("example.com/m/@v/master.info", ModuleRequest("example.com/m", "info", "master")),
        ("sumdb/sum.golang.org/supported", SumdbRequest("sum.golang.org/supported")),
        ("hold/1d/example.com/m/@v/list", HoldRequest(1, "example.com/m/@v/list")),
        ("hold/3650d/", HoldRequest(3650, "")),
    ],
)
def test_requests(path, wanted):
    assert parse(path) == wanted


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "@v/list",
        "/@v/list",
        "example.com/m",
        "example.com/m/@v/",
        "example.com/m/@v/v1.0.0",
        "example.com/m/@v/v1.0.0.exe",
        "example.com/m/@v/v1.0.0.ziphash",
        "example.com/m/@v/a/b.info",
        "example.com/m/@v/../../x.info",
        "example.com/M/@v/list",
        "example.com/!M/@v/list",
        "example.com/m!/@v/list",
        "example.com/%21m/@v/list",
        "example.com/m\x00/@v/list",
        "example.com/m/@v/v1.0.0\n.info",
        "example.com//m/@v/list",
        "localhost/m/@v/list",
        "example.com/m/v1/@v/list",
        "example.com/m/@v/upgrade.info",
        "example.com/m/@v/patch.info",
        "example.com/m/@v/none.info",
        "example.com/é/@v/list",
    ],
)
def test_what_is_no_request_says_why(path):
    parsed = parse(path)
    assert isinstance(parsed, Malformed)
    assert parsed.reason


@pytest.mark.parametrize(
    "path",
    [
        "example.com/m/@v/v1.0.0-RC1.info",
        "example.com/Upper/@v/list",
        "example.com/Upper/@latest",
    ],
)
def test_whoever_writes_a_capital_letter_is_told_how(path: str) -> None:
    parsed = parse(path)
    assert isinstance(parsed, Malformed) and parsed.reason.endswith("such as !a for A")
    assert not parsed.is_fault
    other = parse("example.com//m/@v/list")
    assert isinstance(other, Malformed) and "!a" not in other.reason


def test_base_paths_end_before_the_file():
    assert base_paths("a/b/example.com/m/@v/list") == [
        "a",
        "a/b",
        "a/b/example.com",
        "a/b/example.com/m",
    ]


def test_long_paths_have_few_base_paths():
    many = base_paths("a/" * 4000 + "@v/list")
    assert len(many) == MOST_SEGMENTS
    assert many[-1].count("/") == MOST_SEGMENTS - 1
    long = base_paths(f"{'a' * LONGEST_BASE_PATH}/b/@v/list")
    assert long == ["a" * LONGEST_BASE_PATH]


@pytest.mark.parametrize(
    "days", ["", "d", "0d", "3651d", "99999d", "14", "14D", "014d", "-1d", "\u0661d"]
)
def test_whoever_misspells_a_hold_is_told_so_instead_of_being_sent_on(days: str) -> None:
    for path in (f"hold/{days}/example.com/m/@v/list", f"hold/1d/hold/{days}"):
        said = parse(path)
        assert isinstance(said, Malformed) and said.is_fault and "hold/" in said.reason


def test_a_query_says_what_is_asked_for_below_a_hold_as_above_it() -> None:
    for path in (
        "index",
        "bundle.tar",
        "hold/1d/index",
        "hold/30d/bundle.tar",
        "hold/2d/sbom.json",
        "hold/1d/m.com",
        "m.com",
    ):
        assert is_asked_with_more(path)
    for path in (
        "m.com/@v/list",
        "hold/1d/m.com/@v/list",
        "hold/1d/m.com/@latest",
        "sumdb/x/latest",
    ):
        assert not is_asked_with_more(path)
