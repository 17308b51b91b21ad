"""A byte of a bundle is changed: go says so in its own words, or builds of the same bytes as ever."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pulp_gomod.golang import module
from pulp_gomod.golang.sumdb import tlog
from tests.gomods import pack
from tests.goproxy_requests import PSEUDO
from tests.inprocess.test_bundle import World, unpack

# Each is changed at another place, and all are told of by one go command.
_COUNT = 48
_VERSION = "v1.2.3"
_ALONE = "example.com/Changed/pseudo"


@dataclass(frozen=True)
class Carried:
    """
    A bundle that was carried away and unpacked.

    Attributes:
        world: Where it came from.
        tree: Its files.
        paths: Its modules of one version each.
    """

    world: World
    tree: Path
    paths: list[str]

    def copy(self, tree: Path) -> "Carried":
        """Make a copy that may be changed."""
        shutil.copytree(self.tree, tree)
        return Carried(self.world, tree, self.paths)

    def file(self, kind: str, path: str) -> Path:
        """Say where a file of a module is."""
        escaped = module.escape_path(path)
        if kind == "lookup":
            return self.tree / f"sumdb/{self.world.name}/lookup/{escaped}@{_VERSION}"
        return self.tree / escaped / "@v" / (kind if kind == "list" else f"{_VERSION}.{kind}")

    def download(self, directory: Path) -> list[dict[str, Any]]:
        """Have go, which has nothing yet, download all modules; return what it says of each."""
        go = self.world.go(directory / f"go-{uuid4().hex[:8]}")
        names = [f"{path}@{_VERSION}" for path in self.paths]
        env = {"GOSUMDB": self.world.key, "GONOSUMDB": ""}
        done = go.run(
            f"file://{self.tree}", "mod", "download", "-json", *names, env=env, check=False
        )
        said = list(_values(done.stdout))
        assert [each["Path"] for each in said] == self.paths, done.stderr
        return said


def _values(printed: str) -> Iterator[dict[str, Any]]:
    decoder, text = json.JSONDecoder(), printed.lstrip()
    while text:
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:].lstrip()


@pytest.fixture(scope="module")
def original(content_url: str, tmp_path_factory: pytest.TempPathFactory) -> Carried:
    world = World(content_url)
    paths = [f"example.com/Changed/m{number}" for number in range(_COUNT)]
    zips = [world.zip(path, _VERSION) for path in paths]
    world.owner.publish(*zips, world.zip(_ALONE, PSEUDO))
    tree = tmp_path_factory.mktemp("carried")
    unpack(world.bundle(), tree)
    return Carried(world, tree, paths)


@pytest.fixture(scope="module")
def before(original: Carried, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    said = original.download(tmp_path_factory.mktemp("before"))
    assert not any("Error" in each for each in said)
    return said


def change(path: Path, place: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def spread(original: Carried, kind: str, tmp_path: Path) -> Carried:
    """Change a file of each module, from the first byte in one to the last byte in another."""
    carried = original.copy(tmp_path / "tree")
    for number, path in enumerate(carried.paths):
        file = carried.file(kind, path)
        change(file, number * (file.stat().st_size - 1) // (_COUNT - 1), number % 7)
    return carried


def content(said: dict[str, Any]) -> dict[str, bytes]:
    """Return what go builds of."""
    root = Path(said["Dir"])
    return {
        str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()
    }


def test_no_go_mod_is_believed(original: Carried, tmp_path: Path) -> None:
    for said in spread(original, "mod", tmp_path).download(tmp_path):
        assert "verifying go.mod: checksum mismatch" in said["Error"]
        assert "SECURITY ERROR" in said["Error"]


def test_no_record_is_believed(original: Carried, tmp_path: Path) -> None:
    said = [each["Error"] for each in spread(original, "lookup", tmp_path).download(tmp_path)]
    # Which record it is, what it says, the signed head, and the signature.
    for words in (
        "reading file://",
        "cannot authenticate record data",
        "invalid signature for key",
        "note has no verifiable signatures",
    ):
        assert any(words in each for each in said), words
    assert all("verifying go.mod: " in each for each in said)


def test_no_zip_is_believed_that_has_another_content(
    original: Carried, before: list[dict[str, Any]], tmp_path: Path
) -> None:
    refused = 0
    for was, said in zip(before, spread(original, "zip", tmp_path).download(tmp_path), strict=True):
        if "Error" in said:
            assert any(
                words in said["Error"]
                for words in ("zip: ", "flate: ", "has unexpected file", "EOF")
            )
            refused += 1
        else:
            # It was the date of a file, or what a zip says twice: Go's checksum is of names and contents.
            assert (content(said), said["Sum"]) == (content(was), was["Sum"])
    assert _COUNT // 2 < refused < _COUNT


def test_a_zip_that_is_in_order_and_another_is_not_believed(
    original: Carried, tmp_path: Path
) -> None:
    carried = original.copy(tmp_path / "tree")
    path = carried.paths[0]
    go_mod = carried.file("mod", path).read_bytes()
    files = [("go.mod", go_mod), ("x.go", b"package m0\n\nfunc init() { panic(0) }\n")]
    carried.file("zip", path).write_bytes(pack(f"{path}@{_VERSION}/", files))
    (said, *others) = carried.download(tmp_path)
    assert "checksum mismatch" in said["Error"] and "SECURITY ERROR" in said["Error"]
    assert not any("Error" in each for each in others)


def test_no_tile_is_believed(original: Carried, tmp_path: Path) -> None:
    place = f"sumdb/{original.world.name}"
    size = int((original.tree / place / "latest").read_bytes().split(b"\n")[1])
    tiles = [
        # A full one, the one in which the last records are, and the one that joins all.
        tlog.Tile(8, 0, 1, 256),
        tlog.Tile(8, 0, size >> 8, size & 255),
        tlog.Tile(8, 1, 0, size >> 8),
    ]
    for number, tile in enumerate(tiles):
        for at in (0, -1):
            carried = original.copy(tmp_path / f"tree{number}{at}")
            change(carried.tree / place / tile.path(), at, number)
            said = [each["Error"] for each in carried.download(tmp_path) if "Error" in each]
            assert said and all("downloaded inconsistent tile" in each for each in said), tile


def test_what_go_has_no_proof_of_changes_nothing_that_it_builds_of(
    original: Carried, before: list[dict[str, Any]], tmp_path: Path
) -> None:
    carried = spread(original, "info", tmp_path)
    # It never asks for this one: each lookup has the head.
    change(carried.tree / f"sumdb/{carried.world.name}/latest", 40, 1)
    refused = 0
    for was, said in zip(before, carried.download(tmp_path), strict=True):
        if "Error" in said:
            assert any(
                words in said["Error"]
                for words in ("invalid response from proxy", "proxy returned info for version")
            )
            refused += 1
        else:
            # It was a digit of the time.
            assert (content(said), said["Sum"]) == (content(was), was["Sum"])
    assert _COUNT // 2 < refused < _COUNT


def test_lists_may_hide_versions_and_make_none(original: Carried, tmp_path: Path) -> None:
    carried = original.copy(tmp_path / "tree")
    listed, unlisted = carried.paths[:2]
    file = carried.file("list", listed)
    change(file, len(f"{_VERSION}"[:-1]), 0)
    assert file.read_text() == "v1.2.2\n"
    change(carried.file("list", unlisted), 0, 0)
    latest = carried.tree / module.escape_path(_ALONE) / "@latest"
    latest.write_bytes(latest.read_bytes().replace(PSEUDO.encode(), f"{PSEUDO[:-1]}0".encode()))
    go = carried.world.go(tmp_path / "go")

    def get(path: str, version: str) -> str:
        return carried.world.run(go, carried.tree, "get", f"{path}@{version}", check=False)

    assert "v1.2.2.info: no such file" in get(listed, "latest")
    # Where a list has nothing that it understands, it asks for @latest.
    assert f"added {unlisted} {_VERSION}" in get(unlisted, "latest")
    assert f"{PSEUDO[:-1]}0.zip: no such file" in get(_ALONE, "latest")
    # Whoever names the version has it as it was.
    for path, version in ((listed, _VERSION), (_ALONE, PSEUDO)):
        assert f"added {path} {version}" in get(path, version)
