"""What is remembered and may be forgotten, within bounds."""

import math
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """
    A bounded dictionary: what was used the longest ago makes room.

    Args:
        most: How many values it holds.
        most_size: What their sizes may add up to.
        size_of: Tells the size of a value, the same one each time.
    """

    def __init__(
        self, most: float, most_size: float = math.inf, size_of: Callable[[V], int] = lambda _: 0
    ) -> None:
        self._most = most
        self._most_size = most_size
        self._size_of = size_of
        self._size = 0
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        """How many values there are."""
        return len(self._values)

    def values(self) -> Collection[V]:
        """All values, from the one that was used the longest ago."""
        return self._values.values()

    def get(self, key: K) -> V | None:
        """Return a value, which counts as used now; None if there is none."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def peek(self, key: K) -> V | None:
        """Return a value without using it, which any thread may do."""
        return self._values.get(key)

    def put(self, key: K, value: V) -> list[V]:
        """
        Remember a value in place of any other one.

        Returns:
            The values of other keys that made room.
        """
        if key in self._values:
            self._size -= self._size_of(self._values.pop(key))
        self._values[key] = value
        self._size += self._size_of(value)
        gone = []
        while len(self._values) > self._most or self._size > self._most_size:
            _, oldest = self._values.popitem(last=False)
            self._size -= self._size_of(oldest)
            gone.append(oldest)
        return gone
