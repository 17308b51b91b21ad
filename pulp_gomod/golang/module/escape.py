"""
Paths and versions as they stand in URLs and in file systems that ignore case.

Every capital letter becomes an exclamation mark and the small letter, and nothing else changes
(EscapePath, EscapeVersion and their inverses in golang.org/x/mod/module).
"""

import re

from ..errors import GoError
from ..quote import quote
from .errors import InvalidPathError, InvalidVersionError
from .paths import check_path, file_element_problem

__all__ = ["escape_path", "escape_version", "unescape_path", "unescape_version"]

_CAPITAL = re.compile(r"[A-Z]")
_ESCAPED_CAPITAL = re.compile(r"!([a-z])")
_ESCAPED = re.compile(r"(?:[^A-Z!\x80-\U0010ffff]|![a-z])*")


def _escape(text: str) -> str:
    return _CAPITAL.sub(lambda capital: "!" + capital[0].lower(), text)


def _unescape(escaped: str) -> str | None:
    if _ESCAPED.fullmatch(escaped) is None:
        return None
    return _ESCAPED_CAPITAL.sub(lambda small: small[1].upper(), escaped)


def escape_path(path: str) -> str:
    """
    Return the escaped form of a module path (module.EscapePath).

    Raises InvalidPathError if path is not a valid module path.
    """
    check_path(path)
    return _escape(path)


def escape_version(v: str) -> str:
    """
    Return the escaped form of a version (module.EscapeVersion).

    v need not be a semantic version, but it has to be a valid ASCII file name without an
    exclamation mark.

    Raises InvalidVersionError otherwise.
    """
    if not v.isascii() or "!" in v or file_element_problem(v):
        raise InvalidVersionError(v, "disallowed version string")
    return _escape(v)


def unescape_path(escaped: str) -> str:
    """
    Return the module path that an escaped path stands for (module.UnescapePath).

    Raises GoError if it stands for none: a path has exactly one escaped form, without capitals.
    """
    path = _unescape(escaped)
    if path is None:
        raise GoError(f"invalid escaped module path {quote(escaped)}")
    try:
        check_path(path)
    except InvalidPathError as error:
        raise GoError(f"invalid escaped module path {quote(escaped)}: {error}") from error
    return path


def unescape_version(escaped: str) -> str:
    """
    Return the version that an escaped version stands for (module.UnescapeVersion).

    Raises GoError if it stands for none.
    """
    v = _unescape(escaped)
    if v is None:
        raise GoError(f"invalid escaped version {quote(escaped)}")
    problem = file_element_problem(v)
    if problem:
        raise GoError(f"invalid escaped version {quote(v)}: {problem}")
    return v
