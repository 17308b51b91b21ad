"""
What a go.mod retracts, in a form that is made once and asked often.

Anybody may publish a go.mod with tens of thousands of retract directives. Their intervals are merged and
sorted into one text, which is stored and sent as it is; whether a version is in one of them is a binary
search in the text itself: to decode all of it first would take as long as comparing.

Source of the rule: cmd/go/internal/modload/modfile.go (CheckRetractions). A version is retracted if
low <= version <= high by semver.Compare, so build metadata does not count, and an invalid bound is less
than any version.
"""

from collections.abc import Iterable

from . import semver

__all__ = ["is_retracted", "pack"]

_LINE = "\n"
_RANGE = " "


def pack(intervals: Iterable[tuple[str, str]]) -> str:
    """
    Merge intervals of versions into sorted, disjoint ones.

    Returns:
        A line for each, in printable ASCII: the key of its only version (`semver.precedence_key`), or those
        of the lowest and the highest one with a space between; "" if no version is in any of them.
    """
    # A key has neither spaces nor newlines, both of which sort before all that it has.
    keyed = {(semver.precedence_key(low), semver.precedence_key(high)) for low, high in intervals}
    merged: list[tuple[str, str]] = []
    for low, high in sorted(keyed):
        if not high or high < low:
            continue
        if merged and low <= merged[-1][1]:
            first, last = merged[-1]
            merged[-1] = first, max(last, high)
        else:
            merged.append((low, high))
    return _LINE.join(low if low == high else f"{low}{_RANGE}{high}" for low, high in merged)


def is_retracted(packed: str, version: str) -> bool:
    """
    Say whether a version is in one of the intervals, in logarithmic time.

    Args:
        packed: The intervals, as `pack` returns them.
        version: A valid version.
    """
    if not packed:
        return False
    key = semver.precedence_key(version)
    low, _, high = _last_from(packed, key).partition(_RANGE)
    return (key <= high) if high else key == low


def _last_from(packed: str, key: str) -> str:
    """Return the last line that begins at a key or before it; "" if there is none."""
    found = ""
    start, end = 0, len(packed)
    while start < end:
        # The line that the middle is in.
        line = packed.rfind(_LINE, start, (start + end) // 2) + 1 or start
        stop = packed.find(_LINE, line)
        stop = len(packed) if stop < 0 else stop
        text = packed[line:stop]
        if text.partition(_RANGE)[0] <= key:
            found, start = text, stop + 1
        else:
            end = line
    return found
