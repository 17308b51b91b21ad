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


def narrower(size: int, older: Iterable[int]) -> dict[tuple[int, int], list[int]]:
    """
    Find the widths in which tiles are asked for by whoever knows an older head.

    A client that begins with its own head reads the right edge of that tree, in the widths of that tree. Where
    the tile has become full since, it takes that one; where it is still partial, it wants its own width
    (`readTile` in sumdb/client.go of golang.org/x/mod).

    Args:
        size: Records in the tree.
        older: The sizes of the older trees.

    Returns:
        By level and number of a tile, the smaller widths, in ascending order.
    """
    found: dict[tuple[int, int], set[int]] = {}
    for each in older:
        level = 0
        while each >> (HEIGHT * level):
            number = each >> (HEIGHT * (level + 1))
            width = width_of(level, number, each)
            if 0 < width < width_of(level, number, size) < WIDTH:
                found.setdefault((level, number), set()).add(width)
            level += 1
    return {tile: sorted(widths) for tile, widths in found.items()}


Sizes = tuple[int, Iterable[int]]
"""Records in a tree, and in those older trees that it is to be proven to continue."""


def without(levels: Levels, sizes: Sizes, known: Levels, known_sizes: Sizes) -> Levels:
    """
    Leave out tiles that are known from a smaller tree, and are the same there, in each width that is asked for.

    Args:
        levels: The tiles.
        sizes: Of their tree.
        known: The tiles that are known.
        known_sizes: Of the tree of those.
    """
    widths, known_widths = narrower(*sizes), narrower(*known_sizes)

    def is_known(level: int, number: int) -> bool:
        place = level, number
        if width_of(*place, known_sizes[0]) != width_of(*place, sizes[0]):
            return False
        return set(widths.get(place, ())) <= set(known_widths.get(place, ()))

    left: Levels = []
    for level, numbers in enumerate(levels):
        had = set(known[level]) if level < len(known) else set()
        kept = (n for n in numbers if n not in had or not is_known(level, n))
        left.append(array("Q", kept))
    return left


def batches(levels: Levels, count: int) -> Iterator[tuple[int, int, int]]:
    """Divide tiles into runs of at most `count`: the level, and where the run begins and ends in it."""
    for level, numbers in enumerate(levels):
        for start in range(0, len(numbers), count):
            yield level, start, min(start + count, len(numbers))
