"""A tree of which only the edge is known grows as one of which all is."""

from functools import cache

import pytest

from pulp_gomod.golang.sumdb import tlog
from pulp_gomod.golang.sumdb.growing import GrowingTree, edge_tiles

TEXTS = [b"record %d\n" % number for number in range(66_000)]


@cache
def hashes() -> list[tlog.Hash]:
    """All of the tree, computed by the first test that reads it, and not when tests are collected."""
    found: list[tlog.Hash] = []
    reader = tlog.HashReaderFunc(lambda indexes: [found[i] for i in indexes])
    for number, text in enumerate(TEXTS):
        found += tlog.stored_hashes(number, text, reader)
    return found


READER = tlog.HashReaderFunc(lambda indexes: [hashes()[i] for i in indexes])


def edge(size: int) -> dict[tuple[int, int], bytes]:
    return {(tile.l, tile.n): tlog.read_tile_data(tile, READER) for tile in edge_tiles(size)}


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537])
@pytest.mark.parametrize("more", [1, 2, 255, 256, 300])
def test_it_is_the_same_tree(size: int, more: int) -> None:
    tree = GrowingTree(size, edge(size))
    assert tree.tree() == tlog.Tree(size, tlog.tree_hash(size, READER))
    end = size + more
    assert [tree.append(text) for text in TEXTS[size:end]] == list(range(size, end))
    assert tree.tree() == tlog.Tree(end, tlog.tree_hash(end, READER))
    changed = dict(tree.changed())
    assert changed == {tile: tlog.read_tile_data(tile, READER) for tile in changed}
    # Each tile that is new or wider, and no other.
    assert set(changed) == set(tlog.new_tiles(8, size, end))


def test_wider_tiles_do_as_well() -> None:
    tile = tlog.Tile(8, 0, 0, 200)
    tree = GrowingTree(100, {(0, 0): tlog.read_tile_data(tile, READER)})
    assert tree.tree().hash == tlog.tree_hash(100, READER)


def test_an_edge_that_is_missing_is_named() -> None:
    with pytest.raises(tlog.TlogError, match="tile/8/0/001.p/44 is missing from a tree of 300"):
        GrowingTree(300, {(1, 0): edge(300)[1, 0]})


def test_complete_tiles_can_be_taken() -> None:
    tree = GrowingTree(250, edge(250))
    for text in TEXTS[250:260]:
        tree.append(text)
    assert tree.take_complete() == {(0, 0): tlog.read_tile_data(tlog.Tile(8, 0, 0, 256), READER)}
    assert {tile.path() for tile, _ in tree.changed()} == {"tile/8/0/001.p/4", "tile/8/1/000.p/1"}
