"""Filters of the API for documentation: Go's expressions, as far as they are known there."""

import pytest

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.content.pkgsite import filters
from pulp_gomod.app.content.pkgsite.errors import ApiError

ITEM = {"name": "New", "kind": "Function", "count": 3, "latest": True}


def chosen(text: str) -> bool:
    read = filters.read(text)
    assert read is not None
    return bool(read.chosen([ITEM], lambda item: item))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("!latest", False),
        ('name == "New"', True),
        ("name == `New` && count > 2", True),
        ('name != "New" || count == 3', True),
        ('hasPrefix(name, "N") && !hasSuffix(name, "x")', True),
        ('contains(kind, "unct")', True),
        (r'matches(name, "^N.w$")', True),
        (r'matches(name, "(a+)+$")', False),
        ("1 + 2 * 3 == 7", True),
        ("(1 + 2) * 3 == 9", True),
        ("-7 / 2 == -3 && -7 % 2 == -1", True),
        ('"a" + "b" == "ab" && "a" < "b"', True),
        ("count == name", False),
        ("count >= 3 && count <= 3 && !(count < 3)", True),
        ("nil == nil", True),
    ],
)
def test_filters_choose(text: str, expected: bool) -> None:
    assert chosen(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "(",
        ")",
        "a b",
        "name ==",
        '"open',
        "unknown",
        "unknown(1, 2)",
        "contains(name)",
        "contains(name, 1)",
        "count",
        "1 / 0 == 1",
        "1 < true",
        "!1",
        '-"a" == 1',
        'matches(name, "(")',
        "@",
        "func() {}",
        "(" * 100 + "true" + ")" * 100,
        "!" * 400 + "true",
        "999999999999999999 * 999999999999999999 > 1",
        "x" * 501,
        '"\\x" == "x"',
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        chosen(text)
    assert refused.value.code == 400 and refused.value.fixes


def test_no_filter_is_one_that_lets_everything_pass() -> None:
    assert filters.read(" ") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('matches(name, "(x?){1000}y")', "takes too long"),
        ('matches(name + name + name, "y")', "more than 10000 characters"),
    ],
)
def test_a_filter_has_only_so_much_of_a_processor(text: str, why: str) -> None:
    read = filters.read(text)
    assert read is not None
    with pytest.raises(ApiError, match="evaluating filter") as raised:
        read.chosen([{"name": "x" * 5000}] * 1000, lambda item: item)
    assert why in raised.value.message
