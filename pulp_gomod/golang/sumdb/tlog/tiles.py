"""
Tiles: the pieces in which a log's hashes are served.

See the Tile type of golang.org/x/mod/sumdb/tlog.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from .._text import MAX_INT64, as_bytes, parse_int64, quote
from .errors import MalformedTilePathError, TlogError
from .hashes import (
    HASH_SIZE,
    Hash,
    HashReader,
    node_hash,
    read_hashes,
    split_stored_hash_index,
    stored_hash_index,
)

MAX_HEIGHT = 30
MAX_LEVEL = 63
DATA_LEVEL = -1
_PATH_BASE = 1000
# Three digits a step: seven steps hold any int64, and nothing longer is worth looking at.
_MAX_PATH = 128
_PATH = re.compile(
    rb"tile/([0-9]+)/(data|[0-9]+)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]+))?", re.ASCII
)


class Tile(NamedTuple):
    """
    Where a tile lies: w consecutive hashes of level h*l of the tree, from number n * 2**h on.

    Attributes:
        h: height of the tile, 1 to 30.
        l: level in the tiling, 0 to 63, or -1 for the records themselves.
        n: number within the level.
        w: width, 1 to 2**h; a tile of width 2**h is complete.
    """

    h: int
    l: int  # noqa: E741 - Go's name
    n: int
    w: int

    def path(self) -> str:
        """The tile's coordinate path, such as tile/8/0/x001/234.p/5."""
        n, digits = divmod(self.n, _PATH_BASE)
        steps = f"{digits:03d}"
        while n > 0:
            n, digits = divmod(n, _PATH_BASE)
            steps = f"x{digits:03d}/{steps}"
        level = "data" if self.l == DATA_LEVEL else str(self.l)
        part = "" if self.w == 1 << self.h else f".p/{self.w}"
        return f"tile/{self.h}/{level}/{steps}{part}"

    def full(self) -> "Tile":
        """The complete tile at this place."""
        return self._replace(w=1 << self.h)

    def size(self) -> int:
        """How many bytes the tile's hashes take."""
        return self.w * HASH_SIZE


def parse_tile_path(path: str | bytes) -> Tile:
    """
    Read a tile's coordinate path.

    The level of a well-formed path may be above 63: no tree has such a tile.

    Raises:
        MalformedTilePathError: path is not in the one form that a tile's path has.
    """
    data = as_bytes(path)
    match = _PATH.fullmatch(data) if len(data) <= _MAX_PATH else None
    if match:
        height = parse_int64(match[1])
        level = DATA_LEVEL if match[2] == b"data" else parse_int64(match[2])
        n = int(match[3].replace(b"/", b"").replace(b"x", b""))
        if height and height <= MAX_HEIGHT and level is not None and n <= MAX_INT64:
            width = parse_int64(match[4]) if match[4] is not None else 1 << height
            if width is not None:
                tile = Tile(height, level, n, width)
                # Leading zeros and the like spell a tile that has another path.
                if 0 < width <= 1 << height and tile.path().encode("ascii") == data:
                    return tile
    raise MalformedTilePathError(f"malformed tile path {quote(path)}")


def tile_for_index(h: int, index: int) -> Tile:
    """
    The tile of height h and least width that holds the hash stored at index.

    Raises:
        TlogError: no tile has height h, or no hash is stored at index.
    """
    return _locate(h, index)[0]


def _locate(h: int, index: int) -> tuple[Tile, int, int]:
    """The tile that holds a stored hash, and the bytes of it that make the hash."""
    if not 1 <= h <= MAX_HEIGHT:
        raise TlogError(f"tlog: invalid tile height {h}, want 1 to {MAX_HEIGHT}")
    level, n = split_stored_hash_index(index)
    # The hash is that of 2**level_in_tile neighbours in the tile's lowest level.
    tile_level, level_in_tile = divmod(level, h)
    first = n << level_in_tile
    number, start = divmod(first, 1 << h)
    end = start + (1 << level_in_tile)
    return Tile(h, tile_level, number, end), start * HASH_SIZE, end * HASH_SIZE


def hash_from_tile(tile: Tile, data: bytes, index: int) -> Hash:
    """
    The hash stored at index, from the data of tile_for_index(tile.h, index) or a wider one.

    Raises:
        TlogError: tile is none, its data is too short, or it does not hold the hash.
    """
    if not _is_hash_tile(tile):
        raise TlogError(f"invalid tile {tile}")
    if len(data) < tile.size():
        raise TlogError(f"data len {len(data)} too short for tile {tile.path()}")
    least, start, end = _locate(tile.h, index)
    if (tile.l, tile.n) != (least.l, least.n) or tile.w < least.w:
        raise TlogError(f"index {index} is in {least.path()} not {tile.path()}")
    return tile_hash(data[start:end])


def _is_hash_tile(tile: Tile) -> bool:
    return (
        1 <= tile.h <= MAX_HEIGHT
        and 0 <= tile.l <= MAX_LEVEL
        and tile.n >= 0
        and 1 <= tile.w <= 1 << tile.h
    )


# A client proves the same upper tiles for every record: 255 hashes each time.
@lru_cache(maxsize=1024)
def tile_hash(data: bytes) -> Hash:
    """The hash of the subtree over the hashes in data, a power of two of them."""
    hashes = [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[i : i + 2]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def new_tiles(h: int, old_tree_size: int, new_tree_size: int) -> list[Tile]:
    """
    The tiles of height h to publish when a tree grows from the old to the new size.

    Raises:
        TlogError: no tile has height h, or a size is negative.
    """
    if not 1 <= h <= MAX_HEIGHT or old_tree_size < 0 or new_tree_size < 0:
        raise TlogError(f"tlog: no tiles of height {h} for {old_tree_size} to {new_tree_size}")
    tiles: list[Tile] = []
    level = 0
    old, new = old_tree_size, new_tree_size
    while new > 0:
        if old != new:
            full = new >> h
            tiles += [Tile(h, level, n, 1 << h) for n in range(old >> h, full)]
            if width := new - (full << h):
                tiles.append(Tile(h, level, full, width))
        old, new, level = old >> h, new >> h, level + 1
    return tiles


def read_tile_data(tile: Tile, reader: HashReader) -> bytes:
    """
    The data of a hash tile, from a log's stored hashes. Width 0 stands for a complete tile.

    A tile may be 32 GiB large: who serves paths from outside compares them with the log's size
    first.

    Raises:
        TlogError: tile is no hash tile.
    """
    wanted = tile.full() if tile.w == 0 and 1 <= tile.h <= MAX_HEIGHT else tile
    if not _is_hash_tile(wanted):
        raise TlogError(f"invalid tile {tile}")
    start = wanted.n << wanted.h
    level = wanted.h * wanted.l
    indexes = [stored_hash_index(level, n) for n in range(start, start + wanted.w)]
    return b"".join(read_hashes(reader, indexes))
