"""Connections to each of a server's content processes."""

import http.client
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tests.functional.killing import parts
from tests.functional.serving import Server

# So many connections are taken by all processes, sooner or later.
MOST = 400


class Connection:
    """
    A connection that stays with the process which took it.

    Attributes:
        pid: The process.
    """

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        self._connection.connect()
        self._lock = threading.Lock()
        self.pid = 0

    @property
    def port(self) -> int:
        """The client's port."""
        port: int = self._connection.sock.getsockname()[1]
        return port

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Ask; return status and body."""
        with self._lock:
            self._connection.request("GET", urlsplit(url).path, headers=dict(headers or {}))
            answer = self._connection.getresponse()
            return answer.status, answer.read()

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def to_each_process(server: Server, path: str) -> list[Connection]:
    """
    Connect to each content process of a server.

    Args:
        server: The server.
        path: What to ask for first, so that a process has taken the connection.
    """
    wanted = set(parts(server.pid)["content child"])
    found: dict[int, Connection] = {}
    others: list[Connection] = []
    while set(found) != wanted:
        assert len(others) < MOST, f"no connection was taken by {wanted - set(found)}"
        connection = Connection(server.url)
        connection.get(f"{server.url}{path}")
        connection.pid = _taken_by(connection.port, wanted)
        if connection.pid in found:
            # Kept open, so that its process has more to do than others.
            others.append(connection)
        else:
            found[connection.pid] = connection
    for each in others:
        each.close()
    return list(found.values())


def _taken_by(port: int, pids: set[int]) -> int:
    """The one of some processes that has the connection from a port."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[2].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if str(descriptor.readlink()) in inodes:
                    return pid
            except OSError:
                continue
    raise LookupError(f"nobody has the connection from port {port}")
