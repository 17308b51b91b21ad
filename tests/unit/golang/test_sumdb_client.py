"""The client of checksum databases, with servers and transports as they are."""

import asyncio

import pytest

from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import (
    ChecksumMismatchError,
    ForkError,
    SecurityError,
    SkippedError,
    tlog,
)
from pulp_gomod.golang.sumdb.server import Server, TestServer
from tests.unit.golang.sumdb_world import (
    NAME,
    SKEY,
    Change,
    Ops,
    RefusedError,
    client,
    database,
    gosum,
    h1,
    lookup,
    run,
)

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


def test_complete_tile_of_a_wrong_size_does_not_stand_in() -> None:
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
        return ops.honest(path) + b"x"

    ops.remote = remote
    with pytest.raises(OSError, match="partial tiles are gone"):
        lookup(ops, "example.com/m0")


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

    ops.use(TestServer(SKEY, gosum_of_nothing))
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


def test_what_is_kept_is_proven_in_a_tree_that_an_unfinished_lookup_brought() -> None:
    log = database(3)
    ops = Ops(log)
    kept = lookup(ops, "example.com/m0", height=2)
    for i in range(3, 13):
        log.lookup(f"example.com/m{i}", "v1.0.0")
    head = ops.latest

    def fail(path: str) -> bytes:
        if path == "/tile/2/0/001":
            raise OSError("gone")
        return ops.honest(path)

    ops.remote = fail
    with pytest.raises(OSError):
        lookup(ops, "example.com/m5", height=2)
    assert ops.latest != head

    def gone(path: str) -> bytes:
        raise OSError("gone")

    ops.remote = gone
    assert lookup(ops, "example.com/m0", height=2) == kept
