"""The database that the server uses: its own, or one that was there before."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .datadir import DataDir
from .environment import forget_libpq_variables
from .errors import DatabaseDied, StandaloneError
from .logs import Logs
from .options import ServeOptions
from .postgres import Cluster, choose_identity, find_binaries
from .processes import describe_end, kill_group
from .records import Records
from .settings import OwnSettings, database_from_url, libpq_parameters

Wait = Callable[[float], None]

#: What the embedded database is called.
EMBEDDED = "embedded"

_START_PATIENCE = 300.0
_STOP_PATIENCE = 30.0
_POLL = 0.03
# Seconds that a connection of the API is kept for.
_CONNECTION_AGE = 600


class Database(ABC):
    """A PostgreSQL database."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is, for messages and to notice a change."""

    @property
    @abstractmethod
    def parameters(self) -> dict[str, str]:
        """How to connect, in libpq's words."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any] | None:
        """Django's description of it, None when the administrator's settings have that."""

    @property
    def records(self) -> Records:
        """Pulp's tables in it."""
        return Records(self.parameters)

    @property
    def pids(self) -> Sequence[int]:
        """The processes of ours that it is."""
        return ()

    def start(self, wait: Wait) -> None:  # noqa: B027
        """Make it usable; `wait` passes the time."""

    def check(self) -> None:  # noqa: B027
        """Raise DatabaseDied when it ended by itself."""

    def stop(self) -> None:  # noqa: B027
        """Shut it down, if it is ours."""


class ExistingDatabase(Database):
    """
    A database that somebody else runs.

    Args:
        description: Django's description of it.
        written: Whether our settings file has to name it.
    """

    def __init__(self, description: Mapping[str, Any], written: bool) -> None:
        self._description = description
        self._written = written

    @property
    def name(self) -> str:
        """Its name and its host."""
        named = self.parameters
        return f"{named.get('dbname')} on {named.get('host', 'this machine')}"

    @property
    def parameters(self) -> dict[str, str]:
        """As Django's description has them."""
        return libpq_parameters(self._description)

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """The description, if our settings file has to have it."""
        return self._description if self._written else None

    def start(self, wait: Wait) -> None:
        """
        Check that it answers.

        Raises:
            StandaloneError: It does not.
        """
        if not self.records.is_up():
            raise StandaloneError(f"the database {self.name} is not responding.")


class EmbeddedDatabase(Database):
    """
    The PostgreSQL within the data directory.

    Args:
        data: The data directory.
        logs: Where its output goes.
    """

    def __init__(self, data: DataDir, logs: Logs) -> None:
        forget_libpq_variables()
        data.postgres.mkdir(exist_ok=True, mode=0o700)
        binaries = find_binaries(data.postgres)
        identity = choose_identity(binaries, data.postgres, [data.root, data.run])
        self.bin_dir = binaries.directory
        self._cluster = Cluster(data.postgres, data.socket_dir("pg"), binaries, identity)
        self._logs = logs
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The same for every data directory."""
        return EMBEDDED

    @property
    def parameters(self) -> dict[str, str]:
        """As the cluster has them."""
        return self._cluster.parameters()

    @property
    def settings(self) -> Mapping[str, Any]:
        """A description that leads to its socket."""
        named = self.parameters
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": named["dbname"],
            "USER": named["user"],
            "HOST": named["host"],
            # A process of the API keeps its connection: a new one for each request takes both sides longer than
            # most requests do.
            "CONN_MAX_AGE": _CONNECTION_AGE,
            "CONN_HEALTH_CHECKS": True,
        }

    @property
    def pids(self) -> Sequence[int]:
        """PostgreSQL's first process."""
        return [self._process.pid] if self._process else []

    def start(self, wait: Wait) -> None:
        """
        Start the server, and make the cluster and the database when there are none.

        Raises:
            StandaloneError: It does not start.
        """
        self._cluster.stop_stray()
        self._cluster.make()
        log = self._logs.open("postgres")
        try:
            self._process = self._cluster.spawn(log)
        finally:
            os.close(log)
        end = time.monotonic() + _START_PATIENCE
        while not self._cluster.is_up():
            if self._process.poll() is not None or time.monotonic() > end:
                raise StandaloneError(
                    f"PostgreSQL does not start; {self._logs.path('postgres')} ends with:\n"
                    f"{self._logs.tail('postgres')}"
                )
            wait(_POLL)
        self._cluster.make_database()

    def check(self) -> None:
        """Raise DatabaseDied when it ended by itself."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._process = None
            raise DatabaseDied(f"PostgreSQL {describe_end(code)}", code == -signal.SIGKILL)

    def stop(self) -> None:
        """Shut the server down, connections or not; in the worst case it recovers at its start."""
        process, self._process = self._process, None
        if process is None:
            return
        for signum in (signal.SIGINT, signal.SIGQUIT):
            process.send_signal(signum)
            try:
                process.wait(_STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                continue
            return
        kill_group(process.pid)
        process.wait()


def choose_database(options: ServeOptions, own: OwnSettings, data: DataDir, logs: Logs) -> Database:
    """
    The database that the options or the administrator's settings name, else the embedded one.

    Raises:
        StandaloneError: Both name one, or there is no PostgreSQL to embed.
    """
    if options.database_url and own.database is not None:
        raise StandaloneError(
            "--database-url and Pulp's settings both name a database. Use only one."
        )
    if options.database_url:
        return ExistingDatabase(database_from_url(options.database_url), written=True)
    if own.database is not None:
        return ExistingDatabase(own.database, written=False)
    return EmbeddedDatabase(data, logs)
