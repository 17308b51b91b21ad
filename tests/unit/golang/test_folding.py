"""Unicode classes, folding and quoting, held against Go's tables."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import _unicode_data, unicode
from pulp_gomod.golang.quote import printable, quote, quote_char
from tests.unit.golang.vectors import load

TABLES = load("unicode_tables")
# What is unassigned or private, and is going to stay so, is left out, but for one in a hundred and the ends of planes.
ENDS = [plane << 16 | end for plane in range(17) for end in (0xFFFE, 0xFFFF)]
CODES = {*range(0x40000), *range(0xE0000, 0xF0000), *range(0, 0x110000, 97), *ENDS}
ALL = [chr(code) for code in sorted(CODES)]


@pytest.mark.parametrize("name", ["letter", "print", "space"])
def test_class(name: str) -> None:
    """A class holds the characters that it holds in Go, and no others."""
    inside = {chr(c) for low, high in TABLES[f"{name}_ranges"] for c in range(low, high + 1)}
    predicate = getattr(unicode, f"is_{name}")
    assert [char for char in ALL if predicate(char) != (char in inside)] == []
    assert TABLES["unicode_version"] == _unicode_data.UNICODE_VERSION


def test_older_letters() -> None:
    """The older letters are letters, and all that Python 3.11 knows are among them."""
    newer = [c for c in ALL if unicode.is_letter(c) and not unicode.is_letter(c, older=True)]
    assert not [c for c in ALL if unicode.is_letter(c, older=True) and not unicode.is_letter(c)]
    # Unicode 16 brought the Garay letters, Unicode 17 the CJK extension J, and 15.0 knows neither.
    assert {"\U00010d4a", "\U000323b0"} <= set(newer)
    assert unicode.is_letter("\u0436", older=True)
    before = unicodedata.ucd_3_2_0
    assert not [c for c in newer if before.category(c).startswith("L")]


def test_fold_map() -> None:
    """Those characters fold alike that do in Go, and no others."""
    least = {chr(code): chr(least) for code, least in TABLES["fold_map"]}
    characters = [char for char in ALL if not "\ud800" <= char <= "\udfff"]
    pairs = {(unicode.fold(c), least.get(c, c)) for c in characters}
    assert len(pairs) == len({ours for ours, _ in pairs}) == len({theirs for _, theirs in pairs})


CASED = st.sampled_from(
    "aAkK\u212asS\u017f\u03a3\u03c3\u03c2iI\u0130\u0131\u0436\u0416\u4e2d.\U00010400"
)


@given(st.text(st.one_of(CASED, st.characters())))
def test_what_stands_around_a_character_makes_no_difference(text: str) -> None:
    """A text folds as its characters do, whichever way is taken for it."""
    assert unicode.fold(text) == "".join(map(unicode.fold, text))


def test_letters_are_the_same_in_classes_and_tables() -> None:
    """The quick ways to ask for letters say what the slow one says."""
    for older in (False, True):
        letters = re.compile(f"[{unicode.letter_class(older=older)}]")
        basic = ALL[:0x10000]
        slow = [c for c in basic if unicode.is_letter(c, older=older)]
        assert [c for c in basic if letters.match(c)] == slow
        beyond = [c for c in ALL[0x10000:] if unicode.is_letter(c, older=older)]
        assert unicode.are_letters(slow + beyond, older=older)
        others = set(ALL) - set(slow) - set(beyond)
        assert not any(unicode.are_letters([char], older=older) for char in sorted(others)[::97])


@pytest.mark.parametrize("first, second, equal, folds_equal", load("fold_equal"))
def test_equal_fold(first: str, second: str, equal: bool, folds_equal: bool) -> None:
    """Texts are equal under folding when they are for Go."""
    assert unicode.equal_fold(first, second) is equal
    assert (unicode.fold(first) == unicode.fold(second)) is folds_equal


def test_invalid_bytes_fold_alike() -> None:
    """Go reads every byte that is not UTF-8 as U+FFFD."""
    assert unicode.fold("a\udcff") == "a\ufffd"
    assert unicode.equal_fold("\udcc3", "\udcff")
    assert not unicode.equal_fold("\udcc3\udcff", "\ufffd")


@given(st.text())
def test_fold_is_stable(text: str) -> None:
    """Folding twice changes nothing more, and ASCII folds to small letters."""
    assert unicode.fold(unicode.fold(text)) == unicode.fold(text)
    assert not any("A" <= char <= "Z" for char in unicode.fold(text))


def test_is_valid_utf8() -> None:
    """Surrogates are what is not UTF-8."""
    assert unicode.is_valid_utf8("plain") and unicode.is_valid_utf8("é\0\U0010ffff")
    assert not unicode.is_valid_utf8("a\udc80") and not unicode.is_valid_utf8("\ud800")


def test_quote() -> None:
    """Quoting escapes what Go escapes."""
    text = "a\"'\\\a\b\f\n\r\t\v\0\x7fé\u00ad\u200b\U0001f600\U000e0001\udcff\ufffd"
    assert quote(text) == (
        r""""a\"'\\\a\b\f\n\r\t\v\x00\x7fé\u00ad\u200b"""
        + "\U0001f600"
        + r"\U000e0001\xff"
        + '\ufffd"'
    )
    assert quote_char("'") == r"'\''"
    assert quote_char('"') == "'\"'"


def test_printable() -> None:
    """Text goes on one line, as it is if possible."""
    assert printable("v1.0.0 é") == "v1.0.0 é"
    assert printable("a\nb") == r'"a\nb"'
    assert printable("\udcff") == r'"\xff"'
