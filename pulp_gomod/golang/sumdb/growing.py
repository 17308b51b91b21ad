"""
A tree that grows, of which only the right edge is in memory.

Whoever keeps a log needs no more than the incomplete tiles to append to it: at most one a level, whatever
the log has become. What a record costs does not depend on how many came before.
"""

from collections.abc import Iterator, Mapping

from . import tlog
from .client import TILE_HEIGHT
from .tlog.tiles import tile_hash

TILE_WIDTH = 1 << TILE_HEIGHT

Place = tuple[int, int]
"""Level and number of a tile."""


def edge_tiles(size: int) -> Iterator[tlog.Tile]:
    """
    Name the incomplete tiles of a tree, from the records upwards.

    Args:
        size: Records in the tree.
    """
    level = 0
    while size > 0:
        number, width = divmod(size, TILE_WIDTH)
        if width:
            yield tlog.Tile(TILE_HEIGHT, level, number, width)
        level, size = level + 1, number


class GrowingTree:
    """
    A tree to which records are appended.

    Attributes:
        size: Records in the tree.

    Args:
        size: Records in the tree to begin with.
        edge: The hashes of its incomplete tiles (see `edge_tiles`), as wide as in that tree or wider.

    Raises:
        TlogError: One of these tiles is missing or too short.
    """

    def __init__(self, size: int, edge: Mapping[Place, bytes]) -> None:
        self.size = size
        self._edge: dict[int, bytearray] = {}
        for tile in edge_tiles(size):
            hashes = edge.get((tile.l, tile.n), b"")
            if len(hashes) < tile.size():
                raise tlog.TlogError(f"the tile {tile.path()} is missing from a tree of {size}")
            self._edge[tile.l] = bytearray(hashes[: tile.size()])
        self._complete: dict[Place, bytes] = {}
        self._touched: set[int] = set()

    def append(self, text: bytes) -> int:
        """
        Append a record, and return its number.

        Args:
            text: Its text, with the final line feed.
        """
        number, level = self.size, 0
        hash_ = tlog.record_hash(text)
        self.size += 1
        while True:
            tile = self._edge.setdefault(level, bytearray())
            tile += hash_
            self._touched.add(level)
            if len(tile) < TILE_WIDTH * tlog.HASH_SIZE:
                return number
            # It is complete, and counts as one hash above.
            complete = bytes(tile)
            tile.clear()
            level += 1
            self._complete[level - 1, (self.size >> (TILE_HEIGHT * level)) - 1] = complete
            hash_ = tile_hash(complete)

    def tree(self) -> tlog.Tree:
        """Return the tree as it is now."""
        parts: list[tlog.Hash] = []
        for level in sorted(self._edge, reverse=True):
            parts += _subtrees(bytes(self._edge[level]))
        if not parts:
            return tlog.EMPTY_TREE
        root = parts.pop()
        while parts:
            root = tlog.node_hash(parts.pop(), root)
        return tlog.Tree(self.size, root)

    def take_complete(self) -> dict[Place, bytes]:
        """Return the tiles that were completed since this was last called, and keep them no longer."""
        complete, self._complete = self._complete, {}
        return complete

    def changed(self) -> Iterator[tuple[tlog.Tile, bytes]]:
        """Give the tiles that are new or wider than they were, but for those that were taken."""
        for (level, number), hashes in self._complete.items():
            yield tlog.Tile(TILE_HEIGHT, level, number, TILE_WIDTH), hashes
        for tile in edge_tiles(self.size):
            if tile.l in self._touched:
                yield tile, bytes(self._edge[tile.l])


def _subtrees(hashes: bytes) -> Iterator[tlog.Hash]:
    """Give the roots of the complete subtrees over some hashes, the largest first."""
    start, width = 0, len(hashes) // tlog.HASH_SIZE
    while width:
        largest = 1 << (width.bit_length() - 1)
        end = start + largest * tlog.HASH_SIZE
        yield tile_hash(hashes[start:end])
        start, width = end, width - largest
