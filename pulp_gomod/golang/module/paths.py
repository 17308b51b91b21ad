"""What a module, import or file path may look like (CheckPath, CheckImportPath, CheckFilePath)."""

import re
from functools import cache
from typing import NamedTuple

from ..quote import quote, quote_char
from ..unicode import are_letters, is_letter, is_valid_utf8, letter_class
from .errors import InvalidPathError
from .major import try_split_path_version

__all__ = ["check_file_path", "check_import_path", "check_path", "file_element_problem"]

_WINDOWS_NAMES = frozenset(
    ["CON", "PRN", "AUX", "NUL"] + [f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)]
)
_SHORT_NAME = re.compile(r"~[0-9]+\Z")
_NOT_IN_FIRST_ELEMENT = re.compile(r"[^a-z0-9.-]")


# What `_element_problem` would look at more closely, in a path with a slash before it.
_WINDOWS_ELEMENT = re.compile(
    r"/(?:CON|PRN|AUX|NUL|(?:COM|LPT)[1-9])(?:[./]|\Z)", re.IGNORECASE | re.ASCII
)


class _Kind(NamedTuple):
    name: str
    bad_char: re.Pattern[str]
    """Finds a character that the kind does not allow, or allows only if it is a letter."""
    letters: bool = False
    """Whether all letters are allowed."""
    older: bool = False
    """Whether those are letters to every supported Go only."""


_MODULE = _Kind("module", re.compile(r"[^A-Za-z0-9._~-]"))
_IMPORT = _Kind("import", re.compile(r"[^A-Za-z0-9._~+-]"))
_IN_FILE = r"A-Za-z0-9!#$%&()+,\-.=@\[\]^_{}~ "
_BAD_IN_FILE = re.compile(f"[^{_IN_FILE}]")
_FILE = _Kind("file", _BAD_IN_FILE, letters=True)
_OLDER_FILE = _Kind("file", _BAD_IN_FILE, letters=True, older=True)
_ASCII_PATH = re.compile(f"[{_IN_FILE}/]*+")


@cache
def _fine_path(older: bool) -> re.Pattern[str]:
    """Match the beginning of a file path that has no other letters than those which are quick."""
    return re.compile(f"[{_IN_FILE}/{letter_class(older=older)}]*+")


def _char_problem(elem: str, kind: _Kind) -> str | None:
    bad = kind.bad_char.findall(elem)
    if not bad or (kind.letters and are_letters(bad, older=kind.older)):
        return None
    for char in bad:
        if not kind.letters or not is_letter(char, older=kind.older):
            return f"invalid char {quote_char(char)}"
    return None


def _is_plain(path: str, kind: _Kind) -> bool:
    """Report whether a file path is quickly seen to be valid, as nearly all are."""
    fine = _ASCII_PATH if path.isascii() else _fine_path(kind.older)
    return (
        fine.fullmatch(path) is not None
        and path[:1] not in ("", "/")
        and path[-1] not in "./"
        and "//" not in path
        and "./" not in path
        and _WINDOWS_ELEMENT.search(f"/{path}") is None
    )


def _element_problem(elem: str, kind: _Kind) -> str | None:
    """Say what is wrong with one path element, in Go's words (checkElem)."""
    problem = None
    if not elem:
        problem = "empty path element"
    elif not elem.strip("."):
        problem = f"invalid path element {quote(elem)}"
    elif elem[0] == "." and kind is _MODULE:
        problem = "leading dot in path element"
    elif elem[-1] == ".":
        problem = "trailing dot in path element"
    else:
        problem = _char_problem(elem, kind)
    if problem:
        return problem

    short = elem.partition(".")[0]
    if short.isascii() and short.upper() in _WINDOWS_NAMES:
        return f"{quote(short)} disallowed as path element component on Windows"
    # Files cannot be mistaken for the short names that Windows makes up, import paths can.
    if kind.name != "file" and _SHORT_NAME.search(short):
        return "trailing tilde and digits in path element"
    return None


def file_element_problem(elem: str) -> str | None:
    """Say what keeps elem from being one element of a file path, or None if nothing does."""
    return _element_problem(elem, _FILE)


def _path_problem(path: str, kind: _Kind) -> str | None:
    """Say what is wrong with a path of this kind, in Go's words (checkPath)."""
    if kind.letters and _is_plain(path, kind):
        return None
    problem = None
    if not is_valid_utf8(path):
        problem = "invalid UTF-8"
    elif not path:
        problem = "empty string"
    elif path[0] == "-" and kind.name != "file":
        problem = "leading dash"
    elif "//" in path:
        problem = "double slash"
    elif path[-1] == "/":
        problem = "trailing slash"
    else:
        for elem in path.split("/"):
            problem = _element_problem(elem, kind)
            if problem:
                break
    return problem


def _module_problem(path: str) -> str | None:
    problem = _path_problem(path, _MODULE)
    if problem:
        return problem
    first = path.partition("/")[0]
    if "." not in first:
        return "missing dot in first path element"
    bad = _NOT_IN_FIRST_ELEMENT.search(first)
    if bad:
        return f"invalid char {quote_char(bad[0])} in first path element"
    if try_split_path_version(path) is None:
        return "invalid version"
    return None


def check_path(path: str) -> None:
    """
    Check that path is a valid module path (module.CheckPath).

    A module path is an import path without `+` and without leading dots in its elements, that
    begins with a lower-case domain name and whose major version suffix, if any, is well formed.

    Raises InvalidPathError otherwise.
    """
    problem = _module_problem(path)
    if problem:
        raise InvalidPathError("module", path, problem)


def check_import_path(path: str) -> None:
    """
    Check that path is a valid import path (module.CheckImportPath).

    Its elements are made of ASCII letters, digits and `-._~+`, do not end in a dot, and are not
    taken for reserved or short names by Windows.

    Raises InvalidPathError otherwise.
    """
    problem = _path_problem(path, _IMPORT)
    if problem:
        raise InvalidPathError("import", path, problem)


def check_file_path(path: str, *, older_letters: bool = False) -> None:
    """
    Check that path is a valid slash-separated file path in a module (module.CheckFilePath).

    Elements may hold letters of any script, ASCII digits, the space and ``!#$%&()+,-.=@[]^_{}~``.
    With `older_letters`, only letters count that every Go since 1.21 knows (Unicode 15.0), so
    that all of them can read the file; Go 1.27 itself knows those of Unicode 17.0.

    Raises InvalidPathError otherwise.
    """
    problem = _path_problem(path, _OLDER_FILE if older_letters else _FILE)
    if problem:
        raise InvalidPathError("file", path, problem)
