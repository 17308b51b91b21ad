"""One PostgreSQL cluster: making it, starting it, and clearing up after one that was killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from pulp_gomod.standalone.console import say
from pulp_gomod.standalone.errors import StandaloneError
from pulp_gomod.standalone.processes import command_line, exists

from .binaries import Binaries
from .identity import Identity

USER = "pulp"
DATABASE = "pulp"

_STOP_PATIENCE = 30.0
_BUILTIN_LOCALE_SINCE = 17
_INITDB_TAKES_SETTINGS = 16
_SHM = Path("/dev/shm")
_ENOUGH_SHM = 256 * 1024 * 1024

# What a cluster begins with; the administrator may change postgresql.conf afterwards.
_CONFIGURATION = """
# Set when this cluster was made, by pulp-gomod.
max_connections = 200
jit = off
"""


class Cluster:
    """
    A cluster that is reached by a Unix socket only.

    Args:
        directory: The cluster's directory.
        sockets: The directory for its socket.
        binaries: The programs to run.
        identity: As whom to run them.
    """

    def __init__(
        self, directory: Path, sockets: Path, binaries: Binaries, identity: Identity
    ) -> None:
        self._directory = directory
        self._sockets = sockets
        self._binaries = binaries
        self._identity = identity

    def parameters(self, database: str = DATABASE) -> dict[str, str]:
        """How to connect, in libpq's words."""
        return {"host": str(self._sockets), "user": USER, "dbname": database}

    def command(self) -> list[str]:
        """The server's command line."""
        return [
            self._binaries.program("postgres"),
            *("-D", str(self._directory)),
            # Nothing but the socket, in a directory that only its owner enters: no password needed.
            *("-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={self._sockets}"),
            *("-c", "unix_socket_permissions=0700"),
            *("-c", "port=5432"),
            *_shared_memory(),
        ]

    def make(self) -> None:
        """
        Make the cluster if there is none; one that was begun and not finished is made anew.

        Raises:
            StandaloneError: initdb failed or cannot run, or the directory holds something else.
        """
        self._identity.take_over(self._sockets)
        if self._unfinished.exists():
            for path in self._directory.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._identity.take_over(self._directory)
        if (self._directory / "PG_VERSION").exists():
            return
        if any(self._directory.iterdir()):
            raise StandaloneError(
                f"{self._directory} is not empty, but contains no PostgreSQL cluster."
            )
        self._unfinished.touch()
        done = self._identity.run_named(
            [
                self._binaries.program("initdb"),
                *("-D", str(self._directory)),
                *("-U", USER),
                *("--auth=trust", "--encoding=UTF8", "--no-instructions"),
                *self._locale(),
                *(_shared_memory() if self._binaries.major >= _INITDB_TAKES_SETTINGS else ()),
            ]
        )
        if done.returncode != 0:
            raise StandaloneError(
                f"PostgreSQL's initdb failed in {self._directory}:\n{done.stdout.strip()}"
            )
        with (self._directory / "postgresql.conf").open("a") as file:
            file.write(_CONFIGURATION)
        self._unfinished.unlink()

    def spawn(self, log: int) -> subprocess.Popen[bytes]:
        """Start the server; `is_up` tells when it can be used."""
        return self._identity.spawn(self.command(), log)

    def is_up(self) -> bool:
        """Whether the server takes connections; false while it recovers from a crash."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def make_database(self) -> None:
        """Make the database if there is none."""
        with self._connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if not found:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def stop_stray(self) -> None:
        """
        Stop a server that an earlier pulp-gomod left running on this cluster.

        Only for the holder of the data directory's lock: nobody else's server can be meant.

        Raises:
            StandaloneError: It does not stop.
        """
        pid_file = self._directory / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if not exists(pid):
            return
        if str(self._directory) not in command_line(pid):
            # After a restart of the machine or container the number belongs to something else,
            # and PostgreSQL would take that for itself.
            pid_file.unlink()
            return
        say(f"stopping the PostgreSQL (process {pid}) that an earlier server left behind")
        for signum in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)
            if _gone(pid, str(self._directory)):
                return
        raise StandaloneError(f"PostgreSQL, process {pid}, does not stop. Stop it by hand.")

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        conninfo = make_conninfo("", **self.parameters("postgres"), connect_timeout="5")
        return psycopg.connect(conninfo, autocommit=True)

    @property
    def _unfinished(self) -> Path:
        return self._directory.with_name(self._directory.name + ".unfinished")

    def _locale(self) -> Sequence[str]:
        if self._binaries.major >= _BUILTIN_LOCALE_SINCE:
            # Byte order, but all of Unicode's letters, and the same on every machine.
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]


def _shared_memory() -> Sequence[str]:
    """
    Where the server's processes share what a query in parallel needs, if not where it would by itself.

    Containers often have 64 MB there, and a query that finds no space fails.
    """
    try:
        found = os.statvfs(_SHM)
    except OSError:
        found = None
    if found and found.f_bavail * found.f_frsize >= _ENOUGH_SHM:
        return ()
    return ("-c", "dynamic_shared_memory_type=mmap")


def _gone(pid: int, marker: str) -> bool:
    end = time.monotonic() + _STOP_PATIENCE
    while time.monotonic() < end:
        if marker not in command_line(pid):
            return True
        time.sleep(0.05)
    return False
