"""
Unicode as Go 1.27 knows it: character classes and simple case folding.

Python's own tables belong to the interpreter (3.11 knows Unicode 14, Go 1.27 knows Unicode 17) and
its `casefold` folds fully, so neither gives Go's verdicts. Source of the rules: Go's packages
unicode and strings (EqualFold), and strToFold in golang.org/x/mod/zip.

Strings may hold bytes that are not UTF-8 as Python's surrogate escapes. Go reads each of those as
U+FFFD, and so do the functions here.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from itertools import accumulate, pairwise

from . import _unicode_data as data

__all__ = [
    "are_letters",
    "equal_fold",
    "fold",
    "is_letter",
    "is_print",
    "is_space",
    "is_valid_utf8",
    "letter_class",
    "text_bytes",
]

_REPLACEMENT = 0xFFFD
_SURROGATES = range(0xD800, 0xE000)
_BASIC_PLANE = 0x10000
_CODES = 0x110000


def _bounds(run_lengths: str) -> list[int]:
    return list(accumulate(int(length, 16) for length in run_lengths.split()))


def _inside(bounds: list[int], char: str) -> bool:
    return bisect_right(bounds, ord(char)) % 2 == 1


_LETTER = _bounds(data.LETTER)
_LETTER_SINCE = _bounds(data.LETTER_SINCE)
_PRINT = _bounds(data.PRINT)
_SPACE = _bounds(data.SPACE)


def is_letter(char: str, *, older: bool = False) -> bool:
    """
    Report whether one character is a letter (unicode.IsLetter).

    With `older`, only the letters that every Go since 1.21 knows count (Unicode 15.0): a file name
    with a newer one works for Go 1.27 and is refused by the Go commands before it.
    """
    return _inside(_LETTER, char) and not (older and _inside(_LETTER_SINCE, char))


@cache
def letter_class(*, older: bool = False) -> str:
    """
    Return the letters of the basic plane as ranges for a character class of `re`.

    A class is many times as fast as asking for each letter, as long as it has no characters beyond
    that plane: those `re` looks up one range after the other.
    """
    return _ranges(_letter_table(older)[:_BASIC_PLANE])


def _ranges(table: bytes) -> str:
    spans = (match.span() for match in re.finditer(rb"\x01+", table))
    return "".join(f"\\u{start:04x}-\\u{end - 1:04x}" for start, end in spans)


def are_letters(chars: Iterable[str], *, older: bool = False) -> bool:
    """Report whether each of many characters is a letter; see `is_letter`."""
    return all(map(_letter_table(older).__getitem__, map(ord, chars)))


@cache
def _letter_table(older: bool) -> bytes:
    """Return a byte for each code point, 1 for letters."""
    table = bytearray(_flags(_LETTER))
    if older:
        for match in re.finditer(rb"\x01+", _flags(_LETTER_SINCE)):
            table[match.start() : match.end()] = bytes(len(match[0]))
    return bytes(table)


def _flags(bounds: list[int]) -> bytes:
    runs = enumerate(pairwise([0, *bounds, _CODES]))
    return b"".join(bytes((number % 2,)) * (end - start) for number, (start, end) in runs)


def is_print(char: str) -> bool:
    """Report whether Go prints one character as it is (unicode.IsPrint, strconv.IsPrint)."""
    return _inside(_PRINT, char)


def is_space(char: str) -> bool:
    """Report whether one character is white space to Go (unicode.IsSpace)."""
    return _inside(_SPACE, char)


def is_valid_utf8(text: str) -> bool:
    """Report whether the text stands for valid UTF-8, that is, holds no surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_bytes(text: str) -> bytes:
    """Return the bytes that a text stands for, to sort by or to hash; it accepts any str."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


# Its lower case depends on what stands around it.
_CONTEXTUAL = ord("\N{GREEK CAPITAL LETTER SIGMA}")


@cache
def _fold_table() -> dict[int, int]:
    table = dict.fromkeys(_SURROGATES, _REPLACEMENT)
    code = 0
    for run in data.FOLD.split():
        gap, count, step, delta = (int(part, 16) for part in run.split(":"))
        code += gap - step
        for _ in range(count):
            code += step
            table[code] = code + delta
    _prefer_lower(table)
    return table


def _prefer_lower(table: dict[int, int]) -> None:
    """Let characters fold to their lower case where Python has one for all that fold alike."""
    alike: dict[int, set[int]] = {}
    for code, to in table.items():
        alike.setdefault(to, {to}).add(code)
    for codes in alike.values():
        lower = {chr(code).lower() for code in codes}
        one = lower.pop()
        if not lower and len(one) == 1 and ord(one) in codes:
            table.update(dict.fromkeys(codes, ord(one)))


def fold(text: str) -> str:
    """
    Fold the text so that two texts fold alike exactly when `equal_fold` holds for them.

    This is strToFold of golang.org/x/mod/zip, which finds files whose names differ only in case.
    """
    if text.isascii() or _lowered().fullmatch(text):
        return text.lower()
    return text.translate(_fold_table())


@cache
def _lowered() -> re.Pattern[str]:
    """Match texts of letters and ASCII for which `str.lower`, which is fast, does what is wanted."""
    table = _fold_table()
    fine = bytearray(b"\x01" * 0x80) + _letter_table(False)[0x80:_BASIC_PLANE]
    for match in re.finditer(b"\x01", bytes(fine)):
        code = match.start()
        fine[code] = chr(code).lower() == chr(table.get(code, code)) and code != _CONTEXTUAL
    return re.compile(f"[{_ranges(bytes(fine))}]*+")


def equal_fold(first: str, second: str) -> bool:
    """Report whether two texts are equal under simple Unicode case folding (strings.EqualFold)."""
    return fold(first) == fold(second)
