"""Ranges of versions."""

import pytest

from pulp_gomod.golang.ranges import RangeError, parse_range


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("", ["v0.0.0", "v9.9.9-a", "v2.0.0+incompatible"], []),
        ("v1.9.1", ["v1.9.1"], ["v1.9.0", "v1.9.1-rc.1", "v1.9.10"]),
        ("v2.0.0", ["v2.0.0+incompatible"], ["v2.0.1+incompatible"]),
        ("<v1.9.2", ["v0.1.0", "v1.9.1", "v1.9.2-rc.1"], ["v1.9.2", "v1.10.0"]),
        (">=v1.2.0 <v1.9.2", ["v1.2.0", "v1.9.1"], ["v1.1.9", "v1.2.0-rc.1", "v1.9.2"]),
        (">v1.0.0,<=v1.1.0", ["v1.0.1", "v1.1.0"], ["v1.0.0", "v1.1.1"]),
        (">=v1.2 <v2", ["v1.2.0", "v1.9.9", "v2.0.0-rc.1"], ["v1.2.0-rc.1", "v2.0.0"]),
        ("<v0.0.0-20200102030405-abcdefabcdef", ["v0.0.0-20190102030405-abcdefabcdef"], ["v0.0.1"]),
    ],
)
def test_what_is_in_a_range(text: str, inside: list[str], outside: list[str]) -> None:
    read = parse_range(text)
    assert [version for version in inside if version not in read] == []
    assert [version for version in outside if version in read] == []
    assert parse_range(str(read)) == read


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3",
        "v1",
        "v1.2",
        ">v1.2",
        "<=v1.2",
        "latest",
        "v1.0.0 v1.0.1",
        "v1.0.0 <v2.0.0",
        "> v1.0.0",
    ]
    + [" ".join(["<v1.0.0"] * 5)],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(RangeError):
        parse_range(text)
