"""What clients read of a checksum database through us, while what we read of it lies."""

from collections.abc import Iterator

import pytest
from aiohttp import web

from pulp_gomod.golang.sumdb import note, tlog
from pulp_gomod.golang.sumdb.server import Server as SumdbServer
from pulp_gomod.golang.sumdb.server import TestServer
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import (
    SUMDB,
    SUMDB_KEY,
    SUMDB_SIGNER,
    Behaviour,
    Mirror,
    Upstream,
    running,
)

DB = f"sumdb/{SUMDB}"
COUNT = 5
TILE = f"{DB}/tile/8/0/000.p/{COUNT}"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        for number in range(COUNT):
            started.add(f"example.com/n{number}", "v1.0.0")
        yield started


def _log(upstream: Upstream, count: int = COUNT, signer: str = SUMDB_SIGNER) -> TestServer:
    """Give the upstream a database with so many modules."""
    ops = TestServer(signer, upstream.lookup)
    for number in range(count):
        ops.lookup(f"example.com/n{number}", "v1.0.0")
    upstream.sumdb = SumdbServer(ops)
    return ops


def _mirror(rest: Rest, upstream: Upstream) -> Mirror:
    return Mirror.create(rest, upstream, sumdb=SUMDB_KEY, cache_ttl=0)


def _say(body: bytes) -> Behaviour:
    async def say(_: web.Request) -> web.Response:
        return web.Response(body=body)

    return say


def _lookup(number: int) -> str:
    return f"{DB}/lookup/example.com/n{number}@v1.0.0"


def _size(head: bytes) -> int:
    return tlog.parse_tree(note.open_note(head, [note.new_verifier(SUMDB_KEY)]).text).n


def test_what_the_database_does_not_know_is_not_found(rest: Rest, upstream: Upstream) -> None:
    _log(upstream)
    mirror = _mirror(rest, upstream)
    answer = mirror.get(f"{DB}/lookup/example.com/unknown@v1.0.0")
    assert answer.status_code == 404
    assert answer.text.startswith("not found: the checksum database has no example.com/unknown@")
    upstream.add("example.com/unknown", "v1.0.0")
    assert mirror.get(f"{DB}/lookup/example.com/unknown@v1.0.0").status_code == 200


def test_lookups_that_lie_are_refused(rest: Rest, upstream: Upstream) -> None:
    ops = _log(upstream)
    right = ops.lookup("example.com/n1", "v1.0.0")
    (text,) = ops.read_records(right, 1)
    other = ops.read_records(ops.lookup("example.com/n2", "v1.0.0"), 1)[0]
    evil = text.replace(b"h1:", b"h1:x")
    forger, _ = note.generate_key(SUMDB)
    lies = {
        "empty": b"",
        "no head": tlog.format_record(right, evil),
        "another module": tlog.format_record(2, other) + ops.signed(),
        "another text": tlog.format_record(right, evil) + ops.signed(),
        "lines before": evil + tlog.format_record(right, text) + ops.signed(),
        "lines after": tlog.format_record(right, text) + evil + b"\n" + ops.signed(),
        "lines in the head": tlog.format_record(right, text)
        + ops.signed().replace(b"\n\n", b"\n" + evil + b"\n", 1),
        "another signature": tlog.format_record(right, text)
        + _log(upstream, signer=forger).signed(),
        "beyond the tree": tlog.format_record(999, text) + ops.signed(),
    }
    upstream.sumdb = SumdbServer(ops)
    mirror = _mirror(rest, upstream)
    for name, lie in lies.items():
        upstream.behaviours[_lookup(1)] = _say(lie)
        for path in (_lookup(1), "example.com/n1/@v/v1.0.0.mod", "example.com/n1/@v/v1.0.0.zip"):
            answer = mirror.get(path)
            assert (answer.status_code, answer.text.count("\n")) == (502, 1), (name, answer.text)
    del upstream.behaviours[_lookup(1)]
    for path in (_lookup(1), "example.com/n1/@v/v1.0.0.zip"):
        assert mirror.get(path).status_code == 200
    assert mirror.get(_lookup(1)).content.count(b"h1:x") == 0


def test_heads_are_proven(rest: Rest, upstream: Upstream) -> None:
    _log(upstream)
    mirror = _mirror(rest, upstream)
    assert mirror.get(_lookup(0)).status_code == 200
    assert _size(mirror.get(f"{DB}/latest").content) == COUNT
    # One that was rolled back says nothing new.
    _log(upstream, COUNT - 2)
    assert _size(mirror.get(f"{DB}/latest").content) == COUNT
    # Of forged and forked ones the proven one is what is left.
    forger, _ = note.generate_key(SUMDB)
    _log(upstream, signer=forger)
    assert mirror.get(_lookup(1)).status_code == 502
    assert _size(mirror.get(f"{DB}/latest").content) == COUNT
    fresh = _mirror(rest, upstream)
    assert fresh.get(f"{DB}/latest").status_code == 502
    for number in range(COUNT):
        upstream.add(f"example.com/n{number}", "v1.0.0", "// forked")
    _log(upstream)
    answer = mirror.get(_lookup(1))
    assert (answer.status_code, "SECURITY ERROR" in answer.text) == (502, True)
    assert answer.text.count("\n") == 1 and len(answer.text) < 2500
    assert _size(mirror.get(f"{DB}/latest").content) == COUNT


def test_tiles_are_proven(rest: Rest, upstream: Upstream) -> None:
    ops = _log(upstream)
    mirror = _mirror(rest, upstream)
    right = ops.read_tile_data(tlog.Tile(8, 0, 0, COUNT))
    for lie in (right[:-1] + b"?", right[:-32], right + right, b""):
        upstream.behaviours[TILE] = _say(lie)
        assert mirror.get(TILE).status_code == 502
    del upstream.behaviours[TILE]
    assert mirror.get(TILE).content == right
    upstream.sumdb = None
    assert mirror.get(TILE).content == right
    narrower = ops.read_tile_data(tlog.Tile(8, 0, 0, COUNT - 1))
    assert mirror.get(f"{DB}/tile/8/0/000.p/{COUNT - 1}").content == narrower


def test_tiles_beyond_what_is_known(rest: Rest, upstream: Upstream) -> None:
    ops = _log(upstream, 2)
    mirror = _mirror(rest, upstream)
    assert mirror.get(_lookup(1)).status_code == 200
    for number in range(2, COUNT):
        ops.lookup(f"example.com/n{number}", "v1.0.0")
    assert mirror.get(TILE).content == ops.read_tile_data(tlog.Tile(8, 0, 0, COUNT))
    assert mirror.get(f"{DB}/tile/8/0/000.p/{COUNT + 1}").status_code == 404
    assert mirror.get(f"{DB}/tile/8/99999999999999/000.p/1").status_code == 404
    records = mirror.get(f"{DB}/tile/8/data/000.p/{COUNT}")
    assert records.content.count(b"example.com/n") == 2 * COUNT


def test_any_process_serves_what_another_one_proved(rest: Rest, upstream: Upstream) -> None:
    ops = _log(upstream, 2)
    mirror = _mirror(rest, upstream)
    # Each is on a connection of its own, so that all content processes get some.
    assert {mirror.get(_lookup(1)).status_code for _ in range(30)} == {200}
    for number in range(2, COUNT):
        ops.lookup(f"example.com/n{number}", "v1.0.0")
    # One of them learns of a larger tree; then the database is gone.
    assert mirror.get(_lookup(COUNT - 1)).status_code == 200
    upstream.sumdb = None
    narrower = ops.read_tile_data(tlog.Tile(8, 0, 0, COUNT - 1))
    answers = [mirror.get(f"{DB}/tile/8/0/000.p/{COUNT - 1}") for _ in range(30)]
    assert {answer.content for answer in answers} == {narrower}
    assert {mirror.get(_lookup(COUNT - 1)).status_code for _ in range(30)} == {200}
    assert {_size(mirror.get(f"{DB}/latest").content) for _ in range(30)} == {COUNT}


def test_nothing_is_asked_for_who_asks_so(rest: Rest, upstream: Upstream) -> None:
    _log(upstream)
    mirror = _mirror(rest, upstream)
    no_fetch = {"Disable-Module-Fetch": "true"}
    paths = (TILE, f"{DB}/latest", _lookup(1))
    # Each is on a connection of its own, so that all content processes are asked, before and after.
    for _ in range(10):
        assert [mirror.get(path, headers=no_fetch).status_code for path in paths] == [404] * 3
    assert upstream.asked == []
    assert [mirror.get(path).status_code for path in paths] == [200] * 3
    upstream.asked.clear()
    for _ in range(10):
        assert [mirror.get(path, headers=no_fetch).status_code for path in paths] == [200] * 3
    assert upstream.asked == []
