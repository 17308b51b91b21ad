"""check_upload lets in what every go command can use, and nothing else."""

import hashlib
import struct
import time
import tracemalloc
import zlib
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from pulp_gomod.golang import GoError, dirhash
from pulp_gomod.golang import zip as modzip
from pulp_gomod.golang.zip import Upload, check_upload
from tests.unit.golang.vectors import DIRECTORY, load
from tests.unit.golang.zips import GO_MOD, MODULE, PREFIX, VERSION, Archive, Item, module

ZIPS = load("zips")
VERIFY = {row["zip"]: row for row in load("zips_verify_build")}
DOWNLOADS = ("go_mod_download_1.27.3", "go_mod_download_1.21.13")

# What go mod download takes and a server must not: name of the vector, and what is said.
STRICTER = {
    "ok_only_prefix_dir_entry": "directory entries are not allowed",
    "ok_prefix_dir_entry_plus_files": "directory entries are not allowed",
    "ok_dir_entries": "directory entries are not allowed",
    "ok_dup_dir_entries": "directory entries are not allowed",
    "incompatible_with_gomod": "+incompatible",
    "gomod_garbage": "go.mod:1: unexpected input character",
    "gomod_empty": "go.mod: missing module line",
    "ok_gomod_16MiB": "go.mod: missing module line",
    "lie_crc_zero": "zip: checksum error",
    "lie_local_name_len": "another name, z",
    "trailing_garbage_2k": "2048 bytes after the end of the archive",
    "prefix_garbage": "the archive begins after 17 bytes of other data",
    "comment_contains_zip": "the archive begins after 318 bytes of other data",
    "concatenated_zips": "the archive begins after 175 bytes of other data",
    "strong_encryption_flag": "encrypted files are not allowed",
    "symlink_mode": "symbolic link",
    "fifo_mode": "pipe",
    "device_mode": "device",
    "dir_mode_on_file": "directory by its mode",
    "gomod_symlink_mode": "symbolic link",
}


def downloadable(row: dict[str, Any]) -> bool:
    """Whether the go commands of the vectors take a zip."""
    return all(row[key] and row[key]["ok"] for key in DOWNLOADS)


@pytest.mark.parametrize("row", ZIPS, ids=lambda row: row["name"])
def test_vector(row: dict[str, Any]) -> None:
    path = DIRECTORY / "zips" / row["file"]
    try:
        upload = check_upload(path)
    except GoError as error:
        if downloadable(row):
            assert STRICTER[row["name"]] in str(error)
        return
    assert row["name"] not in STRICTER
    if (upload.module, upload.version) != (row["path"], row["version"]):
        # A good zip, only not of the module that it was offered for.
        assert row["name"] == "bad_wrong_version_prefix"
        return
    assert downloadable(row)
    for key in DOWNLOADS:
        assert upload.h1 == row[key]["sum"]
        assert upload.go_mod_h1 == row[key]["gomodsum"]
    assert upload.size == row["size"]
    assert upload.file_count == row["entry_count"]


def test_what_is_let_in_verifies() -> None:
    """`go mod verify` finds nothing wrong, except for the module line that is reported."""
    checked = 0
    for name, row in VERIFY.items():
        path = DIRECTORY / "zips" / f"{name}.zip"
        if not path.exists():
            continue
        try:
            upload = check_upload(path)
        except GoError:
            continue
        assert row["verify_exit"] == 0 or upload.module_line_differs
        checked += 1
    assert checked


def upload_of(*items: Item, **fields: Any) -> Upload:
    """Judge an archive of example.com/m@v1.0.0."""
    return check_upload(BytesIO(module(*items, **fields)))


def refusal_of(*items: Item, **fields: Any) -> str:
    """Return why such an archive is refused."""
    with pytest.raises(GoError) as refused:
        upload_of(*items, **fields)
    return str(refused.value)


def test_what_is_known_of_a_module() -> None:
    go_mod = b"// Deprecated: use x\nmodule example.com/m\n\ngo 1.21\nretract v0.9.0 // bad\n"
    readme = b"# Caf\xc3\xa9\n"
    data = module(
        Item("m.go", b"package m\n", method=zlib.DEFLATED),
        Item("README.md", readme),
        Item("LICENSE", b"MIT License\n"),
        go_mod=go_mod,
    )
    upload = check_upload(BytesIO(data))
    assert upload == Upload(
        module=MODULE,
        version=VERSION,
        h1=dirhash.hash_zip(BytesIO(data)),
        go_mod=go_mod,
        has_go_mod=True,
        go_mod_h1=dirhash.hash_go_mod(go_mod),
        modfile=upload.modfile,
        module_line=MODULE,
        size=len(data),
        unpacked_size=len(go_mod + readme) + len("package m\nMIT License\n"),
        file_count=4,
        readme_file="README.md",
        readme="# Caf\u00e9\n",
        license_file="LICENSE",
        license_text="MIT License\n",
    )
    assert not upload.module_line_differs
    assert upload.modfile.module is not None
    assert upload.modfile.module.deprecated == "use x"
    assert [each.rationale for each in upload.modfile.retract] == ["bad"]


def test_go_mod_is_made_up_for_a_module_without_one() -> None:
    upload = upload_of(Item("m.go"), go_mod=None)
    assert not upload.has_go_mod
    assert upload.go_mod == GO_MOD
    assert upload.go_mod_h1 == dirhash.hash_go_mod(GO_MOD)
    assert upload.module_line == MODULE


def test_a_fork_is_told() -> None:
    upload = upload_of(go_mod=b"module example.com/upstream\n")
    assert upload.module_line == "example.com/upstream"
    assert upload.module_line_differs


@pytest.mark.parametrize(
    ("names", "readme"),
    [
        (["readme", "README.markdown", "README.txt"], "README.markdown"),
        (["README.md", "Readme.rst"], "README.md"),
        (["README", "README.txt"], "README.txt"),
        (["README.go", "README.vendor", "a/README.md", "READMES"], ""),
    ],
)
def test_readme(names: list[str], readme: str) -> None:
    upload = upload_of(*[Item(name, name.encode()) for name in names])
    assert upload.readme_file == readme
    assert upload.readme == readme


@pytest.mark.parametrize(
    ("names", "license_file"),
    [
        (["COPYING", "LICENSE.md", "LICENSE-MIT"], "LICENSE.md"),
        (["License.txt"], "License.txt"),
        (["UNLICENSE", "NOTICE"], "UNLICENSE"),
        (["MIT-LICENCE.txt"], "MIT-LICENCE.txt"),
        (["LICENSE.go", "LICENSES", "a/LICENSE", "licens\u00e9"], ""),
    ],
)
def test_license(names: list[str], license_file: str) -> None:
    upload = upload_of(*[Item(name, name.encode()) for name in names])
    assert upload.license_file == license_file
    assert upload.license_text == license_file


def test_texts_are_bounded_and_storable() -> None:
    upload = upload_of(
        Item("README", b"\0\xff" + "\u20ac".encode() * 70_000), Item("LICENSE", b"x" * 300_000)
    )
    # 65,536 bytes: NUL, a bad one, 21,844 whole characters, two bytes of the next one.
    assert upload.readme == "\ufffd\ufffd" + "\u20ac" * 21_844
    assert upload.license_text == "x" * (256 << 10)


def test_comments_are_accepted() -> None:
    assert upload_of(comment=b"made by hand").h1 == upload_of().h1


@pytest.mark.parametrize("descriptor", ["<4sIII", "<III", "<4sIQQ", "<IQQ"])
def test_data_descriptors(descriptor: str) -> None:
    data = b"package m\n" * 9
    item = Item("m.go", data, method=zlib.DEFLATED, flags=8, descriptor=descriptor)
    assert upload_of(item, Item("x")).h1 == upload_of(Item("m.go", data), Item("x")).h1


@pytest.mark.parametrize(
    ("items", "fields", "says"),
    [
        ([Item("d/")], {}, "m@v1.0.0/d/: directory entries are not allowed"),
        ([Item("go.mod/x")], {"go_mod": None}, "a directory called go.mod"),
        ([Item("GO.MOD/x")], {"go_mod": None}, "a directory called go.mod"),
        ([Item("a", crc=0), Item("b", b"b", crc=0)], {}, "m@v1.0.0/b: zip: checksum error"),
        ([Item("a", b"a", local_name="b")], {}, "another name, example.com/m@v1.0.0/b"),
        ([Item("a", b"a", offset=0)], {}, "go.mod: it overlaps what follows it"),
        (
            [Item("a", b"\0\0", crc=0xD202EF8D, compressed_size=1, size=1)],
            {},
            "1 bytes after it belong to no entry",
        ),
        ([Item("a", b"a", compressed_size=9, size=9)], {}, "overlaps what follows it"),
        ([Item("a", b"a", flags=1)], {}, "encrypted"),
        ([Item("a", b"a", method=12)], {}, "unsupported compression algorithm (method 12"),
        ([Item("a", b"a", mode=0o120777)], {}, "not a regular file but a symbolic link"),
        ([Item("a" * 256)], {}, "has 256 bytes, file systems take 255"),
        ([Item("\u00e9" * 128)], {}, "has 256 bytes"),
        ([Item("d/" * 1600 + "x")], {}, "file name too long (3222 bytes, the limit is 3072)"),
        ([Item("\U000105c0.go")], {}, "invalid char"),
        ([Item("\ufb05"), Item("\ufb06")], {}, "case-insensitive file name collision"),
        ([Item("a/go.mod")], {}, "go.mod file not in module root directory"),
        ([], {"before": b"#!/bin/sh\n"}, "go.mod: 10 bytes before it belong to no entry"),
        ([], {"between": b"PK"}, "other data between the central directory and the end"),
        ([], {"after": b"x"}, "1 bytes after the end of the archive"),
        ([Item("a")], {"directory_size": 5}, "not where or as large as"),
        ([], {"go_mod": b"go 1.21\n"}, "go.mod: missing module line"),
        ([], {"go_mod": b'module ""\n'}, "go.mod: missing module line"),
        ([], {"go_mod": GO_MOD + b"require x master\n"}, "go.mod:2: require x: version"),
        ([], {"go_mod": GO_MOD + b"go 1.210\n"}, "requires go >= 1.210"),
    ],
)
def test_refused(items: list[Item], fields: dict[str, Any], says: str) -> None:
    assert says in refusal_of(*items, **fields)


@pytest.mark.parametrize("go", ["1.49.9", "1.27rc1", "1.2"])
def test_go_versions_that_may_come(go: str) -> None:
    upload = upload_of(go_mod=GO_MOD + f"go {go}\n".encode())
    assert upload.modfile.go is not None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("m.go", 'm.go: path does not have a prefix "<module path>@<version>/"'),
        ("example.com/", "example.com/: directory entries are not allowed"),
        ("example.com/m@v1.0.0", "path does not have a prefix"),
        ("m@v1.0.0/x", 'malformed module path "m"'),
        ("example.com/m@v1/x", 'version "v1" is not canonical'),
        ("example.com/m@master/x", '"master" is no version of a Go module, such as v1.2.3'),
        ("example.com/m@1.2.3/x", '"1.2.3" is no version of a Go module, such as v1.2.3'),
        ("example.com/m@v1.0.0\nv9.9.9/x", '"v1.0.0\\nv9.9.9" is no version of a Go module'),
        ("hello-1.0.0/", '(zip -D), with names that begin with "<module path>@<version>/"'),
        ("example.com/m@v2.0.0/x", "should be v0 or v1, not v2"),
        ("example.com/\udcff@v1.0.0/x", "invalid UTF-8"),
        ("golang.org/fips140@v1.0.0/x", "the go command does not download this module"),
        (f"example.com/{'m' * 256}@v1.0.0/x", "has 256 bytes"),
        (f"example.com/{'M' * 128}@v1.0.0/x", "has 256 bytes"),
        (f"example.com/{'m' * 249}@v1.0.0/x", "has 256 bytes"),
        (f"example.com/m@v1.0.0-{'r' * 240}/x", "version too long"),
        ("", 'path does not have a prefix "<module path>@<version>/"'),
        ("x" * 60_000, "file name too long"),
    ],
)
def test_module_is_found_in_the_first_name(name: str, says: str) -> None:
    with pytest.raises(GoError) as refused:
        check_upload(BytesIO(Archive([Item(name)]).pack()))
    assert says in str(refused.value)


def test_all_names_must_be_of_one_module() -> None:
    data = Archive([Item(f"{PREFIX}a"), Item("example.com/m@v1.0.1/b")]).pack()
    with pytest.raises(GoError, match=r'^example.com/m@v1.0.1/b: path does not have prefix "exam'):
        check_upload(BytesIO(data))


def test_empty_archive() -> None:
    with pytest.raises(GoError, match="the archive is empty"):
        check_upload(BytesIO(Archive().pack()))


def test_limits_of_the_caller() -> None:
    data = module(Item("a", b"a" * 1000, method=zlib.DEFLATED), Item("b"))
    assert check_upload(BytesIO(data), max_zip_size=len(data)).size == len(data)
    for limits, says in [
        ({"max_zip_size": len(data) - 1}, "module zip file is too large"),
        ({"max_unpacked_size": 1000}, "total uncompressed size of module contents too large"),
        ({"max_go_mod": len(GO_MOD) - 1}, "go.mod file too large"),
        ({"max_files": 2}, "more than 2 files in the module"),
    ]:
        with pytest.raises(modzip.SizeError) as refused:
            check_upload(BytesIO(data), **limits)
        assert says in str(refused.value)


def bomb(size: int, claimed: int) -> bytes:
    """An archive with a file of zeros that is larger than it says."""
    stream = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    body = b"".join(stream.compress(bytes(1 << 20)) for _ in range(size >> 20)) + stream.flush()
    item = Item("zeros", body, compressed_size=len(body), size=claimed)
    packed = bytearray(module(item))
    # Item stores what it is given; say that it is deflated.
    for signature, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        record = packed.rindex(signature)
        packed[record + at] = zlib.DEFLATED
    return bytes(packed)


def inflating(data: bytes) -> float:
    """Seconds of processor time that it takes to inflate all of the last file of an archive."""
    found = ZipFile(BytesIO(data)).infolist()[-1]
    sizes = struct.unpack_from("<HH", data, found.header_offset + 26)
    rest = data[found.header_offset + 30 + sum(sizes) :][: found.compress_size]
    start, inflater = time.process_time(), zlib.decompressobj(-zlib.MAX_WBITS)
    while rest:
        assert inflater.decompress(rest, 1 << 20)
        rest = inflater.unconsumed_tail
    return time.process_time() - start


def test_bombs_are_given_up_at_their_claimed_size() -> None:
    data = bomb(256 << 20, 10)
    whole = inflating(data)
    start = time.process_time()
    with pytest.raises(GoError, match="zeros: zip: not a valid zip file .*larger than declared"):
        check_upload(BytesIO(data))
    with pytest.raises(GoError, match="larger than declared"):
        dirhash.hash_zip(BytesIO(data))
    assert time.process_time() - start < whole / 4


def test_memory_is_flat() -> None:
    path = DIRECTORY / "zips/ok_64MiB_bomb.zip"
    tracemalloc.start()
    try:
        upload = check_upload(path)
        dirhash.hash_zip(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert upload.unpacked_size > 64 << 20
    assert peak < 4 << 20


class Counting(BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_bytes_are_read_once() -> None:
    blocks = [hashlib.sha256(bytes([i])).digest() * 3000 for i in range(20)]
    data = module(*[Item(f"f{i}", block, flags=8) for i, block in enumerate(blocks)])
    file = Counting(data)
    check_upload(file)
    # The search for the end record and the directory are what is read beforehand.
    assert file.count < len(data) + (8 << 10)
