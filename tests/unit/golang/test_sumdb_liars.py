"""The client of checksum databases, against servers that lie: no answer of theirs is believed."""

import pytest

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import (
    ChecksumMismatchError,
    ChecksumMissingError,
    SumDBError,
    check_sum,
    note,
    tlog,
)
from pulp_gomod.golang.sumdb.client import MAX_LOOKUP_SIZE
from pulp_gomod.golang.sumdb.server import TestServer, gosum_text
from tests.unit.golang.sumdb_world import (
    NAME,
    SKEY,
    VKEY,
    Change,
    Ops,
    client,
    database,
    gosum,
    h1,
    lookup,
    run,
    signed_head,
    tampered,
)

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
    ops = Ops(TestServer(SKEY, lambda path, version: text.encode()))
    with pytest.raises(ChecksumMissingError):
        run(client(ops).verify("example.com/a", "v1.0.0", h1("example.com/a", "v1.0.0")))


def test_record_of_the_go_mod_alone_is_no_answer_for_the_zip() -> None:
    line = f"example.com/a v1.0.0/go.mod {h1('x')}"
    ops = Ops(TestServer(SKEY, lambda path, version: f"{line}\n".encode()))
    assert lookup(ops, "example.com/a", "v1.0.0/go.mod") == [line]
    with pytest.raises(ChecksumMissingError, match="example.com/a@v1.0.0: verifying module"):
        lookup(ops, "example.com/a")


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
    body = record + b"\n\n" + signed_head(text + forged)
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


def test_several_hashes_of_one_zip() -> None:
    """As in Go, the first h1 line that is not the wanted one decides."""
    good, other = h1("good"), h1("other")
    text = gosum_text("example.com/a", "v1.0.0", good, other).decode()
    lines = text.split("\n")[:-1]
    extended = ["example.com/a v1.0.0 h2:new", *lines]
    check_sum(extended, "example.com/a", "v1.0.0", good, NAME)
    with pytest.raises(ChecksumMismatchError):
        check_sum(extended, "example.com/a", "v1.0.0", other, NAME)
