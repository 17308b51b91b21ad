"""Hashes of trees, zips and go.mod files are the ones that Go computes."""

import base64
import hashlib
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from pulp_gomod.golang import GoError, dirhash
from tests.unit.golang import zips
from tests.unit.golang.vectors import DIRECTORY, load
from tests.unit.golang.zips import Item

HASHES = load("dirhash")
ZIPS = load("zips")


@pytest.mark.parametrize("row", HASHES, ids=lambda row: row["name"])
def test_hash1(row: dict[str, Any]) -> None:
    files = [(each["name"], base64.b64decode(each["data_b64"])) for each in row["files"] or []]
    contents = dict(files)
    names = [name for name, _ in files]
    if row["err"]:
        with pytest.raises(GoError, match=row["err"]):
            dirhash.hash1(names, lambda name: BytesIO(contents[name]))
    else:
        assert dirhash.hash1(names, lambda name: BytesIO(contents[name])) == row["h1"]


@pytest.mark.parametrize("row", HASHES, ids=lambda row: row["name"])
def test_summarize(row: dict[str, Any]) -> None:
    files = [
        (each["name"].encode(), hashlib.sha256(base64.b64decode(each["data_b64"])).hexdigest())
        for each in row["files"] or []
    ]
    if row["err"]:
        with pytest.raises(GoError, match=row["err"]):
            dirhash.summarize(files)
    else:
        assert dirhash.summarize(reversed(files)) == row["h1"]


@pytest.mark.parametrize(("text", "h1"), load("gomod_hash"))
def test_hash_go_mod(text: str, h1: str) -> None:
    assert dirhash.hash_go_mod(text.encode()) == h1


@pytest.mark.parametrize("row", ZIPS, ids=lambda row: row["name"])
def test_hash_zip(row: dict[str, Any]) -> None:
    path = DIRECTORY / "zips" / row["file"]
    if row["h1"]:
        assert dirhash.hash_zip(path) == row["h1"]
        with path.open("rb") as file:
            assert dirhash.hash_zip(file) == row["h1"]
    else:
        what = row["hash_err"].partition(" before")[0]
        with pytest.raises(GoError, match=what):
            dirhash.hash_zip(path)


def test_hash_zip_names_the_entry_that_cannot_be_read() -> None:
    data = zips.module(Item("a.go", b"package m\n", crc=1))
    with pytest.raises(GoError, match=r"^example.com/m@v1.0.0/a.go: zip: checksum error"):
        dirhash.hash_zip(BytesIO(data))


def test_newline_in_an_entry_name() -> None:
    with pytest.raises(GoError, match=r"filenames with newlines are not supported: .*a\\nb"):
        dirhash.hash_zip(BytesIO(zips.module(Item("a\nb"))))


def test_of_entries_with_one_name_the_last_counts_for_each() -> None:
    twice = zips.module(Item("a", b"first"), Item("a", b"last"))
    same = zips.module(Item("a", b"last"), Item("a", b"last"))
    assert dirhash.hash_zip(BytesIO(twice)) == dirhash.hash_zip(BytesIO(same))


def test_hash_dir_is_that_of_the_zip(tmp_path: Path) -> None:
    files = {"go.mod": b"module m\n", "a/b.go": b"package a\n", "a-b": b"", "\u00e9/x": b"x"}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("go.mod")
    files["link"] = files["go.mod"]
    expected = dirhash.summarize(
        (f"m@v1.0.0/{name}".encode(), hashlib.sha256(data).hexdigest())
        for name, data in files.items()
    )
    assert dirhash.hash_dir(tmp_path, "m@v1.0.0") == expected


def test_hash_dir_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with pytest.raises(GoError, match="is not a directory"):
        dirhash.hash_dir(tmp_path / "f", "m@v1.0.0")


@pytest.mark.parametrize("level", [0, 1, 9])
def test_files_are_hashed_alike_however_they_are_read(level: int) -> None:
    """Small ones are inflated in one piece, larger ones and all that is wrong with any in several."""
    piece = 256 << 10
    for size in (0, 1, piece - 1, piece, piece + 1, 3 * piece):
        for content in (bytes(size), Random(size).randbytes(size)):
            buffer = BytesIO()
            with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=level) as archive:
                archive.writestr("m@v1.0.0/x", content)
            want = dirhash.summarize([(b"m@v1.0.0/x", hashlib.sha256(content).hexdigest())])
            assert dirhash.hash_zip(buffer) == want, size
            # Neither more nor less than is declared, and no other bytes.
            data = buffer.getvalue()
            declared = data.rindex(b"PK\x01\x02") + 24
            for wrong in {max(size - 1, 0), size + 1} - {size}:
                broken = bytearray(data)
                broken[declared : declared + 4] = wrong.to_bytes(4, "little")
                with pytest.raises(GoError):
                    dirhash.hash_zip(BytesIO(broken))
