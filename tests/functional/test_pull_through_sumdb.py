"""What the checksum database vouches for, and what it is asked."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.golang.sumdb import note
from tests.functional.owners import Go
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import SUMDB, SUMDB_KEY, Mirror, Upstream, running

LOOKUP = f"sumdb/{SUMDB}/lookup/"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        started.sign()
        yield started


def _mirror(rest: Rest, upstream: Upstream, **settings: Any) -> Mirror:
    return Mirror.create(rest, upstream, **{"sumdb": SUMDB_KEY, **settings})


def test_what_is_covered_is_verified_once(rest: Rest, upstream: Upstream) -> None:
    made = upstream.add("example.com/v", "v1.0.0")
    mirror = _mirror(rest, upstream)
    assert mirror.get("example.com/v/@v/v1.0.0.mod").content == made.mod
    assert mirror.get("example.com/v/@v/v1.0.0.zip").content == made.zip
    assert f"{LOOKUP}example.com/v@v1.0.0" in upstream.asked
    assert mirror.get(f"{LOOKUP}example.com/v@v1.0.0").status_code == 200


@pytest.mark.parametrize("file", ["mod", "zip"])
def test_a_mismatch_is_an_error_that_go_shows(
    rest: Rest, upstream: Upstream, tmp_path: Path, file: str
) -> None:
    made = upstream.add("example.com/evil", "v1.0.0")
    mirror = _mirror(rest, upstream)
    assert mirror.get(f"{LOOKUP}example.com/evil@v1.0.0").status_code == 200
    changed = upstream.add("example.com/evil", "v1.0.0", "// changed", **{"x.go": "package a\n"})
    info = made.info
    if file == "zip":
        changed.mod = made.mod
    changed.info = info
    answer = mirror.get(f"example.com/evil/@v/v1.0.0.{file}")
    assert answer.status_code == 502
    assert "checksum mismatch" in answer.text and "SECURITY ERROR" in answer.text
    go = Go.create(tmp_path)
    failed = go.run(mirror.url, "mod", "download", "example.com/evil@v1.0.0", check=False)
    assert failed.returncode != 0
    assert "SECURITY ERROR" in failed.stderr
    time.sleep(6)
    assert mirror.held() == []


def test_the_go_command_verifies_through_us_and_offline(rest: Rest, tmp_path: Path) -> None:
    with running() as upstream:
        upstream.sign()
        for number in range(8):
            upstream.add(f"example.com/n{number}", "v1.0.0")
        mirror = _mirror(rest, upstream, cache_ttl=1)
        names = [f"example.com/n{number}@v1.0.0" for number in range(8)]
        env = {"GOSUMDB": SUMDB_KEY, "GONOSUMDB": ""}
        # One at a time: each makes the database's tree grow.
        for number, name in enumerate(names):
            go = Go.create(tmp_path / f"one{number}")
            go.run(mirror.url, "mod", "download", name, env=env)
    time.sleep(2)
    go = Go.create(tmp_path / "offline")
    go.run(mirror.url, "mod", "download", *reversed(names), env=env)
    go = Go.create(tmp_path / "offline2")
    go.run(mirror.url, "mod", "download", *names[2:5], names[0], names[7], env=env)


def test_an_unreachable_database_is_never_trust(rest: Rest, upstream: Upstream) -> None:
    upstream.sumdb = None  # and where it would be asked directly there is nobody
    upstream.add("example.com/u", "v1.0.0")
    mirror = _mirror(
        rest, upstream, sumdb=f"{SUMDB_KEY} http://127.0.0.1:9/", nosumdb="example.com/free"
    )
    for file in ("mod", "zip"):
        answer = mirror.get(f"example.com/u/@v/v1.0.0.{file}")
        assert answer.status_code in (502, 504)
        # An engineer of a closed network finds the host that has to be opened, and the way out.
        assert f": the checksum database {SUMDB} at 127.0.0.1:9 cannot be reached" in answer.text
        assert "allow this server to reach 127.0.0.1:9" in answer.text and "nosumdb" in answer.text
    upstream.add("example.com/free", "v1.0.0")
    for file in ("mod", "zip"):
        assert mirror.get(f"example.com/free/@v/v1.0.0.{file}").status_code == 200


def test_private_names_are_sent_nowhere(rest: Rest, upstream: Upstream) -> None:
    mirror = _mirror(rest, upstream, private="corp.example.com", nosumdb="example.com/n")
    for path in ("corp.example.com/secret", "example.com/n"):
        assert mirror.get(f"{LOOKUP}{path}@v1.0.0").status_code == 404
    assert not [path for path in upstream.asked if "secret" in path or "/n@" in path]


def test_supported_is_answered_here(rest: Rest, upstream: Upstream) -> None:
    mirror = _mirror(rest, upstream)
    upstream.asked.clear()
    assert mirror.get(f"sumdb/{SUMDB}/supported").status_code == 200
    assert mirror.get("sumdb/sum.golang.org/supported").status_code == 404
    off = Mirror.create(rest, upstream)
    assert off.get(f"sumdb/{SUMDB}/supported").status_code == 404
    assert off.get("sumdb/127.0.0.1:80/lookup/example.com/x@v1.0.0").status_code == 404
    assert upstream.asked == []


def test_a_forged_database_is_not_believed(rest: Rest, upstream: Upstream) -> None:
    from pulp_gomod.golang.sumdb.server import Server as SumdbServer
    from pulp_gomod.golang.sumdb.server import TestServer

    upstream.add("example.com/f", "v1.0.0")
    other, _ = note.generate_key(SUMDB)
    upstream.sumdb = SumdbServer(TestServer(other, upstream.lookup))
    mirror = _mirror(rest, upstream)
    assert mirror.get("example.com/f/@v/v1.0.0.zip").status_code == 502
