"""Reading hashes of a tree from tiles that an untrusted server sends."""

from collections.abc import Sequence
from typing import Protocol

from .errors import InconsistentTileError, TlogError
from .formats import Tree
from .hashes import (
    Hash,
    stored_hash_index,
    subtree_hash,
    tree_hash_indexes,
)
from .tiles import (
    Tile,
    hash_from_tile,
    tile_for_index,
    tile_hash,
)


class TileReader(Protocol):
    """Reads tiles from a cache or a server."""

    @property
    def height(self) -> int:
        """The height of the tiles that it reads."""

    def read_tiles(self, tiles: Sequence[Tile], /) -> Sequence[bytes]:
        """The data of each tile, of exactly its size; not to be kept until it is saved."""

    def save_tiles(self, tiles: Sequence[Tile], data: Sequence[bytes], /) -> None:
        """Called with tiles that are proven to be in the tree."""


class TilePlan:
    """
    What to fetch to learn some hashes of a tree, and the proof of what was fetched.

    Does no I/O: fetch the data of `tiles` in any way, then give it to `hashes`.

    Args:
        tree: the tree head, which is trusted (its note was signed and is consistent).
        height: height of the tiles.
        indexes: stored hash indexes of the hashes to learn.

    Raises:
        TlogError: an index is not in the tree.

    Attributes:
        tiles: the tiles to fetch.
    """

    def __init__(self, tree: Tree, height: int, indexes: Sequence[int]) -> None:
        size = stored_hash_index(0, tree.n)
        for index in indexes:
            if not 0 <= index < size:
                raise TlogError(f"hash {index} is not in the tree of size {tree.n}")
        self.tiles: list[Tile] = []
        self._tree = tree
        self._indexes = indexes
        self._place: dict[Tile, int] = {}
        # The tiles of the right edge make the tree's hash, and with it are proven as a whole:
        # each is partial, and each of its hashes goes into the root.
        self._edge = tree_hash_indexes(tree.n)
        self._edge_tiles = [self._tile_at(height, index) for index in self._edge]
        for tile in self._edge_tiles:
            self._add(tile)
        self._proven_by_edge = len(self.tiles)
        self._index_tiles = [self._tile_at(height, index) for index in indexes]
        for tile in self._index_tiles:
            self._add_with_parents(tile)

    def _tile_at(self, height: int, index: int) -> Tile:
        tile = widest(tile_for_index(height, index), self._tree.n)
        if tile is None:
            raise TlogError(f"hash {index} is not in the tree of size {self._tree.n}")
        return tile

    def _add(self, tile: Tile) -> None:
        if tile not in self._place:
            self._place[tile] = len(self.tiles)
            self.tiles.append(tile)

    def _add_with_parents(self, tile: Tile) -> None:
        """Add the tile behind the parents that prove it."""
        missing: list[Tile] = []
        while tile not in self._place:
            missing.append(tile)
            tile = self._parent(tile)
        for child in reversed(missing):
            self._add(child)

    def _parent(self, tile: Tile) -> Tile:
        # A partial tile is on the right edge, so its place is known and nobody asks.
        parent = widest(Tile(tile.h, tile.l + 1, tile.n >> tile.h, 1), self._tree.n)
        if parent is None:
            raise TlogError(f"tile {tile.path()} has no parent in a tree of {self._tree.n}")
        return parent

    def hashes(self, data: Sequence[bytes]) -> list[Hash]:
        """
        Prove every tile, parents first, and return the hashes that the plan was made for.

        Args:
            data: what was fetched for each of `tiles`.

        Raises:
            InconsistentTileError: a tile has a wrong size, or is not part of the tree.
        """
        self._check_sizes(data)
        self._check_edge(data)
        for tile, content in list(zip(self.tiles, data, strict=True))[self._proven_by_edge :]:
            index = stored_hash_index((tile.l + 1) * tile.h, tile.n)
            if self._hash(self._parent(tile), data, index) != tile_hash(content):
                raise InconsistentTileError(
                    f"downloaded inconsistent tile {tile.path()}: the tree of size"
                    f" {self._tree.n} holds another one"
                )
        return [
            self._hash(tile, data, index)
            for tile, index in zip(self._index_tiles, self._indexes, strict=True)
        ]

    def _check_sizes(self, data: Sequence[bytes]) -> None:
        if len(data) != len(self.tiles):
            raise TlogError(f"got {len(data)} tiles, want {len(self.tiles)}")
        for tile, content in zip(self.tiles, data, strict=True):
            if len(content) != tile.size():
                raise InconsistentTileError(
                    f"downloaded bad tile {tile.path()}: {len(content)} bytes, want {tile.size()}"
                )

    def _check_edge(self, data: Sequence[bytes]) -> None:
        if not self._edge:
            return
        parts = [
            self._hash(tile, data, index)
            for tile, index in zip(self._edge_tiles, self._edge, strict=True)
        ]
        if subtree_hash(0, self._tree.n, iter(parts)) != self._tree.hash:
            # One of them is wrong, and nothing says which.
            paths = ", ".join(tile.path() for tile in self.tiles[: self._proven_by_edge])
            raise InconsistentTileError(
                f"downloaded inconsistent tile: {paths} do not make the hash of the tree of"
                f" size {self._tree.n}"
            )

    def _hash(self, tile: Tile, data: Sequence[bytes], index: int) -> Hash:
        return hash_from_tile(tile, data[self._place[tile]], index)


class TileHashReader:
    """A HashReader over the tiles of a tree: every hash that it returns is proven to be in it."""

    def __init__(self, tree: Tree, tile_reader: TileReader) -> None:
        self._tree = tree
        self._tile_reader = tile_reader

    def read_hashes(self, indexes: Sequence[int], /) -> list[Hash]:
        """
        Fetch and prove the tiles for some hashes.

        Raises:
            InconsistentTileError: the tile reader's data is not that of the tree.
            TlogError: an index is not in the tree.
        """
        plan = TilePlan(self._tree, self._tile_reader.height, indexes)
        data = self._tile_reader.read_tiles(plan.tiles)
        hashes = plan.hashes(data)
        self._tile_reader.save_tiles(plan.tiles, data)
        return hashes


def widest(tile: Tile, tree_size: int) -> Tile | None:
    """
    The tile as wide as a tree of this size has it; None if the tree does not reach it.

    Args:
        tile: which tile; its width does not matter.
        tree_size: number of records in the tree.
    """
    start = tile.n << tile.h
    width = min(1 << tile.h, (tree_size >> (tile.l * tile.h)) - start)
    return tile._replace(w=width) if width > 0 else None
