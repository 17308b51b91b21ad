"""The real go command builds from a frozen distribution, with the checksum database on and nobody to ask."""

import hashlib
from pathlib import Path

from pulp_gomod.golang.sumdb import note
from tests.functional.owners import Go
from tests.functional.rest_api import DISTRIBUTIONS, PUBLICATIONS, Rest
from tests.functional.serving import Server
from tests.functional.test_sync import sync
from tests.functional.upstream_world import Mirror, Upstream, running
from tests.statements import connect

# Others sign other trees with other keys.
NAME = "sum.example.org/offline"
SIGNER, KEY = note.generate_key(NAME)
GOSUMDB = {"GOSUMDB": KEY, "GONOSUMDB": "", "GOFLAGS": "-mod=mod -modcacherw"}

MAIN = 'package main\n\nimport "example.com/a"\n\nfunc main() { println(a.Word()) }\n'
A = 'package a\n\nimport b "example.com/b"\n\nfunc Word() string { return b.Word() }\n'
B = 'package a\n\nfunc Word() string { return "proven" }\n'
C = "example.com/c@v1.0.0"
GO_MOD = "module example.org/main\n\ngo 1.21\n\nrequire example.com/a v1.0.0\n"

OF_TREE = f"tree_id = (SELECT pulp_id FROM gomod_gosumdbtree WHERE name = '{NAME}')"
# What is changed, and what the go command says of it.
TILE = "gomod_gosumdbtile SET hashes = set_byte(hashes, 5, 255 - get_byte(hashes, 5))"
RECORD = "gomod_gosumdbrecord SET text = text || 'and more' || chr(10)"
CHANGES = {"inconsistent tile": TILE, "cannot authenticate record": RECORD}


def test_a_frozen_distribution_needs_nobody(rest: Rest, server: Server, tmp_path: Path) -> None:
    go = Go.create(tmp_path / "first", MAIN)
    platform = "-".join(go.run("off", "env", "GOOS", "GOARCH").stdout.split())
    with running() as upstream:
        forged = _fill(upstream, platform)
        mirror = Mirror.create(rest, upstream, policy="immediate", sumdb=KEY)
        sync(mirror, go_mod=GO_MOD, modules=[C], toolchains=[f"go1.99.0 {platform}"])
    made = rest.create(PUBLICATIONS, repository=mirror.owner.repository)
    rest.wait(rest.call("DELETE", mirror.remote))
    name = f"{mirror.owner.name}-frozen"
    rest.create(DISTRIBUTIONS, name=name, base_path=name, publication=made["pulp_href"])
    for root in (mirror.url, mirror.url.replace(mirror.owner.name, name)):
        _build(root, tmp_path / root.rpartition("/")[2])
    _check_newer_head(mirror.url, upstream, tmp_path)
    _check_forged(mirror.url, Path(server.data_dir), upstream, forged, tmp_path)


def _fill(upstream: Upstream, platform: str) -> bytes:
    """Give it all that is needed, and return another zip of C that is as long and says something else."""
    upstream.sumdb_name = NAME
    upstream.sign(SIGNER)
    assert upstream.sumdb is not None
    upstream.add("example.com/b", "v1.1.0", **{"w.go": B})
    upstream.add("example.com/a", "v1.0.0", "require example.com/b v1.1.0", **{"w.go": A})
    toolchain = {"bin/go": "#!/bin/sh\necho this is the go of the future\n"}
    # What the go command makes executable.
    toolchain |= dict.fromkeys(("bin/gofmt", "pkg/tool/none", "lib/none"), "")
    upstream.add("golang.org/toolchain", f"v0.0.1-go1.99.0.{platform}", **toolchain)
    for number in range(600):
        upstream.add(f"example.com/other{number}", "v1.0.0")
        upstream.sumdb.serve(f"/lookup/example.com/other{number}@v1.0.0")
    word = 'package a\n\nconst Word = "proven"\n'
    made = upstream.add("example.com/c", "v1.0.0", **{"w.go": word})
    other = Upstream().add("example.com/c", "v1.0.0", **{"w.go": word.replace("proven", "forged")})
    assert made.zip != other.zip and len(made.zip) == len(other.zip)
    return other.zip


def _client(directory: Path) -> Go:
    go = Go.create(directory, MAIN)
    (go.directory / "work" / "go.mod").write_text(GO_MOD)
    return go


def _build(root: str, directory: Path) -> None:
    """Do what a developer does, with an empty module cache."""
    go = _client(directory)
    go.run(root, "mod", "download", "all", env=GOSUMDB)
    assert "proven" in go.run(root, "run", ".", env=GOSUMDB).stderr
    go.run(root, "mod", "verify", env=GOSUMDB)
    go.run(root, "mod", "tidy", env=GOSUMDB)
    go.run(root, "get", "example.com/b@latest", env=GOSUMDB)
    newer = go.run(root, "version", env={**GOSUMDB, "GOTOOLCHAIN": "go1.99.0"})
    assert newer.stdout == "this is the go of the future\n"


def _check_newer_head(root: str, upstream: Upstream, directory: Path) -> None:
    """A client that has seen more of the database than this server is told so."""
    go = _client(directory / "ahead")
    known = go.directory / "path" / "pkg" / "sumdb" / NAME / "latest"
    known.parent.mkdir(parents=True)
    assert upstream.sumdb is not None
    upstream.add("example.com/newest", "v1.0.0")
    upstream.sumdb.serve("/lookup/example.com/newest@v1.0.0")
    known.write_bytes(upstream.sumdb.serve("/latest").body)
    told = go.run(root, "mod", "download", "all", env=GOSUMDB, check=False)
    assert told.returncode != 0
    assert "has seen a newer state of it elsewhere: sync the repository again" in told.stderr
    known.unlink()
    go.run(root, "mod", "download", "all", env=GOSUMDB)


def _check_forged(
    root: str, data_dir: Path, upstream: Upstream, forged: bytes, directory: Path
) -> None:
    """Nothing that was changed on this server is believed."""
    digest = hashlib.sha256(upstream.modules["example.com/c"]["v1.0.0"].zip).hexdigest()
    (stored,) = data_dir.rglob(f"artifact/{digest[:2]}/{digest[2:]}")
    stored.write_bytes(forged)
    go = _client(directory / "forged")
    found = go.run(root, "mod", "download", C, env=GOSUMDB, check=False)
    # By what it remembers of the file, the server itself notices.
    assert found.returncode != 0 and "the stored zip is damaged" in found.stderr
    with connect(data_dir) as database:
        for number, (words, change) in enumerate(CHANGES.items()):
            database.execute(f"UPDATE {change} WHERE {OF_TREE}".encode())
            go = _client(directory / f"changed{number}")
            found = go.run(root, "mod", "download", "all", env=GOSUMDB, check=False)
            assert found.returncode != 0 and words in found.stderr, found.stderr
            if change == TILE:
                # Twice is not at all.
                database.execute(f"UPDATE {change} WHERE {OF_TREE}".encode())
