"""The serving side of a checksum database, held against Go's own server."""

import base64

import pytest

from pulp_gomod.golang.sumdb import note, tlog
from pulp_gomod.golang.sumdb.server import Server, TestServer
from tests.unit.golang.sumdb_world import NAME, VKEY, database
from tests.unit.golang.vectors import load

SKEY = load("sumdb_note")["signer_key_public_example"]


def go_test_server() -> Server:
    """The server that Go's answers were recorded from."""
    return Server(
        TestServer(SKEY, lambda path, v: f"{path} {v} h1:x\n{path} {v}/go.mod h1:y\n".encode())
    )


def test_answers_as_go() -> None:
    """One server answers all paths in order, since lookups add records."""
    server = go_test_server()
    for row in load("sumdb_http"):
        answer = server.serve(row["path"])
        if "panic" in row:
            # Go's test server dies of a tile that the log does not reach.
            assert answer.status == 404
            continue
        assert (row["path"], answer.status) == (row["path"], row["status"])
        assert answer.content_type == row["content_type"]
        assert answer.body == row["body"].encode("utf-8", "surrogateescape"), row["path"]


def test_recorded_tree() -> None:
    vectors = load("sumdb_tree")
    log = TestServer(SKEY, lambda path, v: b"")
    for row in vectors["records"]:
        log.add(row["record"].encode())
    assert log.signed().decode() == vectors["signed_latest"]
    server = Server(log)
    assert server.serve("/latest").body.decode() == vectors["signed_latest"]
    for tile in vectors["tiles"]:
        assert server.serve("/" + tile["path"]).body == base64.b64decode(tile["data_b64"])
    example = vectors["data_tile_example"]
    assert server.serve("/" + example["path"]).body.decode() == example["body"]
    lookup = vectors["lookup_example"]
    record = tlog.parse_record(lookup["body"])
    assert tlog.format_record(record.id, record.text) + log.signed() == lookup["body"].encode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tile/8/0/000.p/3", 200),
        ("/tile/8/0/000.p/4", 404),
        ("/tile/8/0/001.p/1", 404),
        ("/tile/1/1/000.p/1", 200),
        ("/tile/30/0/000", 404),
        ("/tile/30/9223372036854775807/000", 404),
        ("/tile/8/0/x999/x999/x999/x999/x999/999", 404),
        ("/tile/30/data/000", 500),
        ("/tile/8/data/000.p/3", 200),
        ("/tile/8/0/000.p/03", 400),
        ("/tile/", 400),
        ("/tile", 404),
        ("/lookup", 404),
        ("/lookup/example.com/m1@v1.0.0-\udcff", 500),
        ("/lookup/example.com/m1@v1.0.0@v1.0.0", 400),
        ("", 404),
    ],
)
def test_status(path: str, status: int) -> None:
    answer = Server(database(3)).serve(path)
    assert answer.status == status
    assert status == 200 or answer.body.endswith(b"\n")


def test_unknown_module_is_not_found() -> None:
    def gosum(path: str, version: str) -> bytes:
        raise FileNotFoundError(f"not found: {path}@{version}")

    log = TestServer(SKEY, gosum)
    answer = Server(log).serve("/lookup/example.com/a@v1.0.0")
    assert (answer.status, answer.body) == (404, b"not found: example.com/a@v1.0.0\n")
    assert log.size == 0


def test_record_that_cannot_be_served() -> None:
    answer = Server(TestServer(SKEY, lambda path, v: b"a\n\nb\n")).serve("/lookup/x.y/a@v1.0.0")
    assert answer.status == 500
    assert answer.body.startswith(b"malformed record data")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/sumdb/{NAME}/supported", 200),
        (f"/sumdb/{NAME}/latest", 200),
        (f"/sumdb/{NAME}/lookup/example.com/a@v1.0.0", 200),
        (f"/sumdb/{NAME}/supported/", 404),
        ("/sumdb/other.example.com/supported", 404),
        (f"/sumdb/{NAME}", 404),
    ],
)
def test_as_a_proxy_serves_it(path: str, status: int) -> None:
    assert Server(database(1)).serve_proxied(NAME, path).status == status


def test_only_a_new_module_version_grows_the_log() -> None:
    log = database(2)
    before = log.tree()
    assert log.lookup("example.com/m1", "v1.0.0") == 1
    assert log.tree() == before
    assert log.lookup("example.com/m2", "v1.0.0") == 2
    head = note.open(log.signed(), [note.new_verifier(VKEY)])
    assert tlog.parse_tree(head.text) == log.tree() == tlog.Tree(3, log.tree().hash)
