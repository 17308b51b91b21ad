"""Counting in memory what is written to the database now and then."""

import time
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class _Count:
    """How often something was noted, and when that is written."""

    __slots__ = ("count", "due")

    def __init__(self) -> None:
        self.count = 0
        self.due = 0.0


class Tally(Generic[K]):
    """
    Counts, of which new ones are written soon, and the same again after a while.

    Attributes:
        left_out: How many were not counted, since there was no place.

    Args:
        most: How many different ones are remembered until they are written and forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[K, _Count] = {}
        self.left_out = 0

    def note(self, key: K) -> None:
        """
        Count one more.

        Args:
            key: What.
        """
        known = self._counts.get(key)
        if known is None:
            if len(self._counts) >= self._most:
                self.left_out += 1
                return
            known = self._counts[key] = _Count()
        known.count += 1

    def take(self, again: float, everything: bool = False) -> list[tuple[K, int]]:
        """
        Return what is to be written now, and how often it was noted.

        Args:
            again: Seconds for which the same is not to be written again.
            everything: Whether to return that, too, which was written less than so long ago.
        """
        now = time.monotonic()
        due = [
            (key, counted)
            for key, counted in self._counts.items()
            if everything or counted.due <= now
        ]
        taken = [(key, counted.count) for key, counted in due if counted.count]
        for key, counted in due:
            if counted.count:
                counted.count, counted.due = 0, now + again
            else:
                del self._counts[key]
        return taken

    def give_back(self, taken: Sequence[tuple[K, int]]) -> None:
        """
        Count again what could not be written.

        Args:
            taken: From `take`.
        """
        for key, count in taken:
            known = self._counts.setdefault(key, _Count())
            known.count += count
            known.due = 0.0
