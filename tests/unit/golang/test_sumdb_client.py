"""The client of checksum databases, against honest servers and all kinds of liars."""

import asyncio
import base64
from collections.abc import Callable

import pytest

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import (
    ChecksumMismatchError,
    ChecksumMissingError,
    ForkError,
    SecurityError,
    SkippedError,
    SumDBError,
    WriteConflictError,
    check_sum,
    note,
    tlog,
)
from pulp_gomod.golang.sumdb.client import MAX_LOOKUP_SIZE
from pulp_gomod.golang.sumdb.server import Server, gosum_text

from .sumdb_world import (
    NAME,
    SKEY,
    VKEY,
    Ops,
    RefusedError,
    client,
    database,
    gosum,
    h1,
    lookup,
    run,
)

Change = Callable[[bytes], bytes]


def tampered(ops: Ops, prefix: str, change: Change) -> None:
    """Let the server change its answers below prefix."""

    def remote(path: str) -> bytes:
        body = ops.honest(path)
        return change(body) if path.startswith(prefix) else body

    ops.remote = remote


def head(text: bytes) -> bytes:
    """A tree note with this text, signed by the database."""
    return note.sign(note.Note(text.decode()), note.new_signer(SKEY))


# Honest servers


def test_lookup_gives_the_lines_of_exactly_what_was_asked() -> None:
    ops = Ops(database(3))
    path = "example.com/m1"
    assert lookup(ops, path) == [f"{path} v1.0.0 {h1(path, 'v1.0.0')}"]
    assert lookup(ops, path, "v1.0.0/go.mod") == [
        f"{path} v1.0.0/go.mod {h1(path, 'v1.0.0', 'go.mod')}"
    ]
    assert (
        run(client(ops).record(path, "v1.0.0")) == gosum(path, "v1.0.0").decode().split("\n")[:-1]
    )


def test_verify() -> None:
    ops = Ops(database(3))
    checks = client(ops)
    path = "example.com/m2"
    run(checks.verify(path, "v1.0.0", h1(path, "v1.0.0")))
    run(checks.verify(path, "v1.0.0/go.mod", h1(path, "v1.0.0", "go.mod")))
    for version, noun in (("v1.0.0", "module"), ("v1.0.0/go.mod", "go.mod")):
        with pytest.raises(ChecksumMismatchError) as caught:
            run(checks.verify(path, version, h1("other")))
        assert isinstance(caught.value, SecurityError)
        assert caught.value.downloaded == h1("other")
        assert str(caught.value).startswith(
            f"{path}@v1.0.0: verifying {noun}: checksum mismatch\n\tdownloaded: {h1('other')}\n"
            f"\t{NAME}: {caught.value.recorded}\n"
        )


@pytest.mark.parametrize("height", [1, 2, 8])
def test_every_record_of_a_growing_log_is_proven(height: int) -> None:
    ops = Ops(database())
    modules = [f"example.com/m{i}" for i in range(40)]
    # Each lookup adds a record, so each answer brings a larger tree.
    for path in modules:
        assert lookup(ops, path, height=height)
    ops.cache.clear()
    for path in modules:
        assert lookup(ops, path, height=height) == [f"{path} v1.0.0 {h1(path, 'v1.0.0')}"]


def test_log_of_more_than_one_tile() -> None:
    ops = Ops(database(600))
    for i in (0, 255, 256, 511, 599):
        assert lookup(ops, f"example.com/m{i}")
    assert {path for path in ops.requests if path.startswith("/tile/")} == {
        "/tile/8/0/000",
        "/tile/8/0/001",
        "/tile/8/0/002.p/88",
        "/tile/8/1/000.p/2",
    }
    assert len(ops.requests) == len(set(ops.requests)), "each tile and answer is asked for once"


def test_a_second_lookup_asks_for_nothing() -> None:
    ops = Ops(database(600))
    lookup(ops, "example.com/m3")
    ops.requests.clear()
    assert lookup(ops, "example.com/m3", "v1.0.0/go.mod")
    assert ops.requests == []


def test_capitals_are_escaped() -> None:
    ops = Ops()
    assert lookup(ops, "example.com/Upper", "v1.0.0-RC1")
    assert ops.requests[0] == "/lookup/example.com/!upper@v1.0.0-!r!c1"
    assert f"{NAME}/lookup/example.com/!upper@v1.0.0-!r!c1" in ops.cache


def test_concurrent_lookups() -> None:
    ops = Ops()
    checks = client(ops)

    async def all_at_once() -> list[list[str]]:
        return await asyncio.gather(
            *(checks.lookup(f"example.com/m{i}", "v1.0.0") for i in range(50))
        )

    assert [lines[0].split()[0] for lines in run(all_at_once())] == [
        f"example.com/m{i}" for i in range(50)
    ]
    assert ops.latest == database(50).signed()


def test_complete_tile_stands_in_for_a_dropped_partial_one() -> None:
    log = database(4)
    ops = Ops(log)
    old = ops.honest("/lookup/example.com/m0@v1.0.0")
    for i in range(4, 256):
        log.lookup(f"example.com/m{i}", "v1.0.0")

    def remote(path: str) -> bytes:
        if path.startswith("/lookup/"):
            return old
        if ".p/" in path:
            raise OSError("partial tiles are gone")
        return ops.honest(path)

    ops.remote = remote
    assert lookup(ops, "example.com/m0")
    assert ops.requests[1:] == ["/tile/8/0/000.p/4", "/tile/8/0/000"]
    # Only what the small tree proves is kept.
    assert len(ops.cache[f"{NAME}/tile/8/0/000.p/4"]) == 4 * tlog.HASH_SIZE
    assert f"{NAME}/tile/8/0/000" not in ops.cache


def test_cached_complete_tile_serves_the_partial_one() -> None:
    log = database(4)
    ops = Ops(log)
    old = ops.honest("/lookup/example.com/m0@v1.0.0")
    for i in range(4, 256):
        log.lookup(f"example.com/m{i}", "v1.0.0")
    ops.cache[f"{NAME}/tile/8/0/000"] = ops.honest("/tile/8/0/000")
    ops.remote = lambda path: old
    assert lookup(ops, "example.com/m0")
    assert ops.requests == ["/lookup/example.com/m0@v1.0.0"]


# What the callers' own errors mean


@pytest.mark.parametrize("prefix", ["/lookup/", "/tile/"])
def test_errors_of_the_transport_come_out_as_they_are(prefix: str) -> None:
    ops = Ops(database(3))

    def remote(path: str) -> bytes:
        if path.startswith(prefix):
            raise ConnectionResetError("reset")
        return ops.honest(path)

    ops.remote = remote
    with pytest.raises(ConnectionResetError):
        lookup(ops, "example.com/m1")
    assert not ops.cache


def test_not_found_comes_out_as_it_is() -> None:
    ops = Ops()

    def gosum_of_nothing(path: str, version: str) -> bytes:
        raise FileNotFoundError("not found: unknown module")

    ops.use(type(database())(SKEY, gosum_of_nothing))
    with pytest.raises(RefusedError, match="not found: unknown module") as caught:
        lookup(ops, "example.com/a")
    assert caught.value.status == 404


def test_a_server_that_hangs_is_not_asked_for_a_second_tile() -> None:
    ops = Ops(database(3))

    def remote(path: str) -> bytes:
        if path.startswith("/tile/"):
            raise TimeoutError
        return ops.honest(path)

    ops.remote = remote
    with pytest.raises(TimeoutError):
        lookup(ops, "example.com/m1")
    assert len(ops.requests) == 2


def test_a_failed_tile_calls_the_others_off() -> None:
    ops = Ops(database(600))
    started: list[str] = []
    ended: list[str] = []

    async def read_remote(path: str, limit: int, /) -> bytes:
        if path.startswith("/lookup/"):
            return ops.honest(path)
        started.append(path)
        if "/1/" in path:
            raise TimeoutError
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(path)
        raise AssertionError

    ops.read_remote = read_remote  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        lookup(ops, "example.com/m1")
    assert len(started) > 1
    assert sorted(ended) == sorted(path for path in started if "/1/" not in path)


# Arguments


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("nodot/a", "v1.0.0"),
        ("example.com/../a", "v1.0.0"),
        ("", "v1.0.0"),
        ("example.com/a", "v1/../../latest"),
        ("example.com/a", ""),
        ("example.com/a\n", "v1.0.0"),
        ("example.com/\udcff", "v1.0.0"),
    ],
)
def test_what_is_no_module_version_is_never_asked_for(path: str, version: str) -> None:
    ops = Ops()
    with pytest.raises(GoError):
        lookup(ops, path, version)
    assert ops.requests == []


def test_listed_modules_are_not_sent() -> None:
    ops = Ops()
    checks = client(ops, nosumdb="corp.example.com,*.internal/x")
    for path in ("corp.example.com/secret", "git.internal/x/y"):
        with pytest.raises(SkippedError, match="skipped \\(listed in GONOSUMDB\\)"):
            run(checks.lookup(path, "v1.0.0"))
    assert ops.requests == []
    assert run(checks.lookup("example.com/a", "v1.0.0"))


# Answers that prove nothing of what was asked (CVE-2026-42501)


def test_proven_record_of_another_module_is_no_answer() -> None:
    ops = Ops(database(3))
    other = ops.honest("/lookup/example.com/m2@v1.0.0")
    ops.remote = lambda path: other if path.startswith("/lookup/") else ops.honest(path)
    for version in ("v1.0.0", "v1.0.0/go.mod"):
        with pytest.raises(ChecksumMissingError, match="m1@v1.0.0: verifying .*missing"):
            run(client(ops).verify("example.com/m1", version, h1("example.com/m1", "v1.0.0")))
    # The answer must not stand in the way of a better one.
    assert not any("/lookup/" in file for file in ops.cache)
    ops.remote = ops.honest
    assert lookup(ops, "example.com/m1")


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "nothing\n",
        gosum("example.com/a", "v1.0.1").decode(),
        gosum("example.com/A", "v1.0.0").decode(),
        gosum("example.com/a/v2", "v1.0.0").decode(),
        gosum("example.com/a", "v1.0.0").decode().replace("example", "x.example"),
        f"example.com/a v1.0.0/go.mod {h1('x')}\n",
        f"example.com/a  v1.0.0 {h1('example.com/a', 'v1.0.0')}\n",
        f"example.com/a v1.0.0\t{h1('example.com/a', 'v1.0.0')}\n".replace("\t", "\u00a0"),
        f" example.com/a v1.0.0 {h1('example.com/a', 'v1.0.0')}\n",
        "example.com/a v1.0.0 h2:" + h1("example.com/a", "v1.0.0")[3:] + "\n",
    ],
)
def test_proven_text_that_says_nothing_of_the_zip(text: str) -> None:
    ops = Ops(type(database())(SKEY, lambda path, version: text.encode()))
    with pytest.raises(ChecksumMissingError):
        run(client(ops).verify("example.com/a", "v1.0.0", h1("example.com/a", "v1.0.0")))


def test_checksum_that_only_begins_alike_is_another() -> None:
    good = h1("example.com/a", "v1.0.0")
    lines = [f"example.com/a v1.0.0 {good}x"]
    for wrong in (good, good[:-1], "h1:", good + "x "):
        with pytest.raises(ChecksumMismatchError):
            check_sum(lines, "example.com/a", "v1.0.0", wrong, NAME)
    check_sum([f"example.com/a v1.0.0 {good}"], "example.com/a", "v1.0.0", good, NAME)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"0\n",
        b"<html>not here</html>\n",
        b"0\nexample.com/m0 v1.0.0 h1:x\n",
        b"0\n\xff\n\n",
    ],
)
def test_body_that_is_no_record(body: bytes) -> None:
    ops = Ops(database(1))
    ops.remote = lambda path: body if path.startswith("/lookup/") else ops.honest(path)
    with pytest.raises(SumDBError, match="example.com/m0@v1.0.0: malformed record data"):
        lookup(ops, "example.com/m0")
    assert not ops.cache
    assert not ops.latest


# Lines that the tree does not hold (CVE-2026-56864)


def test_forged_record_body() -> None:
    ops = Ops(database(3))
    tampered(ops, "/lookup/", lambda body: body.replace(b"h1:", b"h1:FORGED", 1))
    with pytest.raises(SumDBError, match="cannot authenticate record data"):
        lookup(ops, "example.com/m1")
    assert not any("/lookup/" in file for file in ops.cache)


@pytest.mark.parametrize("number", [-1, 0, 2, 3, 2**63 - 1, -(2**63)])
def test_record_under_another_number(number: int) -> None:
    ops = Ops(database(3))
    tampered(ops, "/lookup/", lambda body: b"%d\n" % number + body.partition(b"\n")[2])
    with pytest.raises(SumDBError, match="cannot (authenticate|validate) record"):
        lookup(ops, "example.com/m1")


def test_lines_outside_of_the_record_are_not_believed() -> None:
    """The tree note may have further lines, which no log holds."""
    forged = gosum("example.com/m1", "v1.0.0")
    ops = Ops(database(3))
    record, _, signed = ops.honest("/lookup/example.com/m2@v1.0.0").partition(b"\n\n")
    text = note.open(signed, [note.new_verifier(VKEY)]).text.encode()
    body = record + b"\n\n" + head(text + forged)
    ops.remote = lambda path: body if path.startswith("/lookup/") else ops.honest(path)
    with pytest.raises(ChecksumMissingError):
        lookup(ops, "example.com/m1")
    # The same answer is good for the module that its record is about.
    assert len(run(client(ops).record("example.com/m2", "v1.0.0"))) == 2


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_lines_put_around_the_record(place: str) -> None:
    forged = gosum("example.com/m1", "v1.0.0")
    ops = Ops(database(3))
    record, _, signed = ops.honest("/lookup/example.com/m2@v1.0.0").partition(b"\n\n")
    body = {
        "before": forged + record + b"\n\n" + signed,
        "between": record + b"\n\n" + forged + b"\n" + signed,
        "after": record + b"\n\n" + signed + forged,
    }[place]
    ops.remote = lambda path: body if path.startswith("/lookup/") else ops.honest(path)
    with pytest.raises(GoError):
        lookup(ops, "example.com/m1")
    assert not any("/lookup/" in file for file in ops.cache)


# Tiles (CVE-2026-56865)


@pytest.mark.parametrize(("height", "size", "number"), [(2, 70, 9), (2, 70, 69), (8, 600, 300)])
def test_forged_record_with_a_leaf_tile_to_match(height: int, size: int, number: int) -> None:
    log = database(size)
    ops = Ops(log)
    path = f"example.com/m{number}"
    text = gosum(path, "v1.0.0").replace(b"h1:", b"h1:FORGED")

    def remote(request: str) -> bytes:
        body = ops.honest(request)
        if request.startswith("/lookup/"):
            return tlog.format_record(number, text) + body.partition(b"\n\n")[2]
        tile = tlog.parse_tile_path(request[1:])
        if tile.l == 0 and tile.n == number >> height:
            start = (number - (tile.n << height)) * tlog.HASH_SIZE
            body = body[:start] + tlog.record_hash(text) + body[start + tlog.HASH_SIZE :]
        return body

    ops.remote = remote
    with pytest.raises(SumDBError, match="downloaded inconsistent tile"):
        lookup(ops, path, height=height)
    assert not ops.cache


def test_no_tile_of_a_lookup_may_be_changed() -> None:
    honest = Ops(database(70))
    lookup(honest, "example.com/m9", height=2)
    tiles = [path for path in honest.requests if path.startswith("/tile/")]
    assert len(tiles) >= 5
    for tile in tiles:
        for position in range(0, len(honest.honest(tile)), tlog.HASH_SIZE):
            ops = Ops(database(70))
            tampered(
                ops,
                tile,
                lambda body, at=position: body[:at] + b"x" + body[at + 1 :],  # type: ignore[misc]
            )
            with pytest.raises(SumDBError, match="inconsistent tile"):
                lookup(ops, "example.com/m9", height=2)
            assert not ops.cache


@pytest.mark.parametrize(
    "change",
    [lambda body: body[:-1], lambda body: b"", lambda body: body + b"x", lambda body: body * 99],
    ids=["truncated", "empty", "longer", "oversized"],
)
@pytest.mark.parametrize("prefix", ["/tile/8/0/000", "/tile/8/0/002.p/88"])
def test_tile_of_another_size(prefix: str, change: Change) -> None:
    ops = Ops(database(600))
    tampered(ops, prefix, change)
    with pytest.raises(SumDBError, match=r"downloaded bad tile tile/8/0/00.*bytes, want"):
        lookup(ops, "example.com/m1")
    assert not ops.cache


# Sizes


@pytest.mark.parametrize("size", [MAX_LOOKUP_SIZE + 1, 64 << 20])
def test_oversized_lookup_answer(size: int) -> None:
    ops = Ops(database(1))
    tampered(ops, "/lookup/", lambda body: body + bytes(size - len(body)))
    with pytest.raises(SumDBError, match=f"larger than {MAX_LOOKUP_SIZE} bytes"):
        lookup(ops, "example.com/m0")


def test_requests_name_the_size_that_can_be_right() -> None:
    ops = Ops(database(3))
    limits: dict[str, int] = {}

    async def read_remote(path: str, limit: int, /) -> bytes:
        limits[path] = limit
        return ops.honest(path)

    ops.read_remote = read_remote  # type: ignore[method-assign]
    lookup(ops, "example.com/m0")
    assert limits == {
        "/lookup/example.com/m0@v1.0.0": MAX_LOOKUP_SIZE,
        "/tile/8/0/000.p/3": 3 * tlog.HASH_SIZE,
    }


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
    ops.remote = lambda path: record + b"\n\n" + head(b"some other document\n")
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
    lie = record + b"\n\n" + head(tlog.format_tree(tlog.Tree(0, bytes(32))))
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


# Spoilt caches


@pytest.mark.parametrize(
    "spoil", [lambda data: b"", lambda data: data[:-1], lambda data: b"x" + data[1:]]
)
def test_spoilt_cache_is_read_anew(spoil: Change) -> None:
    ops = Ops(database(600))
    want = lookup(ops, "example.com/m1")
    for file in list(ops.cache):
        good = dict(ops.cache)
        ops.cache[file] = spoil(ops.cache[file])
        assert lookup(ops, "example.com/m1") == want
        assert ops.cache == good, f"{file} is repaired"


def test_cached_answer_of_a_forked_history_is_reported() -> None:
    ops = Ops(database(5))
    lookup(ops, "example.com/m1")
    file = f"{NAME}/lookup/example.com/m2@v1.0.0"
    ops.cache[file] = Server(database(4, fork=1)).serve("/lookup/example.com/m2@v1.0.0").body
    with pytest.raises(ForkError):
        lookup(ops, "example.com/m2")


def test_answers_survive_without_the_server() -> None:
    ops = Ops(database(600))
    for i in (1, 300, 599):
        lookup(ops, f"example.com/m{i}")

    def gone(path: str) -> bytes:
        raise ConnectionRefusedError

    ops.remote = gone
    for i in (1, 300, 599):
        path = f"example.com/m{i}"
        run(client(ops).verify(path, "v1.0.0", h1(path, "v1.0.0")))


def test_several_hashes_of_one_zip() -> None:
    """As in Go, the first h1 line that is not the wanted one decides."""
    good, other = h1("good"), h1("other")
    text = gosum_text("example.com/a", "v1.0.0", good, other).decode()
    lines = text.split("\n")[:-1]
    extended = ["example.com/a v1.0.0 h2:new", *lines]
    check_sum(extended, "example.com/a", "v1.0.0", good, NAME)
    with pytest.raises(ChecksumMismatchError):
        check_sum(extended, "example.com/a", "v1.0.0", other, NAME)
