"""Publishing much at once, holding repositories up, and looking for what is left behind."""

import base64
import hashlib
import http.client
import io
import os
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

from pulp_gomod.standalone.datadir import DataDir
from tests.functional.owners import Owner
from tests.functional.rest_api import MODULES, Made, Rest
from tests.functional.serving import Server
from tests.statements import connect

#: The largest zip that `upload_server` takes, in bytes.
MAX_ZIP_SIZE = 64 * 1024 * 1024

#: For how many seconds an upload waits on `upload_server`.
WAIT = 6

TIMEOUT = 60.0


def put_at_once(
    owner: Owner, zips: Sequence[bytes], headers: Sequence[Mapping[str, str]] = ()
) -> list[requests.Response]:
    """Publish zips, all at the same moment, each with its headers."""
    start = threading.Barrier(len(zips))

    def put(data: bytes, said: Mapping[str, str]) -> requests.Response:
        start.wait()
        return owner.put(data, headers=said)

    with ThreadPoolExecutor(len(zips)) as pool:
        return list(pool.map(put, zips, headers or [{}] * len(zips)))


class ApiConnection(http.client.HTTPConnection):
    """A connection to the API itself, past the front door."""

    def __init__(self, server: Server, timeout: float = 120) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = str(DataDir(Path(server.data_dir)).socket_dir("api") / "api.sock")

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def credentials(server: Server) -> dict[str, str]:
    """The header by which the administrator is known."""
    pair = f"{server.username}:{server.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def put_to_api(
    server: Server, owner: Owner, data: bytes, headers: Mapping[str, str] | None = None
) -> http.client.HTTPResponse:
    """Publish to the API itself."""
    connection = ApiConnection(server)
    path = f"/api/packages/{owner.name}/go/upload"
    connection.request("PUT", path, data, {**credentials(server), **(headers or {})})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def eventually(check: Callable[[], Any], timeout: float = 2 * TIMEOUT) -> None:
    """Wait until something holds."""
    end = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


def number_of(rest: Rest, repository: str) -> int:
    """The number of a repository's newest version."""
    return int(rest.latest(repository).rstrip("/").rpartition("/")[2])


def artifacts_of(rest: Rest, zips: Sequence[bytes]) -> list[str]:
    """The hrefs of the artifacts that are stored for zips."""
    found = []
    for digest in {hashlib.sha256(data).hexdigest() for data in zips}:
        found += [each["pulp_href"] for each in rest.get("artifacts/", sha256=digest)["results"]]
    return found


def rows_of(server: Server, repository: str) -> list[tuple[str, str, str]]:
    """The changes that are stored for a repository: module, version, state."""
    with connect(Path(server.data_dir)) as connection:
        return connection.execute(
            "SELECT module, version, state FROM gomod_gochange WHERE repository_id = %s",
            [_key(repository)],
        ).fetchall()


def temporary_files(server: Server) -> list[Path]:
    """What lies in the directory for temporary files, but for the workers' own and locks."""
    return [
        path
        for path in Path(server.data_dir, "tmp").iterdir()
        if not (path.is_dir() and "@" in path.name) and path.suffix != ".lock"
    ]


@contextmanager
def held_up(server: Server, owner: Owner) -> Iterator[None]:
    """
    Let a task have an owner's repository to itself, for as long as the block runs.

    It is a task like any other; what it waits for is the row of the repository.
    """
    unit = _unit_of(server, owner.rest)
    with connect(Path(server.data_dir)) as watching, connect(Path(server.data_dir)) as connection:
        holder = connection.info.backend_pid
        with connection.transaction():
            # Less than FOR UPDATE, which would stop rows that refer to the repository, too.
            connection.execute(
                "SELECT 1 FROM core_repository WHERE pulp_id = %s FOR NO KEY UPDATE",
                [_key(owner.repository)],
            )
            task = owner.rest.call(
                "POST", f"{owner.repository}modify/", json={"add_content_units": [unit]}
            )
            eventually(lambda: _is_waited_for(watching, holder))
            yield
        # The transaction is over, and the task goes on.
    owner.rest.wait(task)


#: A unit of each server and domain that `held_up` adds; no cleanup removes what is new.
_units: dict[tuple[str, str], str] = {}


def _unit_of(server: Server, rest: Rest) -> str:
    place = server.data_dir, rest.root
    if place not in _units:
        _units[place] = rest.publish(Made().zip())["created_resources"][0]
    return _units[place]


def _is_waited_for(connection: "psycopg.Connection[Any]", pid: int) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", [pid]
    ).fetchone()
    return bool(found and found[0])


def _key(href: str) -> str:
    return href.rstrip("/").rpartition("/")[2]


def units_of(rest: Rest, module: str) -> list[dict[str, Any]]:
    """The units of a module in any repository."""
    found: list[dict[str, Any]] = rest.get(MODULES, module=module)["results"]
    return found


def incompressible(made: Made, size: int, version: str = "v1.0.0") -> bytes:
    """Pack a version of about so many bytes, which no compression makes smaller."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        prefix = f"{made.path}@{version}/"
        archive.writestr(f"{prefix}go.mod", f"module {made.path}\n")
        archive.writestr(f"{prefix}data.bin", os.urandom(size))
    return packed.getvalue()
