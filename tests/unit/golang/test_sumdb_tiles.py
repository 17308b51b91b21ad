"""Tiles of transparency logs: paths, contents, and what they prove."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang.sumdb import tlog
from tests.unit.golang.sumdb_world import Log, flip
from tests.unit.golang.vectors import load

LOG = Log(70)


@pytest.mark.parametrize("row", load("sumdb_tile_path"), ids=lambda row: row[0])
def test_tile_path_as_go(row: list[Any]) -> None:
    path, want = row
    if want is None:
        with pytest.raises(tlog.MalformedTilePathError, match="malformed tile path"):
            tlog.parse_tile_path(path)
    else:
        tile = tlog.parse_tile_path(path)
        assert tile == tlog.Tile(want["H"], want["L"], want["N"], want["W"])
        assert tile.path() == path


@pytest.mark.parametrize("height", [1, 2, 3, 8])
def test_hashes_come_out_of_tiles(height: int) -> None:
    for index, hash_ in enumerate(LOG.stored):
        tile = tlog.tile_for_index(height, index)
        data = tlog.read_tile_data(tile, LOG)
        assert tlog.hash_from_tile(tile, data, index) == hash_
        with pytest.raises(tlog.TlogError, match="too short"):
            tlog.hash_from_tile(tile, data[:-1], index)
        with pytest.raises(tlog.TlogError, match="is in tile/"):
            tlog.hash_from_tile(tile._replace(n=tile.n + 1), data, index)


def test_tiles_that_cannot_be() -> None:
    for tile in [
        tlog.Tile(0, 0, 0, 1),
        tlog.Tile(31, 0, 0, 1),
        tlog.Tile(8, -1, 0, 1),
        tlog.Tile(8, 64, 0, 1),
        tlog.Tile(8, 0, 0, 257),
        tlog.Tile(8, 0, -1, 1),
    ]:
        with pytest.raises(tlog.TlogError, match="invalid tile"):
            tlog.hash_from_tile(tile, bytes(32 * 257), 0)
        with pytest.raises(tlog.TlogError, match="invalid tile"):
            tlog.read_tile_data(tile, LOG)
    for call in (lambda: tlog.tile_for_index(0, 1), lambda: tlog.new_tiles(0, 0, 1)):
        with pytest.raises(tlog.TlogError):
            call()
    with pytest.raises(tlog.TlogError):
        tlog.tile_for_index(8, -1)


@pytest.mark.parametrize("height", [1, 2, 3])
def test_new_tiles_are_those_that_changed(height: int) -> None:
    def published(size: int) -> set[tlog.Tile]:
        tiles: set[tlog.Tile] = set()
        for level in itertools.count():
            count = size >> (height * level)
            if not count:
                return tiles
            for first in range(0, count, 1 << height):
                width = min(1 << height, count - first)
                tiles.add(tlog.Tile(height, level, first >> height, width))
        raise AssertionError

    for old in range(0, 40, 3):
        for new in range(old, 40):
            assert set(tlog.new_tiles(height, old, new)) == published(new) - published(old)


class Tiles:
    """Tiles of the log, of which some may be tampered with."""

    def __init__(self, height: int, tampered: dict[tlog.Tile, bytes] | None = None) -> None:
        self.height = height
        self.tampered = tampered or {}
        self.read: list[tlog.Tile] = []
        self.saved: list[tlog.Tile] = []

    def read_tiles(self, tiles: Sequence[tlog.Tile]) -> list[bytes]:
        self.read += tiles
        return [self.tampered.get(tile) or tlog.read_tile_data(tile, LOG) for tile in tiles]

    def save_tiles(self, tiles: Sequence[tlog.Tile], data: Sequence[bytes]) -> None:
        assert len(tiles) == len(data)
        self.saved += tiles


@pytest.mark.parametrize("height", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [1, 2, 7, 8, 15, 16, 17, 64, 70])
def test_tile_reader_finds_and_proves_every_hash(height: int, size: int) -> None:
    tree = tlog.Tree(size, LOG.roots[size])
    tiles = Tiles(height)
    indexes = range(tlog.stored_hash_count(size))
    reader = tlog.TileHashReader(tree, tiles)
    assert reader.read_hashes(indexes) == LOG.stored[: len(indexes)]
    assert tiles.saved == tiles.read
    assert tlog.tree_hash(size, reader) == tree.hash
    # Every hash that the tree stores lies in a tile that was proven.
    assert {tile.l for tile in tiles.read} == set(range((size.bit_length() - 1) // height + 1))


@pytest.mark.parametrize("height", [1, 2, 3])
def test_no_byte_of_any_tile_can_be_changed(height: int) -> None:
    """A tile that is not checked against its parents was CVE-2026-56865."""
    for size in (1, 5, 8, 13, 16, 27):
        tree = tlog.Tree(size, LOG.roots[size])
        for n in range(size):
            index = tlog.stored_hash_index(0, n)
            honest = Tiles(height)
            tlog.TileHashReader(tree, honest).read_hashes([index])
            for tile in honest.read:
                data = tlog.read_tile_data(tile, LOG)
                for position in range(0, len(data), 16):
                    forged = Tiles(height, {tile: flip(data, position)})
                    with pytest.raises(tlog.InconsistentTileError, match="inconsistent tile"):
                        tlog.TileHashReader(tree, forged).read_hashes([index])
                    assert not forged.saved


def test_tile_of_another_size_is_refused() -> None:
    tree = LOG.tree()
    for data in (bytes(31), bytes(32 * 71), bytes(32 * 69)):
        forged = Tiles(8, {tlog.Tile(8, 0, 0, 70): data})
        with pytest.raises(tlog.InconsistentTileError, match=rf"{len(data)} bytes, want 2240"):
            tlog.TileHashReader(tree, forged).read_hashes([0])


def test_hash_outside_of_the_tree_is_refused() -> None:
    reader = tlog.TileHashReader(LOG.tree(), Tiles(8))
    for index in (-1, tlog.stored_hash_index(0, 70), 2**70):
        with pytest.raises(tlog.TlogError, match="not in the tree"):
            reader.read_hashes([index])
    empty = tlog.TilePlan(tlog.EMPTY_TREE, 8, [])
    assert empty.tiles == []
    assert empty.hashes([]) == []


def test_plan_for_a_giant_tree_is_small() -> None:
    tree = tlog.Tree(2**63 - 1, bytes(32))
    for n in (0, 2**62, 2**63 - 2):
        plan = tlog.TilePlan(tree, 8, [tlog.stored_hash_index(0, n)])
        assert len(plan.tiles) <= 16


@given(st.integers(0, 2**63 - 1), st.integers(1, 30))
def test_large_indexes_have_their_tile(n: int, height: int) -> None:
    index = tlog.stored_hash_index(0, n)
    assert tlog.split_stored_hash_index(index) == (0, n)
    tile = tlog.tile_for_index(height, index)
    assert (tile.n << height) + tile.w - 1 == n
    assert tlog.parse_tile_path(tile.path()) == tile
