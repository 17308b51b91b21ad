"""Waiting for tasks where it costs next to nothing: in the database of a server on this machine."""

import time
from typing import Any

import psycopg

from tests.functional.serving import data_dirs
from tests.statements import connect

# Seconds between two looks, each of which costs less than a millisecond; one by the REST API costs forty.
_PAUSE = 0.03
_STATE = "SELECT state FROM core_task WHERE pulp_id = %s"
_DONE = ("completed", "failed", "canceled", "skipped")

_connections: dict[str, "psycopg.Connection[Any]"] = {}


def await_end(url: str, task: str, timeout: float) -> None:
    """
    Wait for the end of a task, if this process knows the server and its database answers.

    Args:
        url: The server's.
        task: The task's href.
        timeout: How many seconds at most.
    """
    end = time.monotonic() + timeout
    try:
        connection = _connection(url)
        while connection is not None and time.monotonic() < end:
            found = connection.execute(_STATE, [task.rstrip("/").rsplit("/", 1)[-1]]).fetchone()
            if found is None or found[0] in _DONE:
                return
            time.sleep(_PAUSE)
    except psycopg.Error:
        # It is being restarted; the REST API will tell.
        _connections.pop(url, None)


def _connection(url: str) -> "psycopg.Connection[Any] | None":
    if url in data_dirs and url not in _connections:
        _connections[url] = connect(data_dirs[url])
    return _connections.get(url)
