"""
Compiling and planning the statements of requests, and compiling pages, before anybody waits for them.

The first request of its kind would otherwise wait for Django to compile its statement, for PostgreSQL to plan it, and for
Jinja to compile a template: 30 to 60 ms that no later one takes. Where one process forks all others, it compiles for them.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import Any, Final
from uuid import UUID

from aiohttp import web

from pulp_gomod.app.content.pages import rendering
from pulp_gomod.app.content.pkgsite import queries as pkgsite_queries
from pulp_gomod.app.content.repository import (
    browse_queries,
    distribution_queries,
    proof_queries,
    queries,
    vulndb_queries,
)
from pulp_gomod.app.content.repository.conditions import age_queries, licence_queries
from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN
from pulp_gomod.app.content.repository.stored import LONG_GO_MOD
from pulp_gomod.app.content.services import of as services_of
from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.pool import Database

log = logging.getLogger(__name__)

_NOBODY = UUID(int=0)
# Of the types that requests have; nothing is found by them.
_VALUES: Final[dict[str, Any]] = {
    "repository": _NOBODY,
    "number": 1,
    "domain": _NOBODY,
    "largest": LONG_GO_MOD,
    "since": 0,
    "most": 1,
    "tree": _NOBODY,
    "level": 0,
    "tile": 0,
    "vulndb": _NOBODY,
    "remote": _NOBODY,
    "distribution": _NOBODY,
    "unit": _NOBODY,
    "required": '[{"path": ""}]',
    "wanted": "[]",
}

#: Those of the protocol, those of policies, and those of what people look at.
STATEMENTS: Final[tuple[tuple[Callable[[], Statement], ...], ...]] = (
    (*queries.ALL, *proof_queries.ALL, *vulndb_queries.ALL),
    (age_queries.known, licence_queries.known),
    (*browse_queries.ALL, *pkgsite_queries.ALL),
)


def compile_ahead() -> None:
    """Compile statements and templates, for the processes that the caller forks."""
    try:
        distribution_queries.probe(1)
        for compiled in chain.from_iterable(STATEMENTS):
            compiled()
        for name in rendering.templates():
            rendering.compile_template(name)
    except Exception:
        # Each process will do it, and tell.
        log.warning("Statements and templates were not compiled ahead.", exc_info=True)


async def warm(where: Database) -> None:
    """
    Run each statement once on each connection, with values that match nothing, and compile the templates of pages.

    Args:
        where: The database.

    Raises:
        psycopg.Error: It does not answer.
    """
    probe = distribution_queries.probe(1)
    values = {"domain_name": DEFAULT_DOMAIN, "seen": "", "base_path_0": "", "known": ""}
    await where.run_on_each([(probe.sql, probe.bind(**values))])
    for group in STATEMENTS:
        await where.run_on_each(await _bound(group))
    for name in rendering.templates():
        # One at a time: whoever is there meanwhile has its turn.
        await asyncio.to_thread(rendering.compile_template, name)


def value_of(name: str) -> Any:
    """Return a value by which nothing is found."""
    return _VALUES.get(name, "")


async def _bound(group: Iterable[Callable[[], Statement]]) -> list[tuple[str, list[Any]]]:
    bound = []
    for compiled in group:
        statement = compiled()
        values = {name: value_of(name) for name in statement.names if name}
        bound.append((statement.sql, statement.bind(**values)))
        # Whoever is there while the others are compiled need not wait for them all.
        await asyncio.sleep(0)
    return bound


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


async def lifespan(app: web.Application) -> AsyncIterator[None]:
    """
    Warm the process of a content app (an entry of `cleanup_ctx`).

    Args:
        app: The content app, which has its services.
    """
    async with warmed(services_of(app).database):
        yield
