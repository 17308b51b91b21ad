"""What a server asks its PostgreSQL, read from PostgreSQL's own log."""

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from pulp_gomod.standalone.datadir import DataDir
from pulp_gomod.standalone.postgres.cluster import DATABASE, USER

#: What the content app's own connections call themselves.
CONTENT = "pulp-gomod"

_PREFIX = "\x1f"
_BEGINNING = (
    rf"^{_PREFIX}(?P<connection>[^{_PREFIX}]*){_PREFIX}(?P<application>[^{_PREFIX}]*){_PREFIX}"
)
_LINE = re.compile(
    _BEGINNING + r"LOG:  (?:statement|execute (?P<name>[^:]*)): (?P<text>.*)", re.DOTALL
)
_ANY_LINE = re.compile(_BEGINNING + r"(?P<text>.*)", re.DOTALL)
_SETTINGS = {"log_statement": "all", "log_line_prefix": f"{_PREFIX}%c{_PREFIX}%a{_PREFIX}"}
# How often the content app looks for changes, and for heads that nobody has signed, with nothing to do, generously.
_IDLE = 4.0


@dataclass(frozen=True)
class Asked:
    """
    A statement that was executed.

    Attributes:
        application: Whose it was, as the connection calls itself.
        text: The statement, with $1 for each parameter.
        is_prepared: Whether it had been prepared, so that PostgreSQL need not plan it.
        connection: Names the connection on which it was.
    """

    application: str
    text: str
    is_prepared: bool
    connection: str


class StatementLog:
    """The log of a data directory's PostgreSQL, while it notes all statements."""

    def __init__(self, data_dir: Path) -> None:
        """
        Args:
            data_dir: The data directory.
        """
        self._data_dir = data_dir

    def during(self, action: Callable[[], Any]) -> list[Asked]:
        """Return the statements that were executed while an action ran."""
        return list(_parse(written(self._data_dir, action)))

    def idle(self) -> set[str]:
        """Return the texts of what the content app asks while nobody asks it."""
        return {each.text for each in self.during(lambda: time.sleep(_IDLE))}

    def on_connections_that_name(self, uuid: str, action: Callable[[], Any]) -> list[Asked]:
        """
        Return the statements of those connections only on which a UUID was named while an action ran.

        What others do on the same server at that time is left out.

        Args:
            uuid: What only the action works on.
            action: The action.
        """
        text = written(self._data_dir, action)
        named = (uuid, uuid.replace("-", ""))
        chosen = {
            found["connection"]
            for found in map(_ANY_LINE.match, _entries(text))
            # Parameters are on lines of their own.
            if found and any(each in found["text"] for each in named)
        }
        return [each for each in _parse(text) if each.connection in chosen]


def _entries(text: str) -> list[str]:
    # The further lines of a statement begin with a tab.
    return re.split(rf"^(?={_PREFIX})", text, flags=re.MULTILINE)


def _parse(text: str) -> Iterator[Asked]:
    for entry in _entries(text):
        found = _LINE.match(entry)
        # What comes now and then, whoever asks (see db/pq).
        if found and found["text"].strip() != "DISCARD PLANS":
            is_prepared = (found["name"] or "<unnamed>") != "<unnamed>"
            text = " ".join(found["text"].split())
            yield Asked(found["application"], text, is_prepared, found["connection"])


def connect(data_dir: Path) -> "psycopg.Connection[Any]":
    """
    Connect to the PostgreSQL within a data directory, as its administrator.

    Args:
        data_dir: The directory; its server must run.
    """
    sockets = DataDir(data_dir).socket_dir("pg")
    return psycopg.connect(host=str(sockets), user=USER, dbname=DATABASE, autocommit=True)


def written(data_dir: Path, action: Callable[[], Any]) -> str:
    """
    Return what a PostgreSQL has written to its log while an action ran.

    Args:
        data_dir: The data directory of the PostgreSQL.
        action: The action.
    """
    path = data_dir / "logs" / "postgres.log"
    start = path.stat().st_size
    action()
    with path.open("rb") as file:
        file.seek(start)
        return file.read().decode(errors="replace")


@contextlib.contextmanager
def logged(connection: "psycopg.Connection[Any]", data_dir: Path) -> Iterator[StatementLog]:
    """
    Have PostgreSQL note all statements.

    Args:
        connection: A superuser's connection.
        data_dir: The data directory of the PostgreSQL.
    """
    with changed(connection, _SETTINGS):
        yield StatementLog(data_dir)


@contextlib.contextmanager
def changed(connection: "psycopg.Connection[Any]", settings: Mapping[str, str]) -> Iterator[None]:
    """
    Change settings of a PostgreSQL for a while.

    Args:
        connection: A superuser's connection.
        settings: The settings; those that only new connections read need new connections.
    """
    for name, value in settings.items():
        connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
    _reload(connection)
    try:
        yield
    finally:
        for name in settings:
            connection.execute(f"ALTER SYSTEM RESET {name}".encode())
        _reload(connection)


def _reload(connection: "psycopg.Connection[Any]") -> None:
    connection.execute("SELECT pg_reload_conf()")
    # The server tells its processes, and those look when they are asked next.
    time.sleep(0.2)


def count(asked: list[Asked], ignored: set[str]) -> Counter[str]:
    """
    Count statements by whose they are: the content app's own, and all others.

    Args:
        asked: The statements.
        ignored: Texts that do not count.
    """
    return Counter(
        "own" if each.application == CONTENT else "other"
        for each in asked
        if each.text not in ignored
    )
