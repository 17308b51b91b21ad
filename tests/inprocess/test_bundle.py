"""A repository version as one tar: what is in it, what a client is answered, and what go makes of it."""

import asyncio
import contextlib
import io
import json
import os
import shutil
import stat
import tarfile
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.conf import settings
from pulp_glue.gomod.unpack import unpack_modcache

from pulp_gomod.golang import dirhash
from pulp_gomod.golang.sumdb import note
from pulp_gomod.golang.sumdb.server import Server, TestServer, gosum_text
from tests.functional.owners import Go
from tests.gomods import pack
from tests.goproxy_requests import PSEUDO, get
from tests.inprocess.owners import Owner
from tests.inprocess.test_hold import obey
from tests.inprocess.test_policies import change

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulpcore.plugin.models import Content, RepositoryVersion  # isort: skip
from pulp_gomod.app.bundle import heads  # isort: skip
from pulp_gomod.app.bundle.plan import make_plan  # isort: skip
from pulp_gomod.app.bundle.rows import ChangedError  # isort: skip
from pulp_gomod.app.bundle.scope import Scope  # isort: skip
from pulp_gomod.app.bundle.stream import tar_bytes  # isort: skip
from pulp_gomod.app.content import bundle as serving  # isort: skip
from pulp_gomod.app.models import (  # isort: skip
    GoBlock,
    GoBundleLeftOut,
    GoModFile,
    GoModule,
    GoRelease,
    GoRepository,
    GoSumdbTree,
)
from pulp_gomod.app.models.block import note_change  # isort: skip
from pulp_gomod.app.storage.proofs import ProvenRecord, absorb  # isort: skip

Files = dict[str, bytes]

# It reads the whole graph, with the go.mod files of versions that it does not build.
_MAIN = 'package main\n\nimport "example.com/Upper"\n\nfunc main() { println(upper.Name) }\n'
_PATHS = ("example.com/Upper", "example.com/dep", "example.com/old", "example.com/pseudo")


class World:
    """A repository whose modules a checksum database knows."""

    def __init__(self, url: str) -> None:
        self.owner = Owner.create(url)
        self.name = f"sum.example.net/b{uuid4().hex[:8]}"
        signer, self.key = note.generate_key(self.name)
        self._sums: dict[tuple[str, str], bytes] = {}
        self.log = TestServer(signer, lambda path, version: self._sums[path, version])
        # Heads that clients have seen, besides those that came with the proofs.
        self.seen: list[bytes] = []

    def zip(self, path: str, version: str, *requires: str, name: str = "") -> bytes:
        """Pack a module, which the database then knows; before it, others come."""
        go_mod = f"module {path}\n\ngo 1.16\n" + "".join(f"require {r}\n" for r in requires)
        package = path.rpartition("/")[2].lower()
        imports = 'import _ "example.com/dep"\n' if requires and "dep" in requires[0] else ""
        source = f'// {self.name}\npackage {package}\n\n{imports}const Name = "{name or path}"\n'
        packed = pack(
            f"{path}@{version}/", [("go.mod", go_mod.encode()), ("x.go", source.encode())]
        )
        h1 = dirhash.hash_zip(io.BytesIO(packed))
        self.prove(path, version, h1, go_mod.encode())
        return packed

    def go_mod(self, path: str, version: str, *, awaits_zip: bool = False) -> GoModFile:
        """Make a go.mod without a zip."""
        body = f"module {path}\n\ngo 1.16\n".encode()
        self.prove(path, version, "h1:" + "A" * 43 + "=", body)
        unit: GoModFile = GoModFile.objects.create(
            module=path,
            version=version,
            go_mod=body,
            go_mod_h1=dirhash.hash_go_mod(body),
            awaits_zip=awaits_zip,
        )
        return unit

    def prove(self, path: str, version: str, h1: str, go_mod: bytes) -> None:
        """Let the database know a module version, and have its proof kept."""
        self._sums[path, version] = gosum_text(path, version, h1, dirhash.hash_go_mod(go_mod))
        for _ in range(300):
            self.log.add(b"somebody else's\n")
        number = self.log.lookup(path, version)
        text = self._sums[path, version].decode()
        domain = self.owner.repository.pulp_domain_id
        absorbed = absorb(
            domain,
            self.key,
            self.log.signed(),
            [ProvenRecord(number, path, version, text)],
            lambda tiles: {(t.l, t.n): self.log.read_tile_data(t) for t in tiles},
            self.seen,
        )
        assert absorbed.count == 1

    def add(self, *units: Content) -> None:
        """Add units in a new version of the repository."""
        with self.repository.new_version() as new:
            new.add_content(Content.objects.filter(pk__in=[unit.pk for unit in units]))

    def remove(self, path: str, version: str) -> None:
        """Remove a module version from the repository."""
        with self.repository.new_version() as new:
            new.remove_content(GoModule.objects.filter(module=path, version=version))

    @property
    def repository(self) -> GoRepository:
        """The repository as it is now."""
        found: GoRepository = GoRepository.objects.get(pk=self.owner.repository.pk)
        return found

    @property
    def number(self) -> int:
        """The newest version's number."""
        return int(self.repository.latest_version().number)

    @property
    def url(self) -> str:
        return f"{self.owner.packages_url}/bundle.tar"

    def bundle(self, since: int | None = None) -> bytes:
        """Download a bundle."""
        response = get(self.url, params={} if since is None else {"since": since})
        assert response.status_code == 200, response.text
        assert int(response.headers["Content-Length"]) == len(response.content)
        return response.content

    def go(self, directory: Path) -> Go:
        """A go command that believes the database, and has nothing yet."""
        return Go.create(directory, _MAIN)

    def run(self, go: Go, tree: Path, *arguments: str, check: bool = True) -> str:
        """Run go with the tree as its only proxy."""
        env = {"GOSUMDB": self.key, "GONOSUMDB": "", "GOFLAGS": "-mod=mod -modcacherw"}
        done = go.run(f"file://{tree}", *arguments, env=env, check=check)
        return f"{done.stdout}{done.stderr}"


def unpack(bundle: bytes, directory: Path) -> Files:
    """Unpack a bundle over what is there, and return its files."""
    with tarfile.open(fileobj=io.BytesIO(bundle)) as tar:
        # Python has no filters before 3.11.4; nobody else has made this one.
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(directory)
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def about(files: Files) -> dict[str, object]:
    found: dict[str, object] = json.loads(files["bundle/about.json"])
    return found


@pytest.fixture(scope="module")
def world(content_url: str) -> World:
    world = World(content_url)
    old = world.go_mod("example.com/old", "v0.1.0")
    world.owner.publish(
        world.zip("example.com/Upper", "v1.0.0", "example.com/dep v1.0.0"),
        world.zip("example.com/Upper", "v1.1.0-RC1"),
        world.zip("example.com/dep", "v1.0.0", "example.com/old v0.1.0", "example.com/old v0.2.0"),
        world.zip("example.com/old", "v0.2.0", "example.com/old v0.1.0"),
        world.zip("example.com/pseudo", PSEUDO),
    )
    world.add(old)
    return world


@pytest.fixture(scope="module")
def bundle(world: World) -> bytes:
    return world.bundle()


def test_it_is_what_the_goproxy_answers(world: World, bundle: bytes, tmp_path: Path) -> None:
    files = unpack(bundle, tmp_path)
    served = {path for path in files if not path.startswith("bundle/")}
    assert len([path for path in served if not path.startswith("sumdb/")]) == 5 * 3 + 1 + 4 + 4
    for path in served:
        assert get(f"{world.owner.packages_url}/{path}").content == files[path], path
    assert files["example.com/!upper/@v/list"] == b"v1.0.0\nv1.1.0-RC1\n"
    assert files["example.com/pseudo/@v/list"] == b""
    assert json.loads(files["example.com/pseudo/@latest"])["Version"] == PSEUDO
    said = about(files)
    assert said["version"] == world.number and said["since"] is None
    assert (said["modules"], said["versions"], said["go_mod_only"]) == (4, 5, 1)
    assert said["missing_zips"] == {"count": 0, "first": []} and said["without_proof"] == 0
    assert said["missing_tiles"] == 0


def test_one_head_proves_all_of_it(world: World, bundle: bytes, tmp_path: Path) -> None:
    files = unpack(bundle, tmp_path)
    place = f"sumdb/{world.name}"
    head = files[f"{place}/latest"]
    assert files[f"{place}/supported"] == b"" and head == world.log.signed()
    lookups = [files[path] for path in files if path.startswith(f"{place}/lookup/")]
    assert len(lookups) == 6 and all(answer.endswith(b"\n\n" + head) for answer in lookups)
    tiles = {path for path in files if "/tile/8/" in path}
    # Complete ones, and those of the right edge as wide as the head has them.
    assert any(path.endswith("/tile/8/0/001") for path in tiles)
    assert any(".p/" in path for path in tiles)
    for path in tiles:
        served = Server(world.log).serve_proxied(world.name, f"/{path}")
        assert (served.status, served.body) == (200, files[path]), path


def test_go_builds_from_it(world: World, bundle: bytes, tmp_path: Path) -> None:
    unpack(bundle, tmp_path / "tree")
    go, tree = world.go(tmp_path / "go"), tmp_path / "tree"
    world.run(go, tree, "mod", "tidy")
    assert "example.com/Upper" in world.run(go, tree, "run", ".")
    world.run(go, tree, "mod", "verify")
    world.run(go, tree, "get", "example.com/pseudo@latest")
    assert PSEUDO in world.run(go, tree, "list", "-m", "all")
    assert "v1.1.0-RC1" in world.run(go, tree, "list", "-m", "-versions", "example.com/Upper")


def test_a_module_cache_needs_no_proxy(world: World, bundle: bytes, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert unpack_modcache(io.BytesIO(bundle), cache)["version"] == world.number
    # Nothing is left to be written.
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    extracted = cache / "example.com/!upper@v1.0.0"
    assert stat.S_IMODE(extracted.stat().st_mode) == 0o555
    assert stat.S_IMODE((extracted / "x.go").stat().st_mode) == 0o444
    go = world.go(tmp_path / "go")
    env = {
        "GOMODCACHE": str(cache),
        "GOSUMDB": world.key,
        "GONOSUMDB": "",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
    }
    go.run("off", "get", "example.com/Upper@v1.0.0", env=env)
    assert "example.com/Upper" in go.run("off", "run", ".", env=env).stderr
    go.run("off", "mod", "verify", env=env)
    after = {path for path in cache.rglob("*") if path.is_file()} - set(before)
    assert {path.name for path in after} <= {"lock"} or not after, after
    # Once more, over what is read-only.
    unpack_modcache(io.BytesIO(bundle), cache)
    go.run("off", "build", ".", env=env)


@pytest.mark.parametrize(
    "suffix",
    [
        "example.com/!upper/@v/v1.0.0.zip",
        "example.com/dep/@v/v1.0.0.zip",
        "example.com/old/@v/v0.1.0.mod",
        "lookup/example.com/!upper@v1.0.0",
        "tile/8/0/001",
    ],
)
def test_go_refuses_a_byte_that_was_changed(
    world: World, bundle: bytes, tmp_path: Path, suffix: str
) -> None:
    tree = tmp_path / "tree"
    (path,) = [path for path in unpack(bundle, tree) if path.endswith(suffix)]
    data = bytearray((tree / path).read_bytes())
    # In the middle of a source file, a line, a checksum, a hash.
    data[len(data) // 2 if "lookup" not in path else data.index(b"h1:") + 9] ^= 1
    (tree / path).write_bytes(data)
    said = world.run(world.go(tmp_path / "go"), tree, "mod", "tidy", check=False)
    assert any(
        words in said
        for words in ("SECURITY ERROR", "checksum error", "inconsistent", "cannot authenticate")
    ), said


def test_what_came_since_is_unpacked_over_it(
    content_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Records of the minutes before are sent again.
    monkeypatch.setattr(heads, "_MARGIN", 0)
    world = World(content_url)
    world.owner.publish(
        world.zip("example.com/Upper", "v1.0.0", "example.com/dep v1.0.0"),
        world.zip("example.com/dep", "v1.0.0"),
        world.zip("example.com/other", "v1.0.0"),
        world.zip("example.com/gone", "v1.0.0"),
    )
    tree, first = tmp_path / "tree", world.number
    unpack(world.bundle(), tree)
    go = world.go(tmp_path / "go")
    world.run(go, tree, "get", "example.com/Upper@latest")
    world.owner.publish(world.zip("example.com/Upper", "v1.1.0", "example.com/dep v1.0.0"))
    world.remove("example.com/gone", "v1.0.0")
    files = unpack(world.bundle(first), tree)
    assert {path for path in files if path.startswith("example.com/")} == {
        "example.com/!upper/@latest",
        "example.com/!upper/@v/list",
        "example.com/!upper/@v/v1.1.0.info",
        "example.com/!upper/@v/v1.1.0.mod",
        "example.com/!upper/@v/v1.1.0.zip",
        "example.com/gone/@v/list",
        "example.com/gone/@latest",
    }
    assert files["example.com/!upper/@v/list"] == b"v1.0.0\nv1.1.0\n"
    assert files["example.com/gone/@v/list"] == b""
    assert [path for path in files if "/lookup/" in path] == [
        f"sumdb/{world.name}/lookup/example.com/!upper@v1.1.0"
    ]
    assert about(files)["since"] == first
    # It goes on from the head that it knows, and needs old records in the new tree.
    world.run(go, tree, "get", "example.com/Upper@latest", "example.com/other@v1.0.0")
    shutil.rmtree(tmp_path / "go/path/pkg/mod")
    world.run(go, tree, "mod", "tidy")
    assert "v1.1.0" in world.run(go, tree, "list", "-m", "example.com/Upper")
    # Whoever begins now, begins with the same tree.
    new = world.go(tmp_path / "new")
    world.run(new, tree, "get", "example.com/Upper@v1.0.0")
    # What is gone is the latest of nothing, although its files are there still.
    said = world.run(new, tree, "get", "example.com/gone@latest", check=False)
    assert "the module was removed" in said


def test_who_knows_the_head_of_an_earlier_bundle_needs_the_new_one_only(
    content_url: str, tmp_path: Path
) -> None:
    world = World(content_url)
    world.owner.publish(world.zip("example.com/Upper", "v1.0.0"))
    go, known = world.go(tmp_path / "go"), tmp_path / "known"
    unpack(world.bundle(), known)
    world.run(go, known, "get", "example.com/Upper@v1.0.0")
    world.owner.publish(world.zip("example.com/Upper", "v1.1.0"))
    tree = tmp_path / "tree"
    unpack(world.bundle(), tree)
    # What go has downloaded is gone, and what it knows of the database is not.
    shutil.rmtree(tmp_path / "go/path/pkg/mod")
    world.run(go, tree, "get", "example.com/Upper@v1.1.0")


def test_who_knows_the_head_of_a_lookup_goes_on_from_it(content_url: str, tmp_path: Path) -> None:
    world = World(content_url)
    for number in range(70_000):
        world.log.add(b"%d\n" % number)
    world.seen.append(world.log.signed())
    world.owner.publish(world.zip("example.com/Upper", "v1.0.0"))
    tree, first, go = tmp_path / "tree", world.number, world.go(tmp_path / "go")
    unpack(world.bundle(), tree)

    def begin_with(head: bytes) -> None:
        """Let go know a head, and nothing else."""
        shutil.rmtree(tmp_path / "go/path", ignore_errors=True)
        for sums in (tmp_path / "go").rglob("go.sum"):
            sums.unlink()
        known = tmp_path / "go/path/pkg/sumdb" / world.name / "latest"
        known.parent.mkdir(parents=True)
        known.write_bytes(head)

    begin_with(world.seen[0])
    world.run(go, tree, "get", "example.com/Upper@v1.0.0")
    for _ in range(300):
        world.log.add(b"more\n")
    between = world.log.signed()
    begin_with(between)
    assert "checking tree#" in world.run(go, tree, "get", "example.com/Upper@v1.0.0", check=False)
    # What is unpacked over it has what is missing, wide as it was then.
    world.seen.append(between)
    world.owner.publish(world.zip("example.com/Upper", "v1.1.0"))
    unpack(world.bundle(first), tree)
    for head in world.seen:
        begin_with(head)
        world.run(go, tree, "get", "example.com/Upper@v1.1.0")


def test_it_does_not_prove_ever_more_heads(
    content_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "_MOST_OLDER", 2)
    world, sizes = World(content_url), []

    def said() -> dict[str, Any]:
        """What the bundle says of the database: others may know modules of these names, too."""
        found: Any = about(unpack(world.bundle(), tmp_path))["sumdb"]
        return next(each for each in found if each["name"] == world.name)

    for minor in range(5):
        world.owner.publish(world.zip("example.com/Upper", f"v1.{minor}.0"))
        sizes.append(said()["size"])
    GoSumdbTree.objects.filter(name=world.name).update(passed=[])
    world.owner.publish(world.zip("example.com/Upper", "v1.9.0"))
    older = said()["continues"]
    assert set(older) >= set(sizes[-2:]) and sizes[0] not in older


def test_it_stays_the_same_while_the_database_grows(content_url: str) -> None:
    world = World(content_url)
    world.owner.publish(world.zip("example.com/Upper", "v1.0.0"))
    before = world.bundle()
    world.zip("example.com/elsewhere", "v1.0.0")
    scope = Scope(world.owner.repository.pulp_domain_id, world.owner.repository.pk, world.number)
    assert f'"{make_plan(scope).etag}"' == get(world.url).headers["ETag"]
    assert world.bundle() == before


def test_ranges_are_parts_of_the_same_bytes(world: World, bundle: bytes) -> None:
    whole = requests.head(world.url, timeout=60)
    assert int(whole.headers["Content-Length"]) == len(bundle)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Type"] == "application/x-tar"
    etag = whole.headers["ETag"]
    for start, stop in ((0, 1), (500, 3000), (len(bundle) - 700, len(bundle)), (10_000, 70_000)):
        part = get(world.url, headers={"Range": f"bytes={start}-{stop - 1}", "If-Range": etag})
        assert part.status_code == 206
        assert part.content == bundle[start:stop]
    rest = get(world.url, headers={"Range": "bytes=40000-"})
    assert rest.content == bundle[40000:]
    # Another bundle than the one that was begun comes as a whole.
    other = get(world.url, headers={"Range": "bytes=40000-", "If-Range": '"0"'})
    assert other.status_code == 200 and other.content == bundle
    assert get(world.url, headers={"Range": f"bytes={len(bundle)}-"}).status_code == 416
    assert get(world.url, headers={"If-None-Match": etag}).status_code == 304
    assert get(f"{world.owner.content_url}/bundle.tar").content == bundle


def test_other_bytes_have_another_date(content_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_PLAN_SECONDS", 0.0)
    world = World(content_url)
    packed = pack("example.com/Upper@v1.0.0/", [("x.go", f"package x // {world.name}\n".encode())])
    world.owner.publish(packed)
    before = get(world.url)
    date = before.headers["Last-Modified"]
    # As long as it is the same, so is the date.
    assert get(world.url, headers={"If-Modified-Since": date}).status_code == 304
    while formatdate(usegmt=True) == date:
        time.sleep(0.05)
    # Neither is the version another one, nor is anything blocked.
    h1 = dirhash.hash_zip(io.BytesIO(packed))
    world.prove("example.com/Upper", "v1.0.0", h1, b"module example.com/Upper\n")
    assert get(world.url).headers["ETag"] != before.headers["ETag"]
    assert get(world.url, headers={"If-Modified-Since": date}).status_code == 200
    resumed = get(world.url, headers={"Range": "bytes=512-", "If-Range": date})
    assert resumed.status_code == 200 and resumed.content != before.content


def test_what_cannot_be_had_is_said(world: World, content_url: str) -> None:
    for query, status, words in (
        ("since=x", 400, "since must be the number of an older repository version"),
        ("since=1&since=2", 400, "since must be"),
        ("since=-1", 400, "since must be"),
        ("sinse=1", 400, "'sinse' is not a parameter of a bundle"),
        (f"since={world.number + 1}", 404, "is newer than version"),
    ):
        answer = get(f"{world.url}?{query}")
        assert answer.status_code == status and words in answer.text
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    # None of it is remembered as the answer to something else.
    assert get(world.url).status_code == 200
    assert get(f"{content_url}/api/packages/nobody/go/bundle.tar").status_code == 404


def test_a_deleted_version_is_nothing_to_start_from(content_url: str) -> None:
    world = World(content_url)
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        world.owner.publish(world.zip("example.com/Upper", version))
    assert get(f"{world.url}?since=2").status_code == 200
    RepositoryVersion.objects.get(repository=world.owner.repository, number=1).delete()
    answer = get(f"{world.url}?since=1")
    assert answer.status_code == 404
    assert "repository version 1 was deleted" in answer.text
    assert get(f"{world.url}?since=0").status_code == 200


def test_what_is_blocked_or_to_come_is_not_in_it(content_url: str, tmp_path: Path) -> None:
    world = World(content_url)
    world.owner.publish(
        world.zip("example.com/Upper", "v1.0.0"), world.zip("example.com/Upper", "v1.1.0")
    )
    world.add(world.go_mod("example.com/later", "v1.0.0", awaits_zip=True))
    before = get(world.url).headers["ETag"]
    repository = world.owner.repository
    GoBlock.objects.create(
        repository=repository, module="example.com/Upper", versions="v1.1.0", reason="bad"
    )
    note_change(repository.pk)
    response = get(world.url)
    files = unpack(response.content, tmp_path)
    assert response.headers["ETag"] != before
    assert files["example.com/!upper/@v/list"] == b"v1.0.0\n"
    assert json.loads(files["example.com/!upper/@latest"])["Version"] == "v1.0.0"
    assert {path for path in files if "v1.1.0" in path and "sumdb" not in path} == {
        "example.com/!upper/@v/v1.1.0.mod"
    }
    assert {path for path in files if path.startswith("example.com/later")} == {
        "example.com/later/@v/v1.0.0.mod"
    }
    assert about(files)["missing_zips"] == {"count": 1, "first": ["example.com/later@v1.0.0"]}
    assert about(files)["stopped_zips"] == {"count": 1, "first": ["example.com/Upper@v1.1.0"]}
    # A block is no new version, and is told to whoever asks for what is new.
    later = unpack(world.bundle(world.number), tmp_path)
    assert later["example.com/!upper/@v/list"] == b"v1.0.0\n"


@pytest.mark.parametrize("mode", ["lists", "enforce"])
def test_what_a_policy_keeps_from_lists_is_on_none(
    content_url: str, tmp_path: Path, mode: str
) -> None:
    world = World(content_url)
    path, retracting = "example.com/retracting", "module example.com/retracting\n\nretract v1.1.0\n"
    zips = [world.zip(path, version) for version in ("v1.0.0", "v1.1.0")]
    zips += [world.zip("example.com/dep", version) for version in ("v1.0.0", "v1.1.0")]
    newest = [("go.mod", retracting.encode()), ("x.go", f"package x // {world.name}\n".encode())]
    world.owner.publish(*zips, pack(f"{path}@v1.2.0/", newest))
    first = world.number
    denied = [
        {"module": each, "versions": versions, "reason": "no", "since": "2026-01-02"}
        for each, versions in ((path, "v1.2.0"), ("example.com/dep", "v1.1.0"))
    ]
    policy = obey(world.owner, deny=denied, deny_mode=mode)
    files = unpack(world.bundle(), tmp_path)
    for each in (path, "example.com/dep"):
        for name in (f"{each}/@v/list", f"{each}/@latest"):
            assert files[name] == get(f"{world.owner.packages_url}/{name}").content
        assert files[f"{each}/@v/list"] == b"v1.0.0\n"
        assert json.loads(files[f"{each}/@latest"])["Version"] == "v1.0.0"
    # Whoever asks for it by its name gets it all the same, as from the server.
    assert (f"{path}/@v/v1.2.0.zip" in files) is (mode == "lists")
    # What was on no list is on one when it may be, with nothing else that is new.
    world.owner.publish(world.zip("example.com/other", "v1.0.0"))
    change(policy, deny=[])
    files = unpack(world.bundle(first), tmp_path)
    assert files[f"{path}/@v/list"] == b"v1.0.0\nv1.1.0\nv1.2.0\n"
    assert files["example.com/dep/@v/list"] == b"v1.0.0\nv1.1.0\n"
    assert (f"{path}/@v/v1.2.0.zip" in files) is (mode == "enforce")


def test_what_was_stopped_comes_with_the_first_bundle_after_that(
    content_url: str, tmp_path: Path
) -> None:
    world, tree = World(content_url), tmp_path / "tree"
    world.owner.publish(
        *(world.zip(f"example.com/{name}", "v1.0.0") for name in ("Upper", "dep", "old", "other"))
    )
    first, repository = world.number, world.owner.repository
    block = GoBlock.objects.create(
        repository=repository, module="example.com/dep", versions="", reason="bad"
    )
    note_change(repository.pk)
    denied = [
        {"module": f"example.com/{name}", "versions": "", "reason": "no", "since": "2026-01-02"}
        for name in ("Upper", "old")
    ]
    policy = obey(world.owner, deny=denied)
    files = unpack(world.bundle(), tree)
    assert {path for path in files if path.endswith(".zip")} == {"example.com/other/@v/v1.0.0.zip"}
    world.owner.publish(world.zip("example.com/other", "v1.1.0"))
    block.delete()
    note_change(repository.pk)
    change(policy, deny=denied[:1])
    # Without a word of it in between, from whichever of the versions.
    second = world.number
    for since in (first, second):
        files = unpack(world.bundle(since), tree)
        came = (
            {"example.com/dep/@v/v1.0.0", "example.com/old/@v/v1.0.0"} if since == first else set()
        )
        zips = {path.removesuffix(".zip") for path in files if path.endswith(".zip")}
        assert zips - {"example.com/other/@v/v1.1.0"} == came
        assert "example.com/!upper/@v/v1.0.0.mod" not in files
    world.run(
        world.go(tmp_path / "go"), tree, "get", "example.com/dep@latest", "example.com/old@latest"
    )
    # What that one left out in turn is not forgotten.
    world.owner.publish(world.zip("example.com/other", "v1.2.0"))
    change(policy, deny=[])
    files = unpack(world.bundle(second), tree)
    assert files["example.com/!upper/@v/list"] == b"v1.0.0\n"
    assert (
        "example.com/!upper/@v/v1.0.0.zip" in files and "example.com/dep/@v/v1.0.0.zip" not in files
    )
    world.run(world.go(tmp_path / "new"), tree, "get", "example.com/Upper@latest")
    # Nothing is remembered of versions that no bundle can begin with any more.
    change(policy, deny=denied)
    RepositoryVersion.objects.get(repository=repository, number=first).delete()
    world.bundle()
    numbers = GoBundleLeftOut.objects.filter(repository=repository).values_list("number", flat=True)
    assert set(numbers) == {second, world.number}


@pytest.mark.parametrize("is_cache", [False, True], ids=["tree", "module cache"])
def test_toolchains_are_installed_from_it(content_url: str, tmp_path: Path, is_cache: bool) -> None:
    world = World(content_url)
    path, version = "golang.org/toolchain", "v0.0.1-go1.99.7.linux-amd64"
    script = f'#!/bin/sh\n# {world.name}\necho "go version go1.99.7 linux/amd64"\n'
    packed = pack(
        f"{path}@{version}/",
        [
            ("bin/go", script.encode()),
            ("bin/gofmt", b""),
            ("lib/wasm/go_js_wasm_exec", b""),
            ("src/_go.mod", b"module std\n"),
            ("pkg/tool/a", b""),
        ],
    )
    world.prove(
        path, version, dirhash.hash_zip(io.BytesIO(packed)), b"module golang.org/toolchain\n"
    )
    world.owner.publish(packed)
    bundle, go, tree = world.bundle(), world.go(tmp_path / "go"), tmp_path / "tree"
    env = {"GOSUMDB": world.key, "GONOSUMDB": "", "GOTOOLCHAIN": "go1.99.7", "GOFLAGS": ""}
    if is_cache:
        unpack_modcache(io.BytesIO(bundle), tree)
        env["GOMODCACHE"] = str(tree)
        # Nothing of it is to be changed.
        before = {file: file.stat().st_mtime_ns for file in tree.rglob("*") if file.is_file()}
    else:
        unpack(bundle, tree)
    said = go.run("off" if is_cache else f"file://{tree}", "version", env=env)
    assert said.stdout == "go version go1.99.7 linux/amd64\n"
    if is_cache:
        assert {file: file.stat().st_mtime_ns for file in before} == before
        assert (tree / f"{path}@{version}/src/go.mod").read_bytes() == b"module std\n"


def test_a_record_of_other_bytes_is_not_in_it(content_url: str, tmp_path: Path) -> None:
    world = World(content_url)
    world.zip("example.com/Upper", "v1.0.0")
    other = pack("example.com/Upper@v1.0.0/", [("x.go", f"package x // {world.name}\n".encode())])
    world.owner.publish(other, world.zip("example.com/dep", "v1.0.0"))
    files = unpack(world.bundle(), tmp_path)
    assert [path for path in files if "/lookup/" in path] == [
        f"sumdb/{world.name}/lookup/example.com/dep@v1.0.0"
    ]
    assert about(files)["without_proof"] == 1


def test_what_was_planned_is_sent_or_nothing_whole(content_url: str) -> None:
    world = World(content_url)
    world.owner.publish(world.zip("example.com/Upper", "v1.0.0"))
    repository = world.owner.repository
    plan = make_plan(Scope(repository.pulp_domain_id, repository.pk, world.number))
    GoRelease.objects.filter(repository=repository).update(time="2001-02-03T04:05:06Z")

    def nothing(*_: object) -> Iterator[bytes]:
        yield from ()

    with pytest.raises(ChangedError):
        list(tar_bytes(plan, 0, plan.size, nothing))


def test_who_reads_slowly_has_places_of_its_own_only(content_url: str) -> None:
    world = World(content_url)
    # More than sockets take.
    world.owner.publish(
        pack("example.com/large@v1.0.0/", [("x.bin", os.urandom(16 * 1024 * 1024))])
    )
    with contextlib.ExitStack() as opened:
        for _ in range(serving.MOST_SENT_TO_ONE):
            slow = opened.enter_context(requests.get(world.url, stream=True, timeout=60))
            assert slow.status_code == 200
        refused = get(world.url)
        assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
        assert "too many bundles are being made or sent" in refused.text
        # What takes none is answered as ever, and so are others: none of them waits for a thread.
        assert requests.head(world.url, timeout=60).status_code == 200
        assert serving.MOST_SENT_TO_ONE > settings.GOMOD_BUNDLES
        other = get(world.url, headers={"X-Forwarded-For": "192.0.2.7"})
        assert other.status_code == 200 and len(other.content) > 16 * 1024 * 1024
    end = time.monotonic() + 60
    while (status := get(world.url).status_code) != 200:
        assert status == 503 and time.monotonic() < end
        time.sleep(0.1)


def test_all_together_have_only_so_many(content_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_SENT", 2)
    world = World(content_url)
    world.owner.publish(
        pack("example.com/large@v1.0.0/", [("x.bin", os.urandom(16 * 1024 * 1024))])
    )
    with contextlib.ExitStack() as opened:
        for client in ("192.0.2.1", "192.0.2.2"):
            headers = {"X-Forwarded-For": client}
            opened.enter_context(requests.get(world.url, headers=headers, stream=True, timeout=60))
        assert get(world.url, headers={"X-Forwarded-For": "192.0.2.3"}).status_code == 503


def test_a_place_is_given_back_on_the_loop_wherever_its_reader_is_lost(
    content_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The garbage collector comes in any thread."""
    world = World(content_url)
    world.owner.publish(world.zip("example.com/Upper", "v1.0.0"))
    repository = world.owner.repository
    scope = Scope(repository.pulp_domain_id, repository.pk, world.number)
    given_back: list[threading.Thread] = []
    give_back = serving.Bundles.give_back

    def noted(bundles: serving.Bundles, client: str) -> None:
        given_back.append(threading.current_thread())
        give_back(bundles, client)

    monkeypatch.setattr(serving.Bundles, "give_back", noted)

    async def main() -> None:
        bundles = serving.Bundles()
        planned = await bundles.plan(scope)
        readers = [serving._BundleReader(bundles, planned, "client")]
        await readers[0].open(0, planned.plan.size)
        # Nothing of it is under way in another thread.
        ahead = readers[0]._ahead
        assert ahead is not None
        await asyncio.wait([ahead])
        lost = asyncio.create_task(asyncio.to_thread(readers.clear))
        async with asyncio.timeout(60):
            await lost
            while bundles._sent:
                await asyncio.sleep(0.01)
        await bundles.close()

    asyncio.run(main())
    assert given_back == [threading.current_thread()]
