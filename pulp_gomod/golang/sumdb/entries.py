"""
Paths and entry bundles of C2SP's tlog-tiles: the same tree in the form that auditors' tools read.

Tiles of hashes are those of the checksum database, byte for byte, under shorter paths. Records come in
bundles instead of data tiles: each behind its length.
"""

import re
from collections.abc import Iterable
from typing import Final

from . import tlog
from ._text import as_bytes, quote
from .errors import SumDBError
from .tlog.tiles import DATA_LEVEL

HEIGHT: Final = 8
MAX_ENTRY: Final = (1 << 16) - 1
"""Bytes that a record may have, if auditors are to read it."""

_LENGTH: Final = 2
_PATH: Final = re.compile(r"tile/(entries|0|[1-9][0-9]?)/([x0-9/]+(?:\.p/[0-9]+)?)", re.ASCII)


class EntryError(SumDBError):
    """Something that is no entry bundle, or cannot be part of one."""


def format_entries(records: Iterable[bytes]) -> bytes:
    """
    The bundle of some records.

    Raises:
        EntryError: A record has more than 65,535 bytes.
    """
    parts: list[bytes] = []
    for record in records:
        if len(record) > MAX_ENTRY:
            raise EntryError(f"a record of {len(record)} bytes is too long for an entry bundle")
        parts += [len(record).to_bytes(_LENGTH, "big"), record]
    return b"".join(parts)


def parse_entries(data: bytes) -> list[bytes]:
    """
    The records of a bundle. Nothing of them is proven.

    Raises:
        EntryError: It ends within a record.
    """
    records: list[bytes] = []
    place = 0
    while place < len(data):
        start = place + _LENGTH
        end = start + int.from_bytes(data[place:start], "big")
        if start > len(data) or end > len(data):
            raise EntryError(f"the entry bundle ends within its record {len(records)}")
        records.append(data[start:end])
        place = end
    return records


def format_path(tile: tlog.Tile) -> str:
    """
    The path of a tile of height 8, such as `tile/0/x001/234.p/5`, or `tile/entries/000` for records.

    Raises:
        tlog.TlogError: The tile has another height.
    """
    if tile.h != HEIGHT:
        raise tlog.TlogError(f"tlog: tiles of height {tile.h} have no such path, only of {HEIGHT}")
    rest = tile.path().removeprefix(f"tile/{HEIGHT}/")
    return f"tile/{rest.replace('data/', 'entries/', 1)}"


def parse_path(path: str) -> tlog.Tile:
    """
    Read the path of a tile; the level of records is -1.

    Raises:
        tlog.MalformedTilePathError: It is not in the one form that a tile's path has.
    """
    match = _PATH.fullmatch(path)
    if match:
        level = "data" if match[1] == "entries" else match[1]
        tile = tlog.parse_tile_path(as_bytes(f"tile/{HEIGHT}/{level}/{match[2]}"))
        if DATA_LEVEL <= tile.l <= tlog.tiles.MAX_LEVEL:
            return tile
    raise tlog.MalformedTilePathError(f"malformed tile path {quote(path)}")
