"""The go command itself as the client of our server: it believes what it should, and only that."""

import os
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulp_gomod.golang import dirhash, module
from pulp_gomod.golang.sumdb import note
from pulp_gomod.golang.sumdb.server import Answer, Server, TestServer, gosum_text
from tests.differential.go import NoGo, find_go
from tests.unit.golang.sumdb_world import serving

NAME = "sum.example.com/db"
SKEY, VKEY = note.generate_key(NAME)
MODULES = [
    ("example.com/a", "v1.0.0"),
    ("example.com/Upper", "v1.0.0-RC1"),
    ("example.com/big/v2", "v2.3.4"),
    ("example.com/old", "v3.0.0+incompatible"),
]


@dataclass
class World:
    """A GOPROXY in a directory, checksums of what it holds, and a go command with caches."""

    go: str
    directory: Path
    sums: dict[tuple[str, str], tuple[str, str]]

    def gosum(self, path: str, version: str) -> bytes:
        if (path, version) not in self.sums:
            raise FileNotFoundError(f"not found: {path}@{version}")
        return gosum_text(path, version, *self.sums[path, version])

    def download(
        self,
        *modules: tuple[str, str],
        gosumdb: str,
        goproxy: str = "",
        check: bool = True,
        cache: str = "",
    ) -> str:
        """Run `go mod download`, by default with a new module cache, and return what it printed."""
        caches = self.directory / "modcaches"
        caches.mkdir(exist_ok=True)
        done = subprocess.run(
            [self.go, "mod", "download", *(f"{path}@{version}" for path, version in modules)],
            cwd=self.directory,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.directory),
                # Known tree heads live here, and outlast the module cache.
                "GOPATH": str(self.directory / "gopath"),
                "GOMODCACHE": str(caches / (cache or f"new{len(list(caches.iterdir()))}")),
                "GOPROXY": goproxy or (self.directory / "proxy").as_uri(),
                "GOSUMDB": gosumdb,
                "GOFLAGS": "-modcacherw",
                "GOTOOLCHAIN": "local",
                "GOENV": "off",
            },
            capture_output=True,
            text=True,
        )
        assert (done.returncode == 0) is check, done.stderr
        return done.stderr


def publish(proxy: Path, path: str, version: str) -> tuple[str, str]:
    """Put a module into a GOPROXY directory, and return the checksums of its zip and go.mod."""
    directory = proxy / module.escape_path(path) / "@v"
    directory.mkdir(parents=True)
    stem = directory / module.escape_version(version)
    go_mod = f"module {path}\n".encode()
    Path(f"{stem}.info").write_text(f'{{"Version": "{version}"}}')
    Path(f"{stem}.mod").write_bytes(go_mod)
    with zipfile.ZipFile(f"{stem}.zip", "w") as archive:
        archive.writestr(f"{path}@{version}/a.go", "package a\n")
        if not version.endswith("+incompatible"):
            archive.writestr(f"{path}@{version}/go.mod", go_mod)
    return dirhash.hash_zip(f"{stem}.zip"), dirhash.hash_go_mod(go_mod)


@pytest.fixture
def world(tmp_path: Path) -> World:
    try:
        go = find_go()
    except NoGo as error:
        pytest.skip(str(error))
    sums = {(path, v): publish(tmp_path / "proxy", path, v) for path, v in MODULES}
    return World(go, tmp_path, sums)


def filled(world: World, records: int, *, fork: bool = False) -> TestServer:
    """A database with records about other modules, and those of the world on demand."""
    log = TestServer(SKEY, world.gosum)
    for i in range(records):
        log.add(gosum_text(f"other.example.com/m{i}", "v1.0.0", "h1:y" if fork else "h1:x", "h1:"))
    return log


@pytest.mark.parametrize("records", [0, 300])
def test_go_verifies_what_our_server_proves(world: World, records: int) -> None:
    server = Server(filled(world, records))
    with serving(server.serve) as (url, log):
        world.download(*MODULES, gosumdb=f"{VKEY} {url}")
        assert "/lookup/example.com/!upper@v1.0.0-!r!c1 200" in log
        assert any(line.startswith("/tile/8/0/00") for line in log)
        # The second time Go checks that the log has only grown.
        world.download(*MODULES, gosumdb=f"{VKEY} {url}")
    assert {line.split()[1] for line in log} == {"200"}


def test_go_verifies_through_a_proxy(world: World) -> None:
    server = Server(filled(world, 3))

    def answer(path: str) -> Answer:
        if path.startswith("/sumdb/"):
            return server.serve_proxied(NAME, path)
        file = world.directory / "proxy" / path.removeprefix("/")
        if file.is_file():
            return Answer(200, "text/plain; charset=UTF-8", file.read_bytes())
        return Answer(404, "text/plain; charset=UTF-8", b"not found\n")

    with serving(answer) as (url, log):
        world.download(*MODULES, gosumdb=VKEY, goproxy=url)
    assert f"/sumdb/{NAME}/supported 200" in log
    assert f"/sumdb/{NAME}/lookup/example.com/a@v1.0.0 200" in log


def test_go_refuses_what_the_database_contradicts(world: World) -> None:
    good = world.sums["example.com/a", "v1.0.0"]
    world.sums["example.com/a", "v1.0.0"] = ("h1:" + "A" * 43 + "=", good[1])
    with serving(Server(filled(world, 3)).serve) as (url, _):
        text = world.download(MODULES[0], gosumdb=f"{VKEY} {url}", check=False)
    assert "verifying module: checksum mismatch" in text
    assert "SECURITY ERROR" in text


def test_go_refuses_what_the_database_does_not_know(world: World) -> None:
    del world.sums["example.com/a", "v1.0.0"]
    with serving(Server(filled(world, 3)).serve) as (url, _):
        text = world.download(MODULES[0], gosumdb=f"{VKEY} {url}", check=False)
    assert "404 Not Found" in text
    assert "not found: example.com/a@v1.0.0" in text


def test_go_refuses_a_head_of_another_key(world: World) -> None:
    stranger = TestServer(note.generate_key(NAME)[0], world.gosum)
    with serving(Server(stranger).serve) as (url, _):
        text = world.download(MODULES[0], gosumdb=f"{VKEY} {url}", check=False)
    assert "note has no verifiable signatures" in text


def test_go_reports_a_fork(world: World) -> None:
    with serving(Server(filled(world, 5)).serve) as (url, _):
        world.download(MODULES[0], gosumdb=f"{VKEY} {url}", cache="kept")
    with serving(Server(filled(world, 9, fork=True)).serve) as (url, _):
        text = world.download(MODULES[1], gosumdb=f"{VKEY} {url}", cache="kept", check=False)
    assert "go.sum database server misbehavior detected!" in text
    assert "internal error" not in text


@pytest.mark.parametrize(
    ("prefix", "change", "text"),
    [
        ("/lookup/", lambda body: body.replace(b"h1:", b"h1:A", 1), "cannot authenticate record"),
        ("/tile/", lambda body: b"x" + body[1:], "downloaded inconsistent tile"),
        ("/tile/", lambda body: body[:-1], "bad result slice"),
    ],
)
def test_go_refuses_tampered_answers(
    world: World, prefix: str, change: Callable[[bytes], bytes], text: str
) -> None:
    """The judge can tell: what we prove nothing for, it does not take."""
    server = Server(filled(world, 3))

    def answer(path: str) -> Answer:
        given = server.serve(path)
        if not path.startswith(prefix):
            return given
        return Answer(given.status, given.content_type, change(given.body))

    with serving(answer) as (url, _):
        assert text in world.download(MODULES[0], gosumdb=f"{VKEY} {url}", check=False)
