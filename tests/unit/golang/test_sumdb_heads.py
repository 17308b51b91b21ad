"""The client of checksum databases and tree heads: forks, rollbacks, and several processes."""

import base64
from collections.abc import Callable

import pytest

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import (
    ForkError,
    SumDBError,
    WriteConflictError,
    note,
    tlog,
)
from pulp_gomod.golang.sumdb.server import Server, TestServer
from tests.unit.golang.sumdb_world import (
    NAME,
    VKEY,
    Ops,
    client,
    database,
    lookup,
    run,
    signed_head,
    tampered,
)

# Tree heads


def test_head_signed_by_another_key() -> None:
    stranger, _ = note.generate_key(NAME)
    ops = Ops(database(3, skey=stranger))
    with pytest.raises(SumDBError, match="note has no verifiable signatures"):
        lookup(ops, "example.com/m1")
    assert not ops.latest


def test_head_with_a_broken_signature() -> None:
    ops = Ops(database(3))

    def change(body: bytes) -> bytes:
        start, b64 = body[:-1].rsplit(b" ", 1)
        raw = base64.b64decode(b64)
        return start + b" " + base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])) + b"\n"

    tampered(ops, "/lookup/", change)
    with pytest.raises(SumDBError, match="invalid signature for key"):
        lookup(ops, "example.com/m1")
    assert not ops.latest


def test_signed_text_that_is_no_tree() -> None:
    ops = Ops(database(3))
    record = ops.honest("/lookup/example.com/m1@v1.0.0").partition(b"\n\n")[0]
    ops.remote = lambda path: record + b"\n\n" + signed_head(b"some other document\n")
    with pytest.raises(SumDBError, match="malformed tree note"):
        lookup(ops, "example.com/m1")


def test_answer_without_a_head_must_be_in_the_known_tree() -> None:
    ops = Ops(database(3))
    tampered(ops, "/lookup/", lambda body: body.partition(b"\n\n")[0] + b"\n\n")
    with pytest.raises(SumDBError, match="cannot validate record 1 in tree of size 0"):
        lookup(ops, "example.com/m1")
    ops.configs[f"{NAME}/latest"] = database(3).signed()
    assert lookup(ops, "example.com/m1")


@pytest.mark.parametrize(("known", "shown"), [(5, 9), (9, 5), (7, 7), (300, 600), (600, 300)])
@pytest.mark.parametrize("fork", [0, 4])
def test_fork(known: int, shown: int, fork: int) -> None:
    ops = Ops(database(known))
    lookup(ops, "example.com/m1")
    before = ops.latest
    cache = dict(ops.cache)
    ops.use(database(shown, fork=fork))
    if known >= shown:
        # A server that has two faces shows this client the tiles that it knows.
        forked = ops.server
        ops.server = Server(database(known))
        honest = ops.honest
        ops.remote = lambda path: (
            forked.serve(path).body if path.startswith("/lookup/") else honest(path)
        )
    with pytest.raises(ForkError) as caught:
        lookup(ops, "example.com/m2")
    text = str(caught.value)
    assert text.startswith("SECURITY ERROR\ngo.sum database server misbehavior detected!")
    notes = {known: before, shown: database(shown, fork=fork).signed()}
    if known != shown:
        assert caught.value.old_note == notes[min(notes)]
        assert caught.value.new_note == notes[max(notes)]
    for signed in (before, database(shown, fork=fork).signed()):
        assert signed.decode().replace("\n", "\n\t") in text
    assert "internal error" not in text
    # The timeline that was known stays, and nothing of the other one is kept.
    assert ops.latest == before
    assert ops.cache == cache


def test_proof_of_misbehaviour_convicts_without_the_server() -> None:
    ops = Ops(database(5))
    lookup(ops, "example.com/m1")
    ops.use(database(9, fork=0))
    with pytest.raises(ForkError) as caught:
        lookup(ops, "example.com/m2")
    lines = str(caught.value).partition("proof of misbehavior:\n\t")[2].split("\n\t")
    found, *proof = map(tlog.parse_hash, lines)
    old, new = (
        tlog.parse_tree(note.open(signed, [note.new_verifier(VKEY)]).text)
        for signed in (caught.value.old_note, caught.value.new_note)
    )
    tlog.check_tree(proof, new.n, new.hash, old.n, found)
    assert found != old.hash


def test_signed_empty_tree_with_a_hash_is_a_fork() -> None:
    ops = Ops(database(3))
    lookup(ops, "example.com/m0")
    record = ops.honest("/lookup/example.com/m1@v1.0.0").partition(b"\n\n")[0]
    lie = record + b"\n\n" + signed_head(tlog.format_tree(tlog.Tree(0, bytes(32))))
    ops.remote = lambda path: lie if path.startswith("/lookup/") else ops.honest(path)
    with pytest.raises(ForkError):
        lookup(ops, "example.com/m1")


def test_older_head_of_the_same_timeline_moves_nothing_back() -> None:
    """Rollback: a proxy may hold old answers, but the largest tree seen stays the measure."""
    old = database(3).signed()
    ops = Ops(database(9))
    lookup(ops, "example.com/m8")
    latest = ops.latest
    tampered(ops, "/lookup/", lambda body: body.partition(b"\n\n")[0] + b"\n\n" + old)
    assert lookup(ops, "example.com/m1")
    assert ops.latest == latest


def test_rolled_back_server_cannot_write_history_anew() -> None:
    ops = Ops(database(9))
    lookup(ops, "example.com/m8")
    latest = ops.latest
    ops.use(database(3))
    # The server forgot the records 3 to 8 and takes in another as number 3.
    with pytest.raises(GoError):
        lookup(ops, "example.com/new")
    assert ops.latest == latest


def test_record_beyond_the_known_tree() -> None:
    ops = Ops(database(9))
    old = database(3).signed()
    tampered(ops, "/lookup/", lambda body: body.partition(b"\n\n")[0] + b"\n\n" + old)
    with pytest.raises(SumDBError, match="cannot validate record 8 in tree of size 3"):
        lookup(ops, "example.com/m8")


def test_stored_head_of_another_key_is_not_replaced() -> None:
    ops = Ops(database(3))
    foreign = database(3, skey=note.generate_key(NAME)[0]).signed()
    ops.configs[f"{NAME}/latest"] = foreign
    with pytest.raises(SumDBError, match="no verifiable signatures"):
        lookup(ops, "example.com/m1")
    assert ops.latest == foreign


# Several processes with one store


def test_write_conflict_merges_what_the_other_process_stored() -> None:
    ops = Ops(database(5))
    moves = iter([database(2).signed(), database(20).signed()])

    def another_process() -> None:
        ops.configs[f"{NAME}/latest"] = next(moves, ops.latest)

    ops.before_write = another_process
    ops.server = Server(database(20))
    tampered(
        ops,
        "/lookup/",
        lambda body: body.partition(b"\n\n")[0] + b"\n\n" + database(5).signed(),
    )
    assert lookup(ops, "example.com/m1")
    assert ops.latest == database(20).signed()


def test_write_conflict_with_a_fork() -> None:
    ops = Ops(database(5))
    forked = database(4, fork=1).signed()
    ops.before_write = lambda: ops.configs.update({f"{NAME}/latest": forked})
    with pytest.raises(ForkError):
        lookup(ops, "example.com/m1")
    assert ops.latest == forked


def test_endless_conflicts_end() -> None:
    ops = Ops(database(5))

    async def write_config(file: str, old: bytes, new: bytes, /) -> None:
        raise WriteConflictError("always")

    ops.write_config = write_config  # type: ignore[method-assign]
    with pytest.raises(SumDBError, match="cannot store the tree head"):
        lookup(ops, "example.com/m1")


# What one client remembers


class CountingOps(Ops):
    """Operations that note which tiles were read."""

    def __init__(self, log: TestServer) -> None:
        super().__init__(log)
        self.tiles: list[str] = []

    async def read_cache(self, file: str, /) -> bytes | None:
        if "/tile/" in file:
            self.tiles.append(file)
        return await super().read_cache(file)


def test_an_older_head_is_shown_to_be_continued_once() -> None:
    ops = CountingOps(database(600))
    one = client(ops, height=2)
    run(one.lookup("example.com/m1", "v1.0.0"))
    ops.use(database(300))
    ops.remote = older_heads(ops, database(600))
    counts = []
    # Their records are in one tile.
    for name in ("example.com/m2", "example.com/m3"):
        ops.tiles.clear()
        run(one.lookup(name, "v1.0.0"))
        counts.append(len(ops.tiles))
    assert counts[1] < counts[0]


def test_a_fork_is_found_by_a_client_that_remembers_other_heads() -> None:
    ops = Ops(database(9))
    one = client(ops)
    run(one.lookup("example.com/m1", "v1.0.0"))
    ops.use(database(7))
    ops.remote = older_heads(ops, database(9))
    run(one.lookup("example.com/m2", "v1.0.0"))
    ops.use(database(7, fork=4))
    ops.remote = older_heads(ops, database(9))
    with pytest.raises(ForkError):
        run(one.lookup("example.com/m3", "v1.0.0"))


def test_a_broken_signature_is_found_by_a_client_that_remembers_the_head() -> None:
    ops = Ops(database(3))
    one = client(ops)
    run(one.lookup("example.com/m1", "v1.0.0"))
    tampered(ops, "/lookup/", lambda body: body[:-6] + b"AAAA=\n")
    with pytest.raises(SumDBError):
        run(one.lookup("example.com/m2", "v1.0.0"))


def older_heads(ops: Ops, known: TestServer) -> Callable[[str], bytes]:
    """Serve lookups of a database with its head, and the tiles of a larger one."""
    lookups, tiles = ops.honest, Server(known)

    def remote(path: str) -> bytes:
        return lookups(path) if path.startswith("/lookup/") else tiles.serve(path).body

    return remote
