"""
The words of a go.mod file, one line at a time (read.go of golang.org/x/mod/modfile).

Text comes in as `bytes.decode("utf-8", "surrogateescape")`, so one character here is one rune there
and a byte that is not UTF-8 is a surrogate, which Go reads as the printable U+FFFD.
"""

import re
from itertools import islice
from typing import Final, NoReturn

from ..quote import quote_char
from ..unicode import is_print
from .errors import Error, ErrorList

BLANKS: Final = " \t\r"
WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What unicode.IsSpace holds for; str.strip() without it would also take U+001C to U+001F."""

MAX_TOKENS: Final = 1000
"""Tokens kept of one line. No directive takes more than seven, the rest is read and forgotten."""

PUNCTUATION: Final = "()[]{},"
_QUOTES: Final = '"`'
_TOKEN: Final = re.compile(r"[^ \t\r()\[\]{},]+|[()\[\]{},]")
_find_tokens: Final = _TOKEN.findall
_WORD: Final = re.compile(r"[^\0- ()\[\]{},]+")
_BLANK: Final = re.compile(r"[ \t\r]*")
_BLANK_LINES: Final = re.compile(r"[ \t\r\n]*")
_STRING_STOP: Final = re.compile(r'["\\\n]')
_RAW_STRING_STOP: Final = re.compile(r"[`\n]")
_BYTES_NOT_UTF8: Final = range(0xDC80, 0xDD00)


Row = tuple[list[str], str, int, int]
"""One line of a file, which ends at a newline outside of strings: (tokens, code, comment, end).

The first MAX_TOKENS tokens; the source from the first token to the last; the offset of the `//`
behind it, or -1; the offset of the next line. A blank line has neither tokens nor comment and
stands for all the blank lines that follow, too.
"""


def is_word_char(char: str) -> bool:
    """Report whether Go reads one character as a part of a word, if it is not punctuation."""
    if char.isascii():
        return "!" <= char <= "~"
    return is_print(char) or ord(char) in _BYTES_NOT_UTF8


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return where an offset of the text is, counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def fail(text: str, offset: int, reason: str) -> NoReturn:
    """Raise the ErrorList with one error at an offset of the text."""
    raise ErrorList([Error(reason, *line_and_column(text, offset))])


def read_row(text: str, start: int) -> Row:
    """Read the line that begins at an offset; raise ErrorList if a token in it is malformed."""
    end = text.find("\n", start)
    if end < 0:
        end = len(text)
    comment = text.find("//", start, end)
    code = text[start : end if comment < 0 else comment].strip(BLANKS)
    if not code:
        if comment < 0:
            return [], "", -1, _skip_blank_lines(text, start)
        return [], "", comment, end + 1
    if '"' in code or "`" in code:
        return _read_quoted_row(text, skip_blanks(text, start))
    if "/*" in code or not (code.isascii() and code.isprintable()):
        stop = _word_stop(code)
        if stop < len(code):
            _fail_at_token(text, skip_blanks(text, start) + stop)
    if len(code) <= MAX_TOKENS:
        return _find_tokens(code), code, comment, end + 1
    tokens = [match[0] for match in islice(_TOKEN.finditer(code), MAX_TOKENS)]
    return tokens, code, comment, end + 1


def _skip_blank_lines(text: str, start: int) -> int:
    match = _BLANK_LINES.match(text, start)
    end = match.end() if match else start
    return end if end == len(text) else text.rfind("\n", start, end) + 1


def _read_quoted_row(text: str, first: int) -> Row:
    tokens: list[str] = []
    offset = last = first
    comment = -1
    while offset < len(text) and text[offset] != "\n":
        if text.startswith("//", offset):
            comment = offset
            offset = text.find("\n", offset)
            offset = len(text) if offset < 0 else offset
            break
        last = read_token(text, offset)
        if len(tokens) < MAX_TOKENS:
            tokens.append(text[offset:last])
        offset = skip_blanks(text, last)
    return tokens, text[first:last], comment, offset + 1


def skip_blanks(text: str, offset: int) -> int:
    """Return the offset of the first character from an offset on that is not blank."""
    match = _BLANK.match(text, offset)
    return match.end() if match else offset


def read_token(text: str, offset: int) -> int:
    """Return where the token ends that begins at an offset; raise ErrorList if it is malformed."""
    char = text[offset]
    if char in PUNCTUATION:
        return offset + 1
    if char in _QUOTES:
        return _read_string(text, offset)
    match = _WORD.match(text, offset)
    if match is None:
        _fail_at_token(text, offset)
    word = match[0]
    comment = word.find("//")
    stop = _word_stop(word if comment < 0 else word[:comment])
    if stop == 0 or word.startswith("/*", stop):
        _fail_at_token(text, offset + stop)
    return offset + stop


def _read_string(text: str, start: int) -> int:
    stops = _STRING_STOP if text[start] == '"' else _RAW_STRING_STOP
    offset = start + 1
    while match := stops.search(text, offset):
        offset = match.end()
        if match[0] == "\n":
            fail(text, offset - 1, "unexpected newline in string")
        if match[0] != "\\":
            return offset
        offset += 1  # Whatever follows a backslash, even a newline, belongs to the string.
    fail(text, start, "unexpected EOF in string")


def _word_stop(code: str) -> int:
    """Return where a `/*` or a character begins that cannot stand outside of strings."""
    stops = [code.find(char) for char in set(code) if char not in BLANKS and not is_word_char(char)]
    old_comment = code.find("/*")
    if old_comment >= 0:
        stops.append(old_comment)
    return min(stops, default=len(code))


def _fail_at_token(text: str, offset: int) -> NoReturn:
    if text.startswith("/*", offset):
        fail(text, offset, "mod files must use // comments (not /* */ comments)")
    fail(text, offset, f"unexpected input character {quote_char(text[offset])}")
