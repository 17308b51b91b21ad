"""Unicode as Go 1.27 knows it: character classes and simple case folding.

Python's own tables belong to the interpreter (3.11 knows Unicode 14, Go 1.27 knows Unicode 17) and
its `casefold` folds fully, so neither gives Go's verdicts. Source of the rules: Go's packages
unicode and strings (EqualFold), and strToFold in golang.org/x/mod/zip.

Strings may hold bytes that are not UTF-8 as Python's surrogate escapes. Go reads each of those as
U+FFFD, and so do the functions here.
"""

from bisect import bisect_right
from functools import cache
from itertools import accumulate

from pulp_gomod.golang import _unicode_data as data

__all__ = ["equal_fold", "fold", "is_letter", "is_print", "is_space", "is_valid_utf8", "text_bytes"]

_REPLACEMENT = 0xFFFD
_SURROGATES = range(0xD800, 0xE000)


def _bounds(run_lengths: str) -> list[int]:
    return list(accumulate(int(length, 16) for length in run_lengths.split()))


def _inside(bounds: list[int], char: str) -> bool:
    return bisect_right(bounds, ord(char)) % 2 == 1


_LETTER = _bounds(data.LETTER)
_LETTER_SINCE = _bounds(data.LETTER_SINCE)
_PRINT = _bounds(data.PRINT)
_SPACE = _bounds(data.SPACE)


def is_letter(char: str, *, older: bool = False) -> bool:
    """Report whether one character is a letter (unicode.IsLetter).

    With `older`, only the letters that every Go since 1.21 knows count (Unicode 15.0): a file name
    with a newer one works for Go 1.27 and is refused by the Go commands before it.
    """
    return _inside(_LETTER, char) and not (older and _inside(_LETTER_SINCE, char))


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
    return table


def fold(text: str) -> str:
    """Fold the text so that two texts fold alike exactly when `equal_fold` holds for them.

    This is strToFold of golang.org/x/mod/zip, which finds files whose names differ only in case.
    """
    return text.lower() if text.isascii() else text.translate(_fold_table())


def equal_fold(first: str, second: str) -> bool:
    """Report whether two texts are equal under simple Unicode case folding (strings.EqualFold)."""
    return fold(first) == fold(second)
