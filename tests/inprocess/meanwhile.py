"""Doing something on another connection in the middle of what is tried."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection
from django.db.models import Model

from tests.waiting import wait_until


def meanwhile(
    model: type[Model], act: Callable[[], object]
) -> contextlib.AbstractContextManager[Future]:
    """Have another connection do something just before rows of a model are deleted; it may have to wait for that."""
    return before(f'DELETE FROM "{model._meta.db_table}"', act)


@contextlib.contextmanager
def before(statement: str, act: Callable[[], object]) -> Iterator[Future]:
    """Have another connection do something just before a statement that has these words; it may have to wait for that."""
    with ThreadPoolExecutor(1) as pool:
        outcomes: list[Future] = []

        def watch(execute: Callable, sql: str, *others: Any) -> object:
            if not outcomes and statement in sql:
                outcomes.append(pool.submit(closing, act))
                wait_until(lambda: outcomes[0].done() or somebody_waits())
            return execute(sql, *others)

        outcome: Future = Future()
        with connection.execute_wrapper(watch):
            yield outcome
        try:
            outcome.set_result(outcomes[0].result())
        except Exception as error:
            outcome.set_exception(error)


def closing(act: Callable[[], object]) -> object:
    """Close the connection of this thread at the end."""
    try:
        return act()
    finally:
        connection.close()


def somebody_waits() -> bool:
    """Whether a connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
