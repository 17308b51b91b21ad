"""What a large upload costs in memory: chunks of it, not the whole."""

import io
from collections.abc import Callable

import pytest

from tests.functional.memory import peaks
from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.uploads import MAX_ZIP_SIZE, incompressible

MIB = 1024 * 1024
SIZE = MAX_ZIP_SIZE - MIB
# Less than the zip, by far.
BOUND = 40 * MIB


@pytest.fixture(scope="module")
def rest(upload_server: Server) -> Rest:
    return Rest(upload_server.url, (upload_server.username, upload_server.password))


@pytest.fixture(scope="module")
def owner(rest: Rest) -> Owner:
    """An owner, after whose first uploads all is loaded that is loaded once."""
    owner = Owner.create(rest)
    for _ in range(4):
        assert owner.put(Made().zip()).status_code == 201
    return owner


def _plain(owner: Owner, data: bytes) -> int:
    return owner.put(io.BytesIO(data)).status_code


def _chunked(owner: Owner, data: bytes) -> int:
    return owner.put(data[start : start + MIB] for start in range(0, len(data), MIB)).status_code


def _form(owner: Owner, data: bytes) -> int:
    return owner.put(None, files={"zip": ("m.zip", data)}).status_code


@pytest.mark.parametrize("send", [_plain, _chunked, _form])
def test_no_process_grows_by_the_size_of_a_zip(
    upload_server: Server, owner: Owner, send: Callable[[Owner, bytes], int]
) -> None:
    made = Made()
    data = incompressible(made, SIZE)
    with peaks(upload_server.pid) as grown:
        assert send(owner, data) == 201
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == data
    assert {"pulpcore-api", "pulpcore-content", "pulpcore-worker"} <= grown.keys()
    assert {kind: size // MIB for kind, size in grown.items() if size > BOUND} == {}
