"""What a large upload costs in memory: chunks of it, not the whole."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.functional.owners import Owner
from tests.functional.processes import descendants
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


def _plain(owner: Owner, data: bytes) -> int:
    return owner.put(io.BytesIO(data)).status_code


def _chunked(owner: Owner, data: bytes) -> int:
    return owner.put(data[start : start + MIB] for start in range(0, len(data), MIB)).status_code


def _form(owner: Owner, data: bytes) -> int:
    return owner.put(None, files={"zip": ("m.zip", data)}).status_code


@pytest.mark.parametrize("send", [_plain, _chunked, _form])
def test_no_process_grows_by_the_size_of_a_zip(
    upload_server: Server, rest: Rest, send: Callable[[Owner, bytes], int]
) -> None:
    owner, made = Owner.create(rest), Made()
    # What is loaded once is loaded now.
    for _ in range(4):
        assert owner.put(Made().zip()).status_code == 201
    data = incompressible(made, SIZE)
    with peaks(upload_server.pid) as grown:
        assert send(owner, data) == 201
    assert owner.get(f"{made.path}/@v/v1.0.0.zip").content == data
    assert grown, "no process was watched"
    assert {name: size // MIB for name, size in grown.items() if size > BOUND} == {}


@contextmanager
def peaks(pid: int) -> Iterator[dict[str, int]]:
    """
    Watch all processes below one while the block runs.

    Yields:
        By how many bytes each has grown, filled in the end. A process that was born meanwhile is
        compared to the largest of its kind.
    """
    before = {each.pid: (_kind(each.command), _resident(each.pid)) for each in descendants(pid)}
    largest: dict[str, int] = {}
    for kind, size in before.values():
        largest[kind] = max(size, largest.get(kind, 0))
    seen: dict[tuple[str, int], int] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for each in descendants(pid):
                kind = _kind(each.command)
                base = before[each.pid][1] if each.pid in before else largest.get(kind, 0)
                grown = _resident(each.pid) - base
                key = (kind, each.pid)
                seen[key] = max(grown, seen.get(key, 0))
            time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    grown: dict[str, int] = {}
    try:
        yield grown
    finally:
        over.set()
        watching.join()
        grown |= {f"{kind} {pid}": size for (kind, pid), size in seen.items()}


def _kind(command: str) -> str:
    for word in ("pulpcore-api", "pulpcore-content", "pulpcore-worker", "postgres"):
        if word in command:
            return word
    return "other"


def _resident(pid: int) -> int:
    """Resident memory that is the process's own: neither a file's pages nor shared ones."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    fields: dict[str, Any] = dict(line.split(":", 1) for line in status.splitlines())
    return int(fields.get("RssAnon", "0 kB").split()[0]) * 1024
