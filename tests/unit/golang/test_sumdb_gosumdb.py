"""GOSUMDB's syntax."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import (
    DEFAULT_GOSUMDB,
    KNOWN_GOSUMDB,
    GoSumDBError,
    note,
    parse_gosumdb,
)
from tests.unit.golang.vectors import load

# A key of nobody; a new one each time would give the tests other names in each process.
KEY = "sum.example.com/db+df7b32cf+ARkuTIRFgWOnDKE4UBZyS9JRhPgfL4GAmANZYkC3v9cD"


def named(name: str) -> str:
    return note.generate_key(name)[1]


def test_known_keys_are_those_of_go() -> None:
    assert load("sumdb_note")["known_GOSUMDB"] == KNOWN_GOSUMDB


def test_default() -> None:
    found = parse_gosumdb(DEFAULT_GOSUMDB)
    assert (found.name, found.key, found.url) == (
        "sum.golang.org",
        KNOWN_GOSUMDB["sum.golang.org"],
        None,
    )
    assert found.direct_url == "https://sum.golang.org"
    assert not found.off


def test_address_inside_china() -> None:
    found = parse_gosumdb("sum.golang.google.cn")
    assert (found.name, found.url) == ("sum.golang.org", "https://sum.golang.google.cn")
    assert found.key == KNOWN_GOSUMDB["sum.golang.org"]


def test_off() -> None:
    assert parse_gosumdb("off").off
    assert not parse_gosumdb(KEY).off


def test_key_and_address() -> None:
    assert parse_gosumdb(KEY).direct_url == "https://sum.example.com/db"
    for text in (f"{KEY} http://127.0.0.1:8080/x/", f"\t{KEY} \u00a0 http://127.0.0.1:8080/x/\n"):
        found = parse_gosumdb(text)
        assert (found.name, found.key) == ("sum.example.com/db", KEY)
        assert found.direct_url == "http://127.0.0.1:8080/x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "sum.example.com",
        "OFF",
        " off",
        "sum.golang.google.cn https://x.example.com",
        KEY[:-1] + "x",
        f"{KEY} https://a.example.com https://b.example.com",
        f"{KEY} https://",
        f"{KEY} https:///x",
        f"{KEY} ftp://a.example.com",
        f"{KEY} file:///etc",
        f"{KEY} //a.example.com",
        f"{KEY} a.example.com",
        f"{KEY} https://[::1",
        f"{KEY} https://a.example.com:99999",
        f"{KEY} https://a.example.com/?x=1",
        f"{KEY} https://a.example.com/#x",
        f"{KEY} https://a.example.com/\x01",
        "\ud800",
    ],
)
def test_what_is_no_gosumdb(text: str) -> None:
    with pytest.raises(GoSumDBError):
        parse_gosumdb(text)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("localhost.localdev/sumdb", True),
        ("127.0.0.1:8080", True),
        ("[::1]:8080/x", True),
        ("sum.example.com/a-b/c_d~e", True),
        ("sum.example.com/", False),
        ("/sum.example.com", False),
        ("user@sum.example.com", False),
        ("sum.example.com?x", False),
        ("sum.example.com#x", False),
        ("sum.example.com/../x", False),
        ("sum.example.com//x", False),
        ("sum.example.com/%2e%2e", False),
        ("sum.example.com:x", False),
        ("sum.example.com\\x", False),
    ],
)
def test_database_names(name: str, accepted: bool) -> None:
    """No funny business: the name becomes part of URLs."""
    if accepted:
        assert parse_gosumdb(named(name)).name == name
    else:
        with pytest.raises(GoSumDBError, match="invalid sumdb name"):
            parse_gosumdb(named(name))


@given(st.one_of(st.text(), st.text().map(lambda text: f"{KEY} {text}")))
def test_arbitrary_text_raises_nothing_else(text: str) -> None:
    try:
        parse_gosumdb(text)
    except GoError:
        pass
