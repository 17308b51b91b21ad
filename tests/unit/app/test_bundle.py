"""The parts of a bundle that need no database: headers of a tar, tiles, and runs of units."""

import random
import tarfile
from array import array

import pytest

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.bundle import tiles  # isort: skip
from pulp_gomod.app.bundle.entries import spans  # isort: skip
from pulp_gomod.app.bundle.order import Order  # isort: skip
from pulp_gomod.app.bundle.tar import END, entry_size, header, header_size, padding  # isort: skip
from pulp_gomod.golang.sumdb import tlog  # isort: skip


@pytest.mark.parametrize(
    "path", ["a", "example.com/!upper/@v/v1.0.0.zip", "x" * 100, "x" * 101, "y/" * 400 + "z"]
)
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 500 * 1024 * 1024])
def test_headers_are_those_of_a_tar(path: str, size: int) -> None:
    made = header(path, size)
    assert len(made) == header_size(path)
    assert entry_size(path, size) == len(made) + size + padding(size)
    assert (size + padding(size)) % 512 == 0
    info = tarfile.TarInfo.frombuf(made[-512:], "utf-8", "strict")
    assert (info.size, info.mode, info.uid, info.isreg()) == (size, 0o644, 0, True)
    assert info.name == path or (len(path) > 100 and path.startswith(info.name))


def test_the_end_is_that_of_a_tar() -> None:
    assert bytes(1024) == END


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65535, 65536, 70000, 256**2 * 3 + 256 + 5])
def test_tiles_are_those_that_go_asks_for(size: int) -> None:
    """Go reads them in the order of a plan: what is in one has to be among ours."""
    rng = random.Random(size)
    records = sorted({rng.randrange(size) for _ in range(20)} | {size - 1})
    older = sorted({rng.randrange(1, size + 1) for _ in range(3)} - {size})
    tree = tlog.Tree(size, tlog.EMPTY_HASH)
    wanted = set(tlog.TilePlan(tree, 8, [tlog.stored_hash_index(0, n) for n in records]).tiles)
    for each in older:
        wanted |= set(tlog.TilePlan(tree, 8, tlog.tree_hash_indexes(each)).tiles)
    levels = tiles.proving(records, size, older)
    made = {
        tlog.Tile(8, level, number, tiles.width_of(level, number, size))
        for level, numbers in enumerate(levels)
        for number in numbers
    }
    assert wanted <= made
    # And no more than a few of the right edge.
    assert len(made - wanted) <= len(levels) * (2 + len(older))


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65535, 65536, 70000, 256**2 * 3 + 256 + 5])
def test_who_knows_an_older_head_finds_the_tiles_of_that_head(size: int) -> None:
    """Go asks for them in the width that they had then, and for complete ones if there are none."""
    rng = random.Random(size)
    older = sorted({rng.randrange(1, size + 1) for _ in range(5)} - {size})
    also = tiles.narrower(size, older)
    for each in older:
        for tile in tlog.TilePlan(
            tlog.Tree(each, tlog.EMPTY_HASH), 8, tlog.tree_hash_indexes(each)
        ).tiles:
            now = tiles.width_of(tile.l, tile.n, size)
            assert now in (tile.w, tiles.WIDTH) or tile.w in also[tile.l, tile.n]
    assert all(width < tiles.width_of(*tile, size) for tile, of in also.items() for width in of)


def test_tiles_that_are_known_are_left_out_unless_they_grew() -> None:
    known = tiles.proving([0, 300], 400)
    left = tiles.without(tiles.proving([0, 300, 500], 600), (600, ()), known, (400, ()))
    # The second was of 144 hashes, and is complete now; the third is new.
    assert [list(level) for level in left] == [[1, 2], [0]]


def test_a_tile_that_is_known_is_sent_again_for_whoever_knows_a_head_that_was_not() -> None:
    known = tiles.proving([0], 700)
    same = tiles.proving([0], 700, [600])
    left = tiles.without(same, (700, [600]), known, (700, ()))
    # The third tile had 88 hashes then, and has 188 now; the second level had two, as now.
    assert [list(level) for level in left] == [[2], []]
    assert tiles.narrower(700, [600]) == {(0, 2): [88]}


def test_runs_are_whole_modules() -> None:
    order = Order()
    for count in (1, 3, 10, 1, 1, 1):
        order.starts.append(len(order))
        order.flags += bytes(count)
    assert list(spans(order, 4)) == [(0, 4), (4, 14), (14, 17)]
    assert list(spans(order, 100)) == [(0, 17)]
    assert list(spans(order, 1)) == [(0, 1), (1, 4), (4, 14), (14, 15), (15, 16), (16, 17)]
    assert list(spans(Order(starts=array("Q")), 5)) == []
