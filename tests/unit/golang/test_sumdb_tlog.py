"""Hashes, proofs and tiles of transparency logs, held against Go's verdicts."""

import base64
import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import tlog

from .vectors import load

VECTORS = load("sumdb_tree")


class Log(tlog.HashReaderFunc):
    """A log of n records."""

    def __init__(self, n: int) -> None:
        self.stored: list[bytes] = []
        self.roots = [tlog.EMPTY_HASH]
        super().__init__(lambda indexes: [self.stored[i] for i in indexes])
        for i in range(n):
            self.stored += tlog.stored_hashes(i, record(i), self)
            self.roots.append(tlog.tree_hash(i + 1, self))

    def tree(self) -> tlog.Tree:
        return tlog.Tree(len(self.roots) - 1, self.roots[-1])


def record(i: int) -> bytes:
    return b"record %d\n" % i


LOG = Log(70)


def rfc6962(records: Sequence[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word by word."""
    if not records:
        return hashlib.sha256().digest()
    if len(records) == 1:
        return hashlib.sha256(b"\x00" + records[0]).digest()
    k = 1
    while k * 2 < len(records):
        k *= 2
    return hashlib.sha256(b"\x01" + rfc6962(records[:k]) + rfc6962(records[k:])).digest()


def test_log_as_go_grows_it() -> None:
    log = Log(0)
    for i, row in enumerate(VECTORS["records"]):
        text = row["record"].encode()
        assert tlog.format_hash(tlog.record_hash(text)) == row["record_hash"]
        log.stored += tlog.stored_hashes(i, text, log)
        assert len(log.stored) == tlog.stored_hash_count(i + 1) == row["stored_hash_count"]
        assert tlog.format_hash(tlog.tree_hash(i + 1, log)) == row["tree_hash"]
    assert [tlog.format_hash(h) for h in log.stored] == VECTORS["stored_hashes_b64"]
    for row in VECTORS["tiles"]:
        tile = tlog.parse_tile_path(row["path"])
        data = tlog.read_tile_data(tile, log)
        assert len(data) == row["len"]
        assert data == base64.b64decode(row["data_b64"])


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


@pytest.mark.parametrize("row", load("sumdb_parse_tree"), ids=lambda row: repr(row[0][21:40]))
def test_parse_tree_as_go(row: list[Any]) -> None:
    text, want = row
    if want is None:
        with pytest.raises(tlog.MalformedTreeError, match="malformed tree note"):
            tlog.parse_tree(text)
    else:
        tree = tlog.parse_tree(text)
        assert [tree.n, tlog.format_hash(tree.hash)] == want
        assert text.encode().startswith(tlog.format_tree(tree))


@pytest.mark.parametrize("row", load("sumdb_parse_record"), ids=lambda row: repr(row[0]))
def test_parse_record_as_go(row: list[Any]) -> None:
    msg, want = row
    data = msg.encode("utf-8", "surrogateescape")
    if want is None:
        for form in (msg, data):
            with pytest.raises(tlog.MalformedRecordError, match="malformed record data"):
                tlog.parse_record(form)
    else:
        assert tlog.parse_record(msg)._asdict() == want
        found = tlog.parse_record(data)
        assert tlog.format_record(found.id, found.text) + found.rest == data


@pytest.mark.parametrize(
    ("msg", "id_"),
    [
        (b"+7\na\n\n", 7),
        (b"007\na\n\n", 7),
        (b"9223372036854775807\na\n\n", 2**63 - 1),
        (b"-9223372036854775808\na\n\n", -(2**63)),
        (b"9223372036854775808\na\n\n", None),
        (b"1_0\na\n\n", None),
        (b" 1\na\n\n", None),
        ("\u0661\na\n\n".encode(), None),
        (b"\na\n\n", None),
        (b"9" * 10_000 + b"\na\n\n", None),
    ],
)
def test_record_numbers(msg: bytes, id_: int | None) -> None:
    if id_ is None:
        with pytest.raises(tlog.MalformedRecordError):
            tlog.parse_record(msg)
    else:
        assert tlog.parse_record(msg).id == id_


@pytest.mark.parametrize("text", [b"", b"a", b"a\n\nb\n", b"a\r\n", b"\xff\n", b"a\n\n"])
def test_text_that_is_no_record(text: bytes) -> None:
    with pytest.raises(tlog.MalformedRecordError):
        tlog.format_record(1, text)


def test_tree_text_limits() -> None:
    text = tlog.format_tree(LOG.tree())
    padded = text + b"x" * (1_000_000 - len(text))
    assert tlog.parse_tree(padded) == LOG.tree()
    # Go's base64 decoder skips carriage returns.
    assert tlog.parse_tree(text.replace(b"=\n", b"=\r\n")) == LOG.tree()
    for bad in (padded + b"x", text.replace(b"=\n", b"= \n"), text.replace(b"70", b"+70")):
        with pytest.raises(tlog.MalformedTreeError):
            tlog.parse_tree(bad)


def test_hash_text() -> None:
    text = VECTORS["records"][0]["record_hash"]
    assert tlog.format_hash(tlog.parse_hash(text)) == text
    for bad in ("", text[:-1], text[4:], text + "AAAA"):
        with pytest.raises(tlog.MalformedHashError):
            tlog.parse_hash(bad)


def test_stored_hash_index_numbers_all_nodes() -> None:
    """Hashes are stored in the order in which the nodes of the tree are completed."""
    order = []
    for last in range(300):
        level = 0
        while (last + 1) % (1 << level) == 0:
            order.append((level, last >> level))
            level += 1
    for index, (level, n) in enumerate(order):
        assert tlog.stored_hash_index(level, n) == index
        assert tlog.split_stored_hash_index(index) == (level, n)
    top = tlog.stored_hash_index(62, 0)
    assert tlog.split_stored_hash_index(top) == (62, 0)
    assert tlog.stored_hash_count(2**62) == top + 1


@pytest.mark.parametrize("n", range(33))
def test_tree_hash_is_that_of_the_rfc(n: int) -> None:
    assert LOG.roots[n] == rfc6962([record(i) for i in range(n)])


def test_certificate_transparency_example() -> None:
    """The log and the roots of the test suite of Certificate Transparency."""
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    log = Log(0)
    for i, leaf in enumerate(leaves):
        log.stored += tlog.stored_hashes(i, bytes.fromhex(leaf), log)
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tlog.tree_hash(len(leaves), log).hex() == root


def test_every_record_is_proven_in_every_tree() -> None:
    for t in range(1, 20):
        for n in range(t):
            proof = tlog.prove_record(t, n, LOG)
            leaf = tlog.record_hash(record(n))
            tlog.check_record(proof, t, LOG.roots[t], n, leaf)
            for other in range(t):
                if other != n:
                    with pytest.raises(tlog.ProofError, match="invalid transparency proof"):
                        tlog.check_record(proof, t, LOG.roots[t], other, leaf)
            for bad in broken(proof):
                with pytest.raises(tlog.ProofError):
                    tlog.check_record(bad, t, LOG.roots[t], n, leaf)


def test_every_tree_is_proven_to_begin_every_larger_one() -> None:
    for t in range(1, 20):
        for n in range(1, t + 1):
            proof = tlog.prove_tree(t, n, LOG)
            tlog.check_tree(proof, t, LOG.roots[t], n, LOG.roots[n])
            with pytest.raises(tlog.ProofError, match="does not begin with"):
                tlog.check_tree(proof, t, LOG.roots[t], n, tlog.record_hash(b"x"))
            for bad in broken(proof):
                with pytest.raises(tlog.ProofError):
                    tlog.check_tree(bad, t, LOG.roots[t], n, LOG.roots[n])


def broken(proof: list[bytes]) -> list[list[bytes]]:
    """The proof with one hash too many, one too few, and each of its bits' bytes changed."""
    changed = [
        [flip(h, 0) if j == i else h for j, h in enumerate(proof)] for i in range(len(proof))
    ]
    return [
        [*proof, bytes(32)],
        [bytes(32), *proof],
        *([proof[1:], proof[:-1]] if proof else []),
    ] + (changed)


def flip(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


@pytest.mark.parametrize(("t", "n"), [(0, 0), (5, 5), (5, -1), (-1, -2), (2**63, 1), (2**9999, 1)])
def test_proofs_that_cannot_be(t: int, n: int) -> None:
    with pytest.raises(tlog.TlogError, match="invalid inputs"):
        tlog.prove_record(t, n, LOG)
    with pytest.raises(tlog.TlogError, match="invalid inputs"):
        tlog.check_record([], t, bytes(32), n, bytes(32))
    if (t, n) != (5, 5):
        with pytest.raises(tlog.TlogError, match="invalid inputs"):
            tlog.prove_tree(t, n, LOG)
        with pytest.raises(tlog.TlogError, match="invalid inputs"):
            tlog.check_tree([], t, bytes(32), n, bytes(32))


def test_hashes_of_other_sizes_do_not_pass() -> None:
    """33 and 31 bytes hash like two hashes, but are none."""
    left, right = (tlog.record_hash(record(i)) for i in range(2))
    with pytest.raises(tlog.TlogError, match="33 and 31 bytes"):
        tlog.check_record([left[31:] + right], 2, LOG.roots[2], 1, left[:31])
    with pytest.raises(tlog.TlogError, match="hash of 31 bytes"):
        tlog.tree_hash(1, tlog.HashReaderFunc(lambda _: [bytes(31)]))
    with pytest.raises(tlog.TlogError, match="2 hashes"):
        tlog.tree_hash(1, tlog.HashReaderFunc(lambda _: [bytes(32)] * 2))


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


@given(st.one_of(st.binary(), st.text(), st.text("tile/x0123.pda8-+")))
def test_arbitrary_input_raises_nothing_else(text: bytes | str) -> None:
    for read in (tlog.parse_tile_path, tlog.parse_tree, tlog.parse_hash):
        with pytest.raises(GoError):
            read(text)
    with pytest.raises(GoError):
        tlog.parse_record(text) if isinstance(text, str) else tlog.parse_record(text)
