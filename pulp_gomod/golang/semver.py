"""
Semantic versions as Go reads them (package golang.org/x/mod/semver).

    vMAJOR[.MINOR[.PATCH[-PRERELEASE][+BUILD]]]

The leading v is mandatory, `vMAJOR` and `vMAJOR.MINOR` are short for `.0.0` and `.0`, numbers are
of any length and have no leading zeros. Everything else follows Semantic Versioning 2.0.0.
"""

import re
from typing import NamedTuple

from .errors import GoError
from .quote import quote
from .unicode import text_bytes

__all__ = [
    "build",
    "canonical",
    "compare",
    "db_sort_key",
    "is_valid",
    "major",
    "major_minor",
    "max",
    "precedence_key",
    "prerelease",
    "sort",
    "sort_key",
]

_NUMBER = r"(0|[1-9][0-9]*)"
_PRE_IDENT = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_BUILD_IDENT = r"[0-9A-Za-z-]+"
_VERSION = re.compile(
    rf"v{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}"
    rf"(-{_PRE_IDENT}(?:\.{_PRE_IDENT})*)?"
    rf"(\+{_BUILD_IDENT}(?:\.{_BUILD_IDENT})*)?)?)?"
)

# The order of two numbers without leading zeros is that of their lengths, then of their digits.
# Python's int would refuse numbers of more than 4300 digits.
_Number = tuple[int, str]
# Numeric identifiers (0, number, "") sort before the others (1, no number, text).
_Ident = tuple[int, _Number, str]
_SortKey = tuple[bool, _Number, _Number, _Number, bool, tuple[_Ident, ...], bytes]

_NO_NUMBER: _Number = (0, "")


class _Parsed(NamedTuple):
    major: str
    minor: str
    patch: str
    short: str
    prerelease: str
    build: str


def _parse(v: str) -> _Parsed | None:
    match = _VERSION.fullmatch(v)
    if match is None:
        return None
    major_, minor, patch, pre, build_ = match.groups()
    short = ".0.0" if minor is None else ".0" if patch is None else ""
    return _Parsed(major_, minor or "0", patch or "0", short, pre or "", build_ or "")


def is_valid(v: str) -> bool:
    """Report whether v is a valid semantic version (semver.IsValid)."""
    return _parse(v) is not None


def canonical(v: str) -> str:
    """
    Return v with .MINOR and .PATCH filled in and build metadata removed (semver.Canonical).

    An invalid version has the empty string as its canonical form.
    """
    p = _parse(v)
    if p is None:
        return ""
    return v[: len(v) - len(p.build)] + p.short


def major(v: str) -> str:
    """Return the major version, `v2` for `v2.1.0`, or "" if v is invalid (semver.Major)."""
    p = _parse(v)
    return "" if p is None else "v" + p.major


def major_minor(v: str) -> str:
    """Return `v2.1` for `v2.1.0`, or "" if v is invalid (semver.MajorMinor)."""
    p = _parse(v)
    return "" if p is None else f"v{p.major}.{p.minor}"


def prerelease(v: str) -> str:
    """Return the pre-release suffix, `-pre` for `v2.1.0-pre+meta`, or "" (semver.Prerelease)."""
    if "-" not in v:
        return ""
    p = _parse(v)
    return "" if p is None else p.prerelease


def build(v: str) -> str:
    """Return the build suffix, `+meta` for `v2.1.0-pre+meta`, or "" (semver.Build)."""
    p = _parse(v)
    return "" if p is None else p.build


def _number(digits: str) -> _Number:
    return (len(digits), digits)


def _idents(pre: str) -> tuple[_Ident, ...]:
    return tuple(
        (0, _number(ident), "") if ident.isdecimal() else (1, _NO_NUMBER, ident)
        for ident in pre[1:].split(".")
        if ident
    )


def _precedence(
    v: str,
) -> tuple[bool, _Number, _Number, _Number, bool, tuple[_Ident, ...]]:
    p = _parse(v)
    if p is None:
        return (False, _NO_NUMBER, _NO_NUMBER, _NO_NUMBER, False, ())
    return (
        True,
        _number(p.major),
        _number(p.minor),
        _number(p.patch),
        not p.prerelease,
        _idents(p.prerelease),
    )


def compare(v: str, w: str) -> int:
    """
    Return -1, 0 or +1 as v is less than, equal to or greater than w (semver.Compare).

    Build metadata does not count. Invalid versions are equal to each other and less than any valid
    one.
    """
    left, right = _precedence(v), _precedence(w)
    return (left > right) - (left < right)


def max(v: str, w: str) -> str:
    """Return the canonical form of the greater one of v and w (semver.Max)."""
    v, w = canonical(v), canonical(w)
    return v if compare(v, w) > 0 else w


def sort_key(v: str) -> _SortKey:
    """
    Return a key for sorting any strings in the order of semver.Sort.

    That order is total: `compare`, then the bytes of the strings.
    """
    return (*_precedence(v), text_bytes(v))


def sort(versions: list[str]) -> list[str]:
    """Sort the list in place in the order of semver.Sort, and return it."""
    versions.sort(key=sort_key)
    return versions


def _db_number(digits: str) -> str:
    """
    Write a number so that the order of the texts is that of the numbers.

    A letter from A to Y stands for 1 to 25 digits. Z announces that the number of digits follows
    in this same way, less the 25 that it certainly has.
    """
    length = len(digits)
    if length <= _LETTERS:
        return chr(ord("A") + length - 1) + digits
    return "Z" + _db_number(str(length - _LETTERS)) + digits


_LETTERS = 25
_RELEASE = "~"
_END = "!"


def _db_prerelease(pre: str) -> str:
    # "!" sorts before "-", digits and letters, so whatever ends first sorts first; a release
    # ("~") sorts after every list of identifiers.
    if not pre:
        return _RELEASE
    idents = (
        "0" + _db_number(ident) if ident.isdecimal() else "1" + ident + _END
        for ident in pre[1:].split(".")
    )
    return "".join(idents) + _END


def db_sort_key(v: str) -> str:
    """
    Return printable ASCII text whose bytewise order is that of semver.Sort.

    It is meant for a database column with COLLATE "C": numbers of any length, pre-releases and
    the tie-break by bytes are all in the text, which is at most a few characters per identifier
    longer than v. Two versions have the same key only if they are the same string.

    Raises GoError if v is not a valid semantic version.
    """
    p = _parse(v)
    if p is None:
        raise GoError(f"version {quote(v)} invalid: not a semantic version")
    # v1, v1.0 and v1.0.0 have the same precedence and sort in this order.
    shortness = str(2 - len(p.short) // 2)
    return _db_precedence(p) + shortness + p.build


def precedence_key(v: str) -> str:
    """
    Return printable ASCII text whose bytewise order is that of `compare`.

    Two versions have the same key if and only if they compare as equal. That of an invalid version is
    empty; no key has a space.
    """
    p = _parse(v)
    return "" if p is None else _db_precedence(p)


def _db_precedence(p: _Parsed) -> str:
    numbers = "".join(map(_db_number, (p.major, p.minor, p.patch)))
    return numbers + _db_prerelease(p.prerelease)
