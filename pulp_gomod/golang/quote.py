"""Text for people, quoted as Go's %q does (package strconv)."""

import re

from .unicode import is_print, is_valid_utf8

__all__ = ["printable", "quote", "quote_char", "replace_invalid"]

_SHORT = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": "\\\\",
}
_SURROGATES = re.compile("[\ud800-\udfff]")
_REMEMBERED = 4096
_ESCAPED_BYTES = range(0xDC80, 0xDD00)


def _escape(char: str, delimiter: str) -> str:
    code = ord(char)
    if char == delimiter:
        text = "\\" + char
    elif char in _SHORT:
        text = _SHORT[char]
    elif is_print(char):
        text = char
    elif code < ord(" ") or code == 0x7F:
        text = f"\\x{code:02x}"
    elif code in _ESCAPED_BYTES:
        text = f"\\x{code - 0xDC00:02x}"
    elif code <= 0xFFFF:
        text = f"\\u{code:04x}"
    else:
        text = f"\\U{code:08x}"
    return text


class _Escapes(dict[int, str]):
    """A table for str.translate, because hostile names can be long. It remembers only so many."""

    def __missing__(self, code: int) -> str:
        text = _escape(chr(code), '"')
        if len(self) < _REMEMBERED:
            self[code] = text
        return text


_ESCAPES = _Escapes()


def quote(text: str) -> str:
    """Return the text in double quotes with Go's escapes (strconv.Quote)."""
    return '"' + text.translate(_ESCAPES) + '"'


def quote_char(char: str) -> str:
    """Return one character in single quotes with Go's escapes (strconv.QuoteRune)."""
    return "'" + _escape(char, "'") + "'"


def printable(text: str) -> str:
    """Return the text as it is if it can be shown on one line, otherwise quoted."""
    if text.isascii() and text.isprintable():
        return text
    if is_valid_utf8(text) and all(map(is_print, text)):
        return text
    return quote(text)


def replace_invalid(text: str) -> str:
    """Return the text with U+FFFD for every byte that is not UTF-8, so that it can be encoded."""
    return _SURROGATES.sub("\ufffd", text)
