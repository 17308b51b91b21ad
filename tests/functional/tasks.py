"""Waiting for tasks where it costs next to nothing: in the database of a server on this machine."""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg

from tests.functional.serving import data_dirs
from tests.statements import connect

# Seconds between two looks, each of which costs less than a millisecond; one by the REST API costs forty.
_PAUSE = 0.03
_STATE = "SELECT state FROM core_task WHERE pulp_id = %s"
_CREATED = "SELECT object_id FROM core_createdresource WHERE task_id = %s"
_GROUP = "SELECT name, state FROM core_task WHERE task_group_id = %s"
_NUMBER = "SELECT max(number) FROM core_repositoryversion WHERE repository_id = %s AND complete"
_DONE = ("completed", "failed", "canceled", "skipped")

#: The names and states of the tasks of a group.
Tasks = Sequence[tuple[str, str]]

_connections: dict[str, "psycopg.Connection[Any]"] = {}


def await_end(url: str, task: str, timeout: float) -> str:
    """
    Wait for the end of a task, if this process knows the server and its database answers.

    Args:
        url: The server's.
        task: The task's href.
        timeout: How many seconds at most.

    Returns:
        How it ended; "" if that is not known.
    """
    ended = ""

    def has_ended(connection: "psycopg.Connection[Any]") -> bool:
        nonlocal ended
        found = connection.execute(_STATE, [_id(task)]).fetchone()
        if found and found[0] in _DONE:
            ended = found[0]
        return found is None or bool(ended)

    _await(url, has_ended, timeout)
    return ended


def await_group(url: str, group: str, enough: Callable[[Tasks], bool], timeout: float) -> None:
    """
    Wait until all tasks of a group have ended and are those that are to come, as `await_end` does.

    Args:
        url: The server's.
        group: The group's href.
        enough: Whether these tasks are all: the first ones make others.
        timeout: How many seconds at most.
    """

    def has_ended(connection: "psycopg.Connection[Any]") -> bool:
        found = connection.execute(_GROUP, [_id(group)]).fetchall()
        return all(state in _DONE for _, state in found) and enough(found)

    _await(url, has_ended, timeout)


def created_by(url: str, task: str) -> UUID | None:
    """
    Return the pk of what a task has created, if this process knows the server and it is one thing.

    Args:
        url: The server's.
        task: The task's href.
    """
    with contextlib.suppress(psycopg.Error):
        connection = _connection(url)
        found = connection.execute(_CREATED, [_id(task)]).fetchall() if connection else []
        if len(found) == 1:
            pk: UUID = found[0][0]
            return pk
    return None


def await_version(url: str, repository: str, *, after: int, timeout: float) -> None:
    """
    Wait until a repository has a version with another number, for that long at most.

    Args:
        url: The server's.
        repository: The repository's href.
        after: The number of the version that is known.
        timeout: Seconds. Of a server whose database is not known, a tenth of them are waited.
    """
    if url not in data_dirs:
        time.sleep(timeout / 10)

    def is_there(connection: "psycopg.Connection[Any]") -> bool:
        found = connection.execute(_NUMBER, [_id(repository)]).fetchone()
        return found is None or found[0] != after

    _await(url, is_there, timeout)


def _id(href: str) -> str:
    return href.rstrip("/").rsplit("/", 1)[-1]


def _await(
    url: str, has_ended: Callable[["psycopg.Connection[Any]"], bool], timeout: float
) -> None:
    end = time.monotonic() + timeout
    try:
        connection = _connection(url)
        while connection is not None and time.monotonic() < end and not has_ended(connection):
            time.sleep(_PAUSE)
    except psycopg.Error:
        # It is being restarted; the REST API will tell.
        _connections.pop(url, None)


def _connection(url: str) -> "psycopg.Connection[Any] | None":
    if url in data_dirs and url not in _connections:
        _connections[url] = connect(data_dirs[url])
    return _connections.get(url)
