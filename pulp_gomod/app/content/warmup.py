"""
Compiling and planning the statements of requests before anybody waits for them.

The first request of its kind would otherwise wait for Django to compile its statement, and for PostgreSQL
to plan it: 30 ms that no later one takes.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from pulp_gomod.app.content.repository import (
    distribution_queries,
    proof_queries,
    queries,
    vulndb_queries,
)
from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN
from pulp_gomod.app.content.repository.stored import LONG_GO_MOD
from pulp_gomod.app.db.pool import Database

log = logging.getLogger(__name__)

_NOBODY = UUID(int=0)
# Of the types that requests have.
_VALUES = {
    "repository": _NOBODY,
    "number": 1,
    "domain": _NOBODY,
    "module": "",
    "version": "",
    "largest": LONG_GO_MOD,
    "since": 0,
    "name": "",
    "key": "",
    "tree": _NOBODY,
    "level": 0,
    "tile": 0,
    "vulndb": _NOBODY,
}


async def warm(where: Database) -> None:
    """
    Run each statement once, with values that match nothing.

    Args:
        where: The database.

    Raises:
        psycopg.Error: It does not answer.
    """
    probe = distribution_queries.probe(1)
    asked = [
        (
            probe.sql,
            probe.bind(domain_name=DEFAULT_DOMAIN, seen="", base_path_0="", known=""),
        )
    ]
    for compiled in (*queries.ALL, *proof_queries.ALL, *vulndb_queries.ALL):
        statement = compiled()
        asked.append((statement.sql, statement.bind(**_VALUES)))
        # Whoever is there while the others are compiled need not wait for them all.
        await asyncio.sleep(0)
    for sql, values in asked:
        await where.fetch_all(sql, values)


async def _try_to_warm(where: Database) -> None:
    try:
        await warm(where)
    except Exception:
        # Requests will wait for it then, or be told what is wrong.
        log.warning("PostgreSQL did not plan the statements of requests ahead.", exc_info=True)


@asynccontextmanager
async def warmed(where: Database) -> AsyncIterator[None]:
    """
    Warm a content process when it starts.

    What the process has loaded by then stays as long as it runs: Python's garbage collector is told to look
    at it no more, which takes a tenth of a second each time, and all requests wait for it.

    Args:
        where: The database.
    """
    gc.collect()
    gc.freeze()
    task = asyncio.create_task(_try_to_warm(where))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
