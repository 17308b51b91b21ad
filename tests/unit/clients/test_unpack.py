"""Unpacking a bundle: what a hostile one cannot do."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from pulp_glue.common.exceptions import PulpException
from pulp_glue.gomod.unpack import check_base, unpack, unpack_modcache

from pulp_gomod.golang import dirhash
from tests.gomods import pack


def tar_of(*members: tuple[str, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    out.seek(0)
    return out


@pytest.mark.parametrize("how", [unpack, unpack_modcache])
@pytest.mark.parametrize("name", ["../out", "/tmp/gomod-out", "a/../../out", "a/b/../../../out"])
def test_nothing_is_written_elsewhere(how: object, name: str, tmp_path: Path) -> None:
    with pytest.raises(PulpException, match="no bundle"):
        how(tar_of((name, b"x")), tmp_path / "d")  # type: ignore[operator]
    assert not (tmp_path / "out").exists() and not Path("/tmp/gomod-out").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_only_plain_files_are_taken(kind: bytes, tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("a")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    out.seek(0)
    with pytest.raises(PulpException, match="'a' in it is not a plain file"):
        unpack(out, tmp_path / "d")


def test_links_that_are_there_lead_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "d", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "example.com").symlink_to(outside)
    (root / "file").symlink_to(outside / "file")
    with pytest.raises(PulpException, match="leads out of"):
        unpack(tar_of(("example.com/x", b"x")), root)
    unpack(tar_of(("file", b"new")), root)
    assert list(outside.iterdir()) == [] and (root / "file").read_bytes() == b"new"


def test_what_is_no_tar_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(PulpException, match="This is no bundle"):
        unpack(io.BytesIO(b"<html>" * 1000), tmp_path / "d")
    with pytest.raises(PulpException, match="is not JSON"):
        unpack(tar_of(("bundle/about.json", b"{")), tmp_path / "d")


def test_a_later_one_is_unpacked_over_it(tmp_path: Path) -> None:
    unpack(tar_of(("a/list", b"1"), ("a/one", b"1")), tmp_path)
    about = unpack(tar_of(("a/list", b"2"), ("bundle/about.json", b'{"version": 2}')), tmp_path)
    assert about == {"version": 2}
    assert ((tmp_path / "a/list").read_bytes(), (tmp_path / "a/one").read_bytes()) == (b"2", b"1")


def test_nothing_may_be_missing_between_two_bundles(tmp_path: Path) -> None:
    check_base(tmp_path, 3)
    unpack(tar_of(("bundle/about.json", b'{"version": 2}')), tmp_path)
    for since in (None, 1, 2):
        check_base(tmp_path, since)
    with pytest.raises(PulpException, match="has a bundle of version 2, .* --since 2"):
        check_base(tmp_path, 3)


def test_the_lists_of_another_repository_are_not_replaced(tmp_path: Path) -> None:
    one, two = (
        ("bundle/about.json", json.dumps({"repository": name, "version": 1}).encode())
        for name in ("one", "two")
    )
    for _ in range(2):
        unpack(tar_of(one, ("a/list", b"1")), tmp_path)
    with pytest.raises(PulpException, match="has a bundle of the repository 'one', whose lists"):
        unpack(tar_of(two, ("a/list", b"2")), tmp_path)
    assert (tmp_path / "a/list").read_bytes() == b"1"
    # In a module cache nobody looks at them.
    unpack_modcache(tar_of(two, ("a/list", b"2")), tmp_path)


def test_other_bytes_of_a_version_are_extracted_anew(tmp_path: Path) -> None:
    source = tmp_path / "example.com/m@v1.0.0/x.go"
    for text in (b"package x // 1\n", b"package x // 2\n", b"package x // 2\n"):
        zipped = pack("example.com/m@v1.0.0/", [("x.go", text)])
        # A file that is open keeps its number to itself.
        with open(source if source.exists() else os.devnull, "rb") as former:
            was = former.read()
            unpack_modcache(tar_of(("example.com/m/@v/v1.0.0.zip", zipped)), tmp_path)
            assert source.read_bytes() == text
            # What is right stays untouched.
            assert os.path.samestat(os.fstat(former.fileno()), source.stat()) is (was == text)
        checksum = tmp_path / "cache/download/example.com/m/@v/v1.0.0.ziphash"
        assert checksum.read_text() == dirhash.hash_zip(io.BytesIO(zipped))


class BrokenOff(io.BytesIO):
    """A download that ends too early."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise PulpException("The download broke off")
        return data


def test_what_broke_off_is_not_said_to_be_there(tmp_path: Path) -> None:
    old, new = (("bundle/about.json", b'{"version": %d}' % number) for number in (1, 2))
    unpack(tar_of(("a/list", b"1"), old), tmp_path)
    whole = tar_of(new, ("a/list", b"2"), ("a/zip", bytes(100_000))).getvalue()
    with pytest.raises(PulpException, match="broke off"):
        unpack(BrokenOff(whole[: len(whole) // 2]), tmp_path)
    assert json.loads((tmp_path / "bundle/about.json").read_bytes()) == {"version": 1}
    unpack(io.BytesIO(whole), tmp_path)
    assert json.loads((tmp_path / "bundle/about.json").read_bytes()) == {"version": 2}


@pytest.mark.parametrize(
    "zipped",
    [
        b"not a zip",
        pack("example.com/other@v1.0.0/", [("x.go", b"package x\n")]),
        pack("example.com/m@v1.0.0/", [("../x.go", b"package x\n")]),
    ],
    ids=["none", "of another module", "with a path that leads out"],
)
def test_a_module_that_go_refuses_is_not_extracted(zipped: bytes, tmp_path: Path) -> None:
    with pytest.raises(PulpException, match="is not a module that go would take"):
        unpack_modcache(tar_of(("example.com/m/@v/v1.0.0.zip", zipped)), tmp_path)
    assert not list(tmp_path.glob("example.com/*"))
