"""Deciding whether the database has to be prepared, and what for."""

import contextlib
import json
import os
import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from . import fingerprint, prepare
from .console import say
from .database import Database, Wait
from .datadir import DataDir
from .errors import StandaloneError
from .logs import Logs
from .parts import Spawner
from .processes import kill_group
from .settings import OwnSettings

LOG = "prepare"

_PASSWORD_LENGTH = 20
# Migrations that a message names.
_SHOWN = 3
_POLL = 0.1


@dataclass(frozen=True)
class Prepared:
    """
    What came of it.

    Attributes:
        new_password: The password that was generated for a new administrator, None if none was.
        sumdb: The name of the checksum database that was made to begin with, now or earlier; "" for none.
    """

    new_password: str | None = None
    sumdb: str = ""


def run_if_needed(
    data: DataDir,
    own: OwnSettings,
    database: Database,
    password: str | None,
    spawner: Spawner,
    logs: Logs,
    wait: Wait,
) -> Prepared:
    """
    Bring the database up to the installed software, unless it is, and set the password.

    Args:
        data: The data directory.
        own: The administrator's settings.
        database: The database, which runs.
        password: The password that the administrator is to have, None to leave it.
        spawner: Starts the process that prepares.
        logs: Where its output goes.
        wait: Passes the time.

    Raises:
        StandaloneError: Preparing failed.
    """
    state = data.read_state()
    current = fingerprint.installed({"settings": own.of_pulp, "database": database.name})
    known = state.get("fingerprint") == current
    if known and (not password or database.records.is_password("admin", password)):
        return Prepared(sumdb=state.get("sumdb", ""))
    if (before := state.get("database")) and before != database.name:
        say(f"note: this data directory was used with another database before ({before})")
    say("preparing the database" + ("" if state else " (this takes a while the first time)"))
    generated = _generate_password()
    request = {
        "password": password,
        "new_password": generated,
        "ready_made": not state.get("ready_made"),
    }
    answer = _run(json.dumps(request), spawner, logs, wait)
    if newer := answer.get("newer"):
        raise StandaloneError(
            "a newer version of Pulp or of a plugin has prepared this database "
            f"({', '.join(newer[:_SHOWN])}), which this version would damage. Install that one again, or "
            "restore a backup from before the upgrade."
        )
    sumdb = answer["sumdb"] or state.get("sumdb", "")
    data.write_state(
        {
            "fingerprint": current,
            "database": database.name,
            "ready_made": True,
            "sumdb": sumdb,
        }
    )
    made = answer["new_administrator"] and not password
    return Prepared(generated if made else None, sumdb)


def _run(request: str, spawner: Spawner, logs: Logs, wait: Wait) -> dict[str, Any]:
    while not spawner.is_loaded():
        wait(_POLL)
    # Pipes, where no other process sees the password; both messages are smaller than what fits in.
    with _pipe() as (given, to_give), _pipe() as (answer, to_answer):
        to_give.write(request.encode())
        to_give.close()
        process = spawner.run_module(LOG, prepare.__name__, given.fileno(), to_answer.fileno())
        to_answer.close()
        try:
            while process.poll() is None:
                wait(_POLL)
        finally:
            kill_group(process.pid)
            process.wait()
        said = answer.read()
    if process.returncode != 0:
        raise StandaloneError(
            f"preparing the database failed; {logs.path(LOG)} ends with:\n{logs.tail(LOG, 25)}"
        )
    result: dict[str, Any] = json.loads(said)
    return result


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reading, writing = os.pipe()
    with open(reading, "rb") as reader, open(writing, "wb") as writer:
        yield reader, writer


def _generate_password() -> str:
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(_PASSWORD_LENGTH))
