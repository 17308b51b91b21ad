"""Entries with patterns of module paths, found by a path: there may be a thousand, and a request about thousands of modules."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from pulp_gomod.golang import module

T = TypeVar("T")

# What makes more of a pattern than the path of modules.
_SPECIAL = frozenset("*?[\\,")


class Patterned(Generic[T]):
    """
    Entries, each with a pattern as in GOPRIVATE.

    Most patterns are plain paths, which cost nothing for a module that is not below them. Of the others, those are compared that begin
    as the module does.

    Args:
        pattern: Says what the pattern of one is.
    """

    def __init__(self, entries: Sequence[T], pattern: Callable[[T], str]) -> None:
        self._entries = entries
        self._plain: dict[str, list[int]] = {}
        self._others: list[tuple[str, str, int]] = []
        for number, entry in enumerate(entries):
            text = pattern(entry)
            special = next((at for at, char in enumerate(text) if char in _SPECIAL), None)
            if special is None:
                self._plain.setdefault(text.removesuffix("/"), []).append(number)
            else:
                begin = "" if "," in text else text[:special]
                self._others.append((begin, text, number))

    def of(self, path: str) -> list[T]:
        """
        Return the entries whose patterns match a module path or what it is below, in their order.

        Args:
            path: The module path.
        """
        found = [
            number
            for begin, text, number in self._others
            if path.startswith(begin) and module.match_prefix_patterns(text, path)
        ]
        if self._plain:
            for prefix in _prefixes(path):
                found += self._plain.get(prefix, ())
        return [self._entries[number] for number in sorted(found)]


def _prefixes(path: str) -> Iterator[str]:
    """Give a path, and all paths that it is below."""
    end = path.find("/")
    while end > 0:
        yield path[:end]
        end = path.find("/", end + 1)
    if path:
        yield path
