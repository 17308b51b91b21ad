"""Load on an HTTP server, by a public load generator."""

import json
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_SCRIPT = Path(__file__).with_name("wrk.lua")

HOW_TO_INSTALL = "wrk is not installed (apt install wrk): our own, slower load generator is used"


@dataclass(frozen=True)
class Result:
    """
    What came of one round of load.

    Attributes:
        requests: Answers received.
        seconds: In which time.
        bytes: Bytes received.
        p50: Median of the response times, in milliseconds.
        p99: Their 99th percentile.
        refused: Answers with a status from 400 on.
        broken: Connections that broke or timed out.
        asked: Requests begun: so many paths of the list were used.
    """

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float
    refused: int
    broken: int
    asked: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Load:
    """
    What is asked of a server.

    Attributes:
        origin: The server, `http://host:port`.
        paths: The paths of the requests, asked for in turn.
        seconds: For how long.
        start: Which path comes first; beyond the last it begins anew.
        headers: Header lines.
        connections: How many clients ask at the same time.
    """

    origin: str
    paths: Sequence[str]
    seconds: float
    start: int = 0
    headers: Sequence[str] = ()
    connections: int = 16


class Generator(ABC):
    """A load generator."""

    name: str

    @abstractmethod
    def run(self, load: Load) -> Result:
        """Put the load on the server."""


class Wrk(Generator):
    """wrk (github.com/wg/wrk), with one thread: it shares the processors with the servers."""

    name = "wrk"

    def run(self, load: Load) -> Result:
        with tempfile.NamedTemporaryFile("w", suffix=".paths") as file:
            file.write("".join(f"{path}\n" for path in load.paths))
            file.flush()
            command = [
                *("wrk", "--threads", "1", "--connections", str(load.connections)),
                *("--duration", f"{max(round(load.seconds), 1)}s", "--timeout", "60s"),
                *("--script", str(_SCRIPT), load.origin, "--"),
                *(file.name, str(load.start), *load.headers),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        return Result(**json.loads(done.stdout.splitlines()[-1]))


class Own(Generator):
    """Our own generator, for machines that have none."""

    name = "own"

    def run(self, load: Load) -> Result:
        parts = urlsplit(load.origin)
        given = {
            "host": parts.hostname,
            "port": parts.port,
            "paths": list(load.paths),
            "seconds": load.seconds,
            "start": load.start,
            "headers": list(load.headers),
            "connections": load.connections,
        }
        # In a process of its own: this one may be large, and has other things to do.
        command = [sys.executable, "-m", "tests.performance.own_load"]
        done = subprocess.run(
            command, input=json.dumps(given), capture_output=True, text=True, check=True
        )
        return Result(**json.loads(done.stdout))


def find_generator() -> Generator:
    """The load generator of this machine."""
    return Wrk() if shutil.which("wrk") else Own()
