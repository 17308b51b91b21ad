"""Proving records and heads in batches: what a store of proofs is made of."""

import pytest

from pulp_gomod.golang.sumdb import ForkError, SumDBError, note, tlog
from pulp_gomod.golang.sumdb.proving import (
    NO_HEAD,
    Head,
    Numbered,
    ProofPlan,
    lines_about,
    needed_tiles,
    open_head,
    read_tiles,
)
from pulp_gomod.golang.sumdb.server import TestServer
from tests.unit.golang.sumdb_world import SKEY, VKEY, database


def head_of(log: TestServer) -> Head:
    return open_head(log.signed(), VKEY)


def data_of(log: TestServer, plan: ProofPlan) -> list[bytes]:
    return [log.read_tile_data(tile) for tile in plan.tiles]


def record(log: TestServer, number: int) -> Numbered:
    return Numbered(number, log.read_records(number, 1)[0])


# Around the places where tiles become complete, and the tree gets another level.
@pytest.mark.parametrize("before", [0, 1, 255, 256, 257, 511, 512, 700])
@pytest.mark.parametrize("more", [0, 1, 255, 256, 600])
def test_records_and_the_earlier_head_are_proven_in_the_newest(before: int, more: int) -> None:
    log = database(before)
    known = head_of(log) if before else NO_HEAD
    for number in range(before, before + more):
        log.lookup(f"example.com/m{number}", "v1.0.0")
    head, size = head_of(log), before + more
    numbers = sorted({n for n in (0, before - 1, before, size // 2, size - 1) if 0 <= n < size})
    plan = ProofPlan(known, head, [record(log, number) for number in numbers])
    assert plan.prove(data_of(log, plan)) == [True] * len(numbers)
    # What is kept proves all that is asked for later, whoever has which head.
    kept = {(tile.l, tile.n) for tile in plan.tiles}
    for level, tiles in enumerate(needed_tiles(size, numbers)):
        assert {(level, tile) for tile in tiles} <= kept
    assert plan.lasting <= set(plan.tiles)
    for index in tlog.tree_hash_indexes(known.tree.n):
        tile = tlog.tile_for_index(8, index)
        assert (tile.l, tile.n) in {(each.l, each.n) for each in plan.lasting}


def test_a_record_that_is_another_is_told_from_those_that_are_right() -> None:
    log = database(300)
    head = head_of(log)
    records = [record(log, 3), Numbered(4, b"example.com/m4 v1.0.0 h1:other=\n"), record(log, 299)]
    plan = ProofPlan(head, head, records)
    assert plan.prove(data_of(log, plan)) == [True, False, True]
    with pytest.raises(SumDBError, match="no record 300 in a tree of size 300"):
        ProofPlan(head, head, [Numbered(300, b"x\n")])


def test_a_changed_byte_of_any_tile_is_noticed() -> None:
    log = database(700)
    known = head_of(log)
    for number in range(700, 1100):
        log.lookup(f"example.com/m{number}", "v1.0.0")
    plan = ProofPlan(known, head_of(log), [record(log, 5), record(log, 1050)])
    data = data_of(log, plan)
    assert len(plan.tiles) >= 4
    for place, good in enumerate(data):
        bad = bytes([good[0] ^ 1]) + good[1:]
        with pytest.raises(tlog.InconsistentTileError):
            plan.prove([*data[:place], bad, *data[place + 1 :]])


def test_a_head_that_does_not_continue_the_known_one_is_a_fork() -> None:
    known = head_of(database(10, fork=3))
    forked = database(40)
    plan = ProofPlan(known, head_of(forked), [])
    with pytest.raises(ForkError) as raised:
        plan.prove(data_of(forked, plan))
    assert raised.value.old_note == known.message


def test_only_heads_that_are_signed_with_the_key_are_read() -> None:
    other, _ = note.generate_key("sum.example.com/db")
    with pytest.raises(note.NoteError):
        open_head(database(3, skey=other).signed(), VKEY)
    assert open_head(database(3, skey=SKEY).signed(), VKEY).tree.n == 3
    assert open_head(b"", VKEY) == NO_HEAD


def test_what_is_at_hand_is_cut_to_what_is_asked_for() -> None:
    log = database(300)
    wide = {(0, 0): log.read_tile_data(tlog.Tile(8, 0, 0, 256)), (0, 1): b"x" * 31}
    wanted = [tlog.Tile(8, 0, 0, 7), tlog.Tile(8, 0, 1, 1)]
    data, missing = read_tiles(wanted, [{}, wide])
    assert data[0] == log.read_tile_data(wanted[0])
    assert missing == [wanted[1]]


def test_a_record_is_about_what_its_lines_begin_with() -> None:
    text = b"example.com/a v1.0.0 h1:x=\nexample.com/a v1.0.0/go.mod h1:y=\n"
    assert lines_about(text, "example.com/a", "v1.0.0")
    assert not lines_about(text, "example.com/a", "v1.0.0-pre")
    assert not lines_about(text, "example.com/b", "v1.0.0")
