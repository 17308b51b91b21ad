"""Go's own version numbers, as far as module zips depend on them (packages go/version, gover)."""

import re

_VERSION = re.compile(
    r"(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)|[a-z]+(?:0|[1-9][0-9]*)?)?)?"
)
_GO_LINE = re.compile(rb"^[ \t\r\v\f]*go[ \t]([^\n]*)", re.MULTILINE)

Language = tuple[tuple[int, str], tuple[int, str]]
"""The numbers of a language version such as 1.21, comparable however long they are."""


def language(version: str) -> Language | None:
    """
    Return the language version that a version such as `1.21.3` belongs to.

    Returns None for what Go does not take as a version; that is older than any.
    """
    parts = _VERSION.fullmatch(version)
    if parts is None:
        return None
    major, minor = parts[1], parts[2] or "0"
    return (len(major), major), (len(minor), minor)


def is_at_least(version: str, other: str) -> bool:
    """Report whether a version belongs to the language version `other`, or to a newer one."""
    mine, its = language(version), language(other)
    return mine is not None and its is not None and mine >= its


def go_line(go_mod: bytes) -> str:
    """
    Return the version in the first line of a go.mod that begins with `go`, "" if there is none.

    This is how the go command looks for it before it unpacks a module (gover.GoModLookup): line by
    line, without parsing the file.
    """
    found = _GO_LINE.search(go_mod)
    if found is None:
        return ""
    return found[1].partition(b"//")[0].strip().decode("utf-8", "surrogateescape")
