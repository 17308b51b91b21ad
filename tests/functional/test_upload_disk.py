"""Disks without room: nothing is published, and nothing is left of it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import PASSWORD, USERNAME, ServeProcess, Server, make_data_dir
from tests.functional.uploads import artifacts_of, incompressible, put_to_api, rows_of

MIB = 1024 * 1024
# What the front door leaves of a disk for others.
RESERVE = 32 * MIB
# One process of each kind: one thing is asked after the other.
ONE = ("--content-workers", "1", "--api-workers", "1", "--workers", "1")


@dataclass(frozen=True)
class Disks:
    """
    A server whose directories are on small file systems of their own.

    Attributes:
        server: The server.
        owner: An owner of modules.
        arriving: Where uploads arrive.
        stored: Where zips are stored.
    """

    server: Server
    owner: Owner
    arriving: Path
    stored: Path

    def files(self) -> list[Path]:
        """All that is stored or has arrived, but for the workers' own directories and locks."""
        return [
            path
            for root in (self.arriving, self.stored)
            for path in root.rglob("*")
            if path.is_file() and "@" not in path.parent.name and path.suffix != ".lock"
        ]


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[None]:
    """Mount a file system of so many bytes."""
    path.mkdir()
    options = f"size={size},mode=0777"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(path)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory, server_cache: Path) -> Iterator[Disks]:
    directory = tmp_path_factory.mktemp("disks")
    # As root, PostgreSQL is run by somebody else, who has to pass through.
    for each in (directory, directory.parent):
        each.chmod(0o711)
    arriving, stored, data_dir = directory / "arriving", directory / "stored", directory / "data"
    with small_disk(arriving, RESERVE + 40 * MIB), small_disk(stored, 12 * MIB):
        make_data_dir(data_dir, server_cache)
        variables = {
            "PULP_WORKING_DIRECTORY": str(arriving),
            "PULP_FILE_UPLOAD_TEMP_DIR": str(arriving),
            "PULP_MEDIA_ROOT": str(stored),
        }
        process = ServeProcess(data_dir, "--port", "0", *ONE, variables=variables).start()
        try:
            url = process.wait()
            server = Server(url, USERNAME, PASSWORD, str(data_dir), process.process.pid)
            owner = Owner.create(Rest(url, (USERNAME, PASSWORD)))
            yield Disks(server, owner, arriving, stored)
        finally:
            process.stop()


@pytest.fixture(autouse=True)
def nothing_left(disks: Disks) -> Iterator[None]:
    """Whatever is refused, nothing of it stays, and the next upload is taken."""
    version, files = disks.owner.rest.latest(disks.owner.repository), disks.files()
    yield
    assert disks.files() == files
    assert disks.owner.rest.latest(disks.owner.repository) == version
    assert rows_of(disks.server, disks.owner.repository) == []
    made = Made()
    assert disks.owner.put(made.zip()).status_code == 201
    assert disks.owner.get(f"{made.path}/@v/v1.0.0.zip").content == made.zip()


def free(path: Path) -> int:
    """Bytes that can still be written."""
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


@contextmanager
def filled(path: Path, left: int) -> Iterator[None]:
    """Fill a file system up to so many bytes."""
    filler = path / "@filler" / "file"
    filler.parent.mkdir()
    filler.write_bytes(bytes(free(path) - left))
    try:
        yield
    finally:
        filler.unlink()
        filler.parent.rmdir()


# Some of these are refused with the last piece only, of which a part still fits.
@pytest.mark.parametrize("missing", [1, 5_000, 40_000, 70_000, 10 * MIB])
def test_no_room_where_zips_are_stored(disks: Disks, missing: int) -> None:
    made = Made()
    frame = len(incompressible(made, 0))
    data = incompressible(made, free(disks.stored) + missing - frame)
    answer = disks.owner.put(data)
    assert answer.status_code == 507
    assert "disk is full" in answer.text
    assert artifacts_of(disks.owner.rest, [data]) == []


def test_no_room_where_uploads_arrive(disks: Disks) -> None:
    with filled(disks.arriving, 4 * MIB):
        data = incompressible(Made(), 8 * MIB)
        answer = disks.owner.put(data)
        assert answer.status_code == 507
        chunks = (data[start : start + MIB] for start in range(0, len(data), MIB))
        assert disks.owner.put(chunks).status_code == 507


def test_no_room_where_uploads_arrive_at_the_api(disks: Disks) -> None:
    with filled(disks.arriving, 4 * MIB):
        response = put_to_api(disks.server, disks.owner, incompressible(Made(), 8 * MIB))
        assert response.status == 507
