"""The servers that are compared."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import requests

READY_PATIENCE = 30.0


@dataclass(frozen=True)
class Contender:
    """
    A server that runs.

    Attributes:
        name: What the tables call it.
        origin: `http://127.0.0.1:port`.
        prefix: What stands before a module path in a URL's path, without a slash at the end.
        pids: Its processes.
        headers: Header lines of each request to it.
        helpers: Processes that work for it: the database's.
        forget: Makes everything new to it that it was asked before; None where nothing does.
    """

    name: str
    origin: str
    prefix: str
    pids: Callable[[], Sequence[int]]
    headers: Sequence[str] = ()
    helpers: Callable[[], Sequence[int]] = tuple
    forget: Callable[[], None] | None = None

    @property
    def url(self) -> str:
        """Its GOPROXY URL."""
        return f"{self.origin}{self.prefix}"

    def get(self, path: str, headers: Sequence[str] = ()) -> requests.Response:
        """
        Ask once.

        Args:
            path: The path below its GOPROXY URL.
            headers: Header lines.
        """
        fields = dict(line.split(": ", 1) for line in (*self.headers, *headers))
        return requests.get(f"{self.url}/{path}", headers=fields, timeout=120)

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + READY_PATIENCE
        while True:
            try:
                requests.get(self.origin, timeout=5)
            except requests.ConnectionError:
                if time.monotonic() > end:
                    raise TimeoutError(f"{self.name} does not answer at {self.origin}") from None
                time.sleep(0.05)
            else:
                return


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def descendants(pid: int) -> list[int]:
    """A process, its children, their children and so on."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found
