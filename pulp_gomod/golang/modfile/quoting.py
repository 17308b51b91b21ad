"""Strings in a go.mod file (MustQuote, AutoQuote; Go's strconv.Unquote)."""

import re
from typing import Final

from ..errors import GoError
from ..quote import quote
from .lexer import PUNCTUATION, is_word_char

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_PIECE: Final = re.compile(
    r"""(?P<plain>[^"\\\n]+)
    | \\(?P<short>[abfnrtv\\"])
    | \\x(?P<byte>[0-9A-Fa-f]{2})
    | \\(?P<octal>[0-3][0-7]{2})
    | \\(?:u(?P<rune>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8}))
    | (?P<end>"\Z)
    """,
    re.VERBOSE,
)
_SHORT: Final = dict(zip('abfnrtv\\"', b'\a\b\f\n\r\t\v\\"', strict=True))
_MAX_RUNE: Final = 0x10FFFF
_SURROGATE_RUNES: Final = range(0xD800, 0xE000)


def must_quote(s: str) -> bool:
    """Report whether s needs quotes to be one token of a go.mod line (modfile.MustQuote)."""
    if not s or "//" in s or "/*" in s:
        return True
    special = PUNCTUATION if len(s) > 1 else ""
    return any(char in "\"'`" or char in special or not is_word_char(char) for char in set(s))


def auto_quote(s: str) -> str:
    """Return s, in quotes with Go's escapes if `must_quote` asks for it (modfile.AutoQuote)."""
    return quote(s) if must_quote(s) else s


def legacy_go_mod(path: str) -> bytes:
    """
    Return the go.mod that stands for a module without one, `module PATH` and a newline.

    The go command takes a .mod file for such a stand-in only if the bytes are exactly these
    (LegacyGoMod in cmd/go/internal/modfetch).
    """
    return f"module {auto_quote(path)}\n".encode("utf-8", "surrogateescape")


def unquote(s: str) -> str:
    r"""
    Return what a quoted string stands for, `"..."` or `` `...` `` (strconv.Unquote).

    Bytes that are not UTF-8 are U+FFFD in the result, unless they are written as \xFF.

    Raises:
        GoError: the string is not properly quoted.
    """
    delimiter = s[:1]
    end = s.find(delimiter, 1) if delimiter else -1
    if delimiter == "`" and 0 < end == len(s) - 1:
        return s[1:end].replace("\r", "")
    if delimiter != '"' or end < 0:
        raise GoError("invalid syntax")
    if "\\" not in s and "\n" not in s and end == len(s) - 1:
        return _SURROGATE.sub("\ufffd", s[1:end])
    value = bytearray()
    offset = 1
    while (match := _PIECE.match(s, offset)) and match.lastgroup != "end":
        value += _piece(match)
        offset = match.end()
    if match is None:
        raise GoError("invalid syntax")
    return value.decode("utf-8", "surrogateescape")


def _piece(match: re.Match[str]) -> bytes:
    kind = match.lastgroup or ""
    value = match[kind]
    if kind == "plain":
        return _SURROGATE.sub("\ufffd", value).encode()
    if kind == "short":
        return bytes((_SHORT[value],))
    number = int(value, 8 if kind == "octal" else 16)
    if kind in ("byte", "octal"):
        return bytes((number,))
    if number > _MAX_RUNE or number in _SURROGATE_RUNES:
        raise GoError("invalid syntax")
    return chr(number).encode()
