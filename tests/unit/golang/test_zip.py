"""check_zip gives Go's verdicts."""

import struct
import time
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_gomod.golang import GoError, dirhash
from pulp_gomod.golang import zip as modzip
from pulp_gomod.golang.quote import printable
from pulp_gomod.golang.zip.names import CollisionChecker, is_clean
from tests.unit.golang import zips
from tests.unit.golang.vectors import DIRECTORY, load
from tests.unit.golang.zips import MODULE, PREFIX, VERSION, Archive, Item

ZIPS = load("zips")
BIG = {row["name"]: row for row in load("zips_big")}
MANY = 65540


@pytest.mark.parametrize("row", ZIPS, ids=lambda row: row["name"])
def test_verdict(row: dict[str, Any]) -> None:
    path = DIRECTORY / "zips" / row["file"]
    no_report = (
        row["archive_open_err"] or not row["module_check_ok"] or not row["version_canonical"]
    )
    if no_report:
        with pytest.raises(GoError) as refused:
            modzip.check_zip(row["path"], row["version"], path)
        assert row["check_zip_err"] in str(refused.value)
        return
    report = modzip.check_zip(row["path"], row["version"], path)
    assert report.valid == row["valid"]
    assert [[each.path, str(each.error)] for each in report.invalid] == row["invalid"]
    assert report.omitted == []
    assert str(report.size_error or "") == (row.get("size_error") or "")
    error = report.error()
    assert (error is None) == row["check_zip_ok"]
    if error is not None and all(printable(path) == path for path, _ in row["invalid"]):
        assert str(error) == row["check_zip_err"]


@pytest.mark.parametrize("row", ZIPS[:20], ids=lambda row: row["name"])
def test_a_binary_file_is_as_good_as_a_path(row: dict[str, Any]) -> None:
    path = DIRECTORY / "zips" / row["file"]
    with path.open("rb") as file:
        try:
            report = modzip.check_zip(row["path"], row["version"], file)
        except GoError:
            assert not row["check_zip_ok"]
        else:
            assert report.valid == row["valid"]
        assert not file.closed


def one_file(size: int) -> Callable[[Path], None]:
    """An archive whose only file claims a size."""
    return lambda path: void(path.write_bytes(zips.module(Item("a", b"", size=size), go_mod=None)))


def sum_over(path: Path) -> None:
    """An archive whose two files claim one byte too much together."""
    half = modzip.MAX_ZIP_FILE // 2
    path.write_bytes(zips.module(Item("a", size=half), Item("b", size=half + 1), go_mod=None))


def sparse(path: Path) -> None:
    """A file that is too large, and takes no room."""
    with path.open("wb") as file:
        file.truncate(BIG["big_zip_file_over_limit"]["size"])


def many(zip64: bool) -> Callable[[Path], None]:
    """An archive with more files than its 16-bit count can say."""
    return lambda path: void(path.write_bytes(pack_many(zip64)))


@lru_cache
def pack_many(zip64: bool) -> bytes:
    """Return the bytes of that archive."""
    items = [Item(f"{PREFIX}d{i % 97}/f{i}.go", b"x") for i in range(MANY)]
    return Archive(items, zip64=zip64).pack()


def void(_: object) -> None:
    """Drop a value."""


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("big_500MiB_exact", one_file(modzip.MAX_ZIP_FILE)),
        ("big_500MiB_plus1", one_file(modzip.MAX_ZIP_FILE + 1)),
        ("big_sum_over", sum_over),
        ("big_zip_file_over_limit", sparse),
        ("big_65540_files_wrapped_count", many(zip64=False)),
        ("big_65540_files_zip64", many(zip64=True)),
        ("big_bomb_1GiB_declared_10", one_file(10)),
    ],
)
def test_verdict_on_large_archives(name: str, make: Callable[[Path], None], tmp_path: Path) -> None:
    """The limits hold for what archives claim, so that small ones can stand for large ones."""
    row = BIG[name]
    make(tmp_path / "m.zip")
    report = modzip.check_zip(row["path"], row["version"], tmp_path / "m.zip")
    assert str(report.size_error or "") == (row.get("size_error") or "")
    error = report.error()
    assert (error is None) == row["check_zip_ok"]
    assert str(error or "") == (row["check_zip_err"] or "")
    if row["entry_count"] == MANY:
        assert len(report.valid) == MANY


def test_wrapped_and_zip64_counts_have_one_hash(tmp_path: Path) -> None:
    many(zip64=False)(tmp_path / "wrapped.zip")
    many(zip64=True)(tmp_path / "zip64.zip")
    upload = modzip.check_upload(tmp_path / "wrapped.zip")
    assert upload.file_count == MANY
    assert dirhash.hash_zip(tmp_path / "zip64.zip") == upload.h1


def test_fast_on_long_names() -> None:
    """Names of 64 KB with 30,000 parents each: the time must not be that of all parents' lengths."""
    deep = "/".join(["d"] * 30_000)
    archive = Archive([Item(f"{PREFIX}{deep}{i}/x") for i in range(20)])
    start = time.process_time()
    report = modzip.check_zip(MODULE, VERSION, BytesIO(archive.pack()))
    assert report.error() is None
    # It is less than one; with those lengths it would be many minutes.
    assert time.process_time() - start < 60


def test_size_of_the_directory_is_bounded() -> None:
    """No 16-bit count and no other field makes us read more directory than a module can have."""
    header = Archive([Item(PREFIX + "x" * 65_000)]).pack()
    directory = header[header.index(b"PK\1\2") : header.index(b"PK\5\6")]
    data = directory * 600 + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, 600, 600, len(directory) * 600, 0, 0
    )
    with pytest.raises(GoError, match="central directory too large"):
        modzip.check_zip(MODULE, VERSION, BytesIO(data))


def test_long_lists_of_errors_are_cut_in_the_text_only() -> None:
    data = Archive([Item(f"{PREFIX}a:{i}") for i in range(1000)]).pack()
    report = modzip.check_zip(MODULE, VERSION, BytesIO(data))
    assert len(report.invalid) == 1000
    assert str(report.error()).endswith("\nand 980 more")


@pytest.mark.parametrize(
    ("path", "version", "says"),
    [
        (MODULE, "v1", 'version "v1" is not canonical (should be "v1.0.0")'),
        (MODULE, "v2.0.0", "should be v0 or v1, not v2"),
        ("m", "v1.0.0", 'malformed module path "m": missing dot in first path element'),
    ],
)
def test_module_and_version_come_first(path: str, version: str, says: str) -> None:
    with pytest.raises(GoError) as refused:
        modzip.check_zip(path, version, BytesIO(b"no zip"))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a", True), ("a/b", True), (".", True), ("/", True), ("..", True), ("../a", True),
        ("../../a", True), ("/a", True), ("...", True), (".a", True), ("a/.b", True),
        ("", False), ("a/", False), ("a//b", False), ("//a", False), ("./a", False), ("a/.", False),
        ("a/..", False), ("a/../b", False), ("/..", False), ("/../a", False), ("../a/..", False),
    ],
)  # fmt: skip
def test_is_clean(name: str, clean: bool) -> None:
    """As path.Clean of Go leaves it."""
    assert is_clean(name) is clean


def collide(*paths: tuple[str, bool]) -> str:
    """Return what is said of the last path, the others being taken before."""
    checker = CollisionChecker()
    said = ""
    for path, is_dir in paths:
        try:
            checker.check(path, is_dir)
            said = ""
        except GoError as error:
            said = str(error)
    return said


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (["a/b", "a/c"], ""),
        (["a/b", "A/c"], 'case-insensitive file name collision: "a" and "A"'),
        (["a", "a/b"], 'entry "a" is both a file and a directory'),
        (["a/b", "a"], 'entry "a" is both a file and a directory'),
        (["a", "a"], 'multiple entries for file "a"'),
        (["a/", "a/", "a/b", "a/"], ""),
        # Go keeps what it took before it found the collision further up.
        (["a/f", "A/g", "a/g"], 'case-insensitive file name collision: "A/g" and "a/g"'),
        (["x/\u017f/a", "x/s/b"], 'case-insensitive file name collision: "x/\u017f" and "x/s"'),
    ],
)
def test_collisions(paths: list[str], says: str) -> None:
    assert collide(*[(path.rstrip("/"), path.endswith("/")) for path in paths]) == says


SEEDS = [
    zips.module(Item("m.go", b"package m\n" * 30, method=8), Item("a/b", b"b", flags=8)),
    zips.module(Item("d/"), Item("d/LICENSE", b"x"), zip64=True, comment=b"comment"),
    zips.module(before=b"junk"),
]


def survives(data: bytes) -> None:
    """Nothing but GoError may come out."""
    for step in (
        lambda: modzip.check_zip(MODULE, VERSION, BytesIO(data)),
        lambda: dirhash.hash_zip(BytesIO(data)),
        lambda: modzip.check_upload(BytesIO(data)),
    ):
        try:
            step()
        except GoError as error:
            str(error).encode()


@given(st.sampled_from(SEEDS), st.randoms(use_true_random=True))
def test_broken_archives(seed: bytes, random: Any) -> None:
    survives(zips.mutate(seed, random))


@given(st.sampled_from(SEEDS), st.binary(max_size=80), st.integers(0, 600))
def test_archives_with_other_bytes(seed: bytes, data: bytes, at: int) -> None:
    survives(seed[:at] + data + seed[at + len(data) :])


@given(st.binary(max_size=200))
def test_other_bytes_with_an_end_record(data: bytes) -> None:
    survives(data + Archive().pack())
    survives(data)
