"""What an upload does where a crash or a lost disk has left its mark on the storage."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.functional.rest_api import MODULES, Made, Rest, TaskFailed


@pytest.fixture(scope="module")
def rest(server: Any) -> Rest:
    return Rest(server.url, (server.username, server.password))


@pytest.fixture(scope="module")
def media(server: Any) -> Path:
    """Where the server keeps artifacts."""
    if not server.data_dir:
        pytest.skip("the storage of a server that somebody else started is out of reach")
    return Path(server.data_dir) / "media"


def stored_file(media: Path, zip: bytes) -> Path:
    """Where pulpcore keeps the artifact that has these bytes."""
    digest = hashlib.sha256(zip).hexdigest()
    return media / "artifact" / digest[:2] / digest[2:]


def artifact_of(rest: Rest, made: Made) -> str | None:
    (unit,) = rest.get(MODULES, module=made.path)["results"]
    artifact: str | None = unit["artifact"]
    return artifact


def test_a_half_written_file_of_a_crash_is_replaced(rest: Rest, media: Path) -> None:
    made = Made()
    zip = made.zip()
    file = stored_file(media, zip)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zip[: len(zip) // 2])
    rest.publish(zip)
    assert file.read_bytes() == zip


def test_wrong_bytes_of_the_right_size_are_replaced(rest: Rest, media: Path) -> None:
    made = Made()
    zip = made.zip()
    file = stored_file(media, zip)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(len(zip)))
    rest.publish(zip)
    assert file.read_bytes() == zip


def test_a_lost_file_comes_back_with_the_next_upload(rest: Rest, media: Path) -> None:
    made = Made()
    zip = made.zip()
    rest.publish(zip)
    artifact = artifact_of(rest, made)
    file = stored_file(media, zip)
    file.unlink()
    rest.publish(zip)
    assert file.read_bytes() == zip
    file.write_bytes(zip[:10])
    rest.publish(zip)
    assert file.read_bytes() == zip
    assert artifact_of(rest, made) == artifact


def test_a_refused_upload_leaves_no_file(rest: Rest, media: Path) -> None:
    bad = Made().path.encode()
    rest.post_zips(bad)
    made, repository = Made(), rest.create_repository()
    rest.publish(made.zip(), repository=repository)
    other = made.zip(more="package code\n")
    with pytest.raises(TaskFailed):
        rest.publish(other, repository=repository)
    assert not stored_file(media, bad).exists()
    assert not stored_file(media, other).exists()
    # Other tests upload to this server at the same time.
    assert not [each for each in _temporary_files(media) if each in (bad, other)]


def _temporary_files(media: Path) -> Iterator[bytes]:
    """Return what the files hold that are not yet, or no longer, those of an artifact."""
    for each in (media / "tmp").rglob("*"):
        with suppress(OSError):
            yield each.read_bytes()
