"""Syncing what a workspace needs: the real go command builds it from nothing else, with the checksum database on."""

from pathlib import Path

import pytest

from pulp_gomod.golang.sumdb import note
from tests.functional.owners import Go
from tests.functional.pulp_command import Pulp
from tests.functional.rest_api import Rest
from tests.functional.serving import Server
from tests.functional.test_sync import refused
from tests.functional.upstream_world import Mirror, Upstream, Version
from tests.gomods import modules

# Others sign other trees with other keys.
NAME = "sum.example.org/workspace"
SIGNER, KEY = note.generate_key(NAME)

A = """package main

import (
	"example.org/b"
	"rsc.io/quote"
)

func main() { println(quote.Hello(), b.Glass()) }
"""
B = """package b

import "rsc.io/sampler"

func Glass() string { return sampler.Glass() }
"""
ENV = {"GOSUMDB": KEY, "GONOSUMDB": "", "GOFLAGS": "-modcacherw"}


def workspace(directory: Path) -> Go:
    """Make a workspace: two modules, one of which is published nowhere but required."""
    go = Go.create(directory, "package main\n\nfunc main() {}\n")
    work = go.directory / "work"
    for name in ("go.mod", "main.go"):
        (work / name).unlink()
    a, b = work / "a", work / "deep" / "b"
    for place, text in ((a, A), (b, B)):
        place.mkdir(parents=True)
        (place / "a.go").write_text(text)
    required = (
        "require (\n\texample.org/b v0.0.0\n\trsc.io/quote v1.5.2\n\trsc.io/sampler v1.3.0\n)\n"
    )
    a.joinpath("go.mod").write_text(f"module example.org/a\n\ngo 1.21\n\n{required}")
    b.joinpath("go.mod").write_text(
        "module example.org/b\n\ngo 1.21\n\nrequire rsc.io/sampler v1.99.99\n"
    )
    (work / "go.work").write_text(
        "go 1.21\n\nuse (\n\t./a\n\t./deep/b\n)\n\nreplace rsc.io/sampler v1.99.99 => rsc.io/sampler v1.3.1\n"
        "replace example.org/b v0.0.0 => ./deep/b\n"
    )
    return go


def test_the_go_command_builds_a_workspace(
    server: Server, rest: Rest, upstream: Upstream, tmp_path: Path
) -> None:
    for each in modules():
        files = Version(each.info, each.mod, each.zip)
        upstream.modules.setdefault(each.path, {})[each.version] = files
    upstream.sumdb_name = NAME
    upstream.sign(SIGNER)
    go = workspace(tmp_path / "there")
    # Writes go.work.sum.
    go.run(upstream.url, "build", "-o", "/dev/null", "./a", env=ENV)
    work = go.directory / "work"
    assert "rsc.io/sampler v1.3.1 h1:" in (work / "go.work.sum").read_text()
    mirror = Mirror.create(rest, upstream, policy="immediate", sumdb=KEY)
    pulp = Pulp.create(tmp_path / "cli", server)
    sync = ["repository", "sync", "--name", mirror.owner.name, "--remote", mirror.remote]
    done = pulp.run("gomod", *sync, "--go-work", str(work / "go.work"))
    assert done.code == 0, done.stderr
    held = mirror.held()
    assert {"rsc.io/quote@v1.5.2", "rsc.io/sampler@v1.3.1"} < set(held)
    number = mirror.number()
    for way in (("--go-work", str(work)), ("--go-mod", f"@{work}/go.work")):
        assert "Nothing new" in pulp.run("gomod", *sync, *way).stderr
    assert mirror.number() == number
    rest.wait(rest.call("PATCH", mirror.owner.distribution, json={"remote": None}))
    fresh = workspace(tmp_path / "here")
    for arguments in (
        ("build", "-o", "/dev/null", "./a"),
        ("vet", "./a", "./deep/b"),
        ("run", "./a"),
    ):
        built = fresh.run(mirror.url, *arguments, env=ENV)
    assert "Hello, world." in built.stderr
    (work / "a" / "go.mod").unlink()
    refusal = pulp.run("gomod", *sync, "--go-work", str(work))
    assert (refusal.code, "uses a, where there is no go.mod" in refusal.stderr) == (2, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"go_work": "go 1.21\n"}, ["go_mods", "Give go_work and go_mods together"]),
        ({"go_mods": ["module example.org/a\n"]}, ["go_work", "together"]),
        ({"go_work": "go 1.21\nwhat\n", "go_mods": ["module m\n"]}, ["go.work:2", "unknown"]),
        ({"go_work": "use ./a\nuse ./b\n", "go_mods": ["module m\n"]}, ["uses 2 modules, and 1"]),
        ({"go_work": "use ./a\n", "go_mods": ["what\n"]}, ["1: go.mod:1: unknown directive"]),
        (
            {"go_work": "use ./a\n", "go_mods": [f"// {'x' * 720_000}\n"] * 3},
            ["2160012 characters together", "at most 2097152"],
        ),
        (
            {"go_work": "use ./a\nuse ./b\n", "go_mods": ["module m\n"] * 2},
            ["appears multiple times"],
        ),
    ],
    ids=["alone", "no files", "wrong work", "one too few", "wrong member", "too long", "twice"],
)
def test_files_that_are_no_workspace(rest: Rest, body: dict[str, object], words: list[str]) -> None:
    text = refused(Mirror.create(rest, Upstream(url="http://127.0.0.1:9/none")), **body)
    assert all(word in text for word in words), text


def test_files_that_are_too_long_for_a_request(rest: Rest) -> None:
    body = {"go_work": "use ./a\n", "go_mods": [f"// {'x' * 900_000}\n"] * 3}
    mirror = Mirror.create(rest, Upstream(url="http://127.0.0.1:9/none"))
    answer = rest.call("POST", f"{mirror.owner.repository}sync/", json=body)
    assert answer.status_code == 413
    assert "DATA_UPLOAD_MAX_MEMORY_SIZE" in answer.json()["detail"]
