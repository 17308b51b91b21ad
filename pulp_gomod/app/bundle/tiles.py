"""Which tiles prove records, and older heads, in the tree of a head."""

from array import array
from collections.abc import Iterable, Iterator

from pulp_gomod.golang.sumdb import tlog

HEIGHT = 8
WIDTH = 1 << HEIGHT

Levels = list["array[int]"]
"""For each level from 0 on, the numbers of tiles in ascending order."""


def width_of(level: int, number: int, size: int) -> int:
    """Return how many hashes a tile has in a tree of some size; 0 or less if it has none."""
    return min(WIDTH, (size >> (HEIGHT * level)) - (number << HEIGHT))


def proving(records: Iterable[int], size: int, older: Iterable[int] = ()) -> Levels:
    """
    Find the tiles that prove records in a tree, and that older trees are its beginning.

    Args:
        records: The numbers of the records.
        size: Records in the tree.
        older: The sizes of the older trees.
    """
    edges = _edges(size, older)
    numbers = {number >> HEIGHT for number in records}
    levels: Levels = []
    while size >> (HEIGHT * len(levels)):
        level = len(levels)
        numbers |= edges.get(level, set())
        levels.append(array("Q", sorted(n for n in numbers if width_of(level, n, size) > 0)))
        numbers = {number >> HEIGHT for number in numbers}
    return levels


def _edges(size: int, older: Iterable[int]) -> dict[int, set[int]]:
    """Find the tiles with the hashes that make the tree's own hash, and those of older trees."""
    edges: dict[int, set[int]] = {}
    for each in (size, *older):
        for index in tlog.tree_hash_indexes(each):
            tile = tlog.tile_for_index(HEIGHT, index)
            edges.setdefault(tile.l, set()).add(tile.n)
    return edges


def without(levels: Levels, size: int, known: Levels, known_size: int) -> Levels:
    """
    Leave out tiles that are known from a smaller tree, and are the same there.

    Args:
        levels: The tiles.
        size: Records in their tree.
        known: The tiles that are known.
        known_size: Records in the tree of those.
    """
    left: Levels = []
    for level, numbers in enumerate(levels):
        had = set(known[level]) if level < len(known) else set()
        left.append(
            array(
                "Q",
                (
                    n
                    for n in numbers
                    if n not in had or width_of(level, n, known_size) != width_of(level, n, size)
                ),
            )
        )
    return left


def batches(levels: Levels, count: int) -> Iterator[tuple[int, int, int]]:
    """Divide tiles into runs of at most `count`: the level, and where the run begins and ends in it."""
    for level, numbers in enumerate(levels):
        for start in range(0, len(numbers), count):
            yield level, start, min(start + count, len(numbers))
