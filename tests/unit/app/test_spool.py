"""Files that are being received."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pulp_gomod.app.storage import spool
from pulp_gomod.app.storage.spool import DiskFull, SpooledFile, check_room, sweep


@pytest.fixture(params=["nameless", "named"])
def make(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], SpooledFile]:
    """Make a file where the system knows files without a name, and where it does not."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return lambda: SpooledFile(tmp_path, suffix=".zip")


def test_what_was_written_is_read_under_its_name(make: Callable[[], SpooledFile]) -> None:
    file = make()
    file.write(b"forgotten")
    file.restart()
    file.write(b"one ")
    file.write(bytearray(b"two"))
    path = file.name()
    assert file.name() == path and path.endswith(".zip")
    assert Path(path).read_bytes() == b"one two" and file.size == 7
    file.raw.seek(0)
    assert file.raw.read() == b"one two"
    file.close()
    assert not os.path.exists(path)
    file.close()


def test_what_was_moved_away_stays(make: Callable[[], SpooledFile], tmp_path: Path) -> None:
    file = make()
    file.write(b"kept")
    os.rename(file.name(), tmp_path / "there")
    file.close()
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_without_a_name_nothing_is_to_be_seen(tmp_path: Path) -> None:
    file = SpooledFile(tmp_path)
    file.write(b"something")
    # As a process that is killed leaves it.
    assert list(tmp_path.iterdir()) == []
    file.close()


def test_a_full_disk_is_told_whoever_finds_out(tmp_path: Path) -> None:
    with pytest.raises(DiskFull):
        check_room(tmp_path, 1, 1 << 60)
    file = SpooledFile(tmp_path, reserve=1 << 60)
    with pytest.raises(DiskFull) as told:
        file.write(b"x")
    assert told.value.errno in spool.FULL and file.size == 0
    file.close()
    with open("/dev/full", "r+b", buffering=0) as full:
        file = SpooledFile(tmp_path)
        file.raw.close()
        file.raw = full
        with pytest.raises(DiskFull):
            file.write(b"x")


def test_only_what_is_left_over_is_swept(tmp_path: Path) -> None:
    names = [f"{spool.PREFIX}old", f"{spool.PREFIX}new", "of-somebody-else"]
    for name in names:
        (tmp_path / name).touch()
    for name in (names[0], names[2]):
        os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])
