"""
The content app's own connections to PostgreSQL.

A content process runs all its ORM work on one thread; asynchronous connections serve many requests
at once. What they ask is compiled from ORM querysets (see `statements`), so that the tables keep one
definition.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.db import connections
from psycopg import OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.pq import Connection, Row
from pulp_gomod.app.db.snapshots import Snapshot, Snapshots

log = logging.getLogger(__name__)


class Ask(Protocol):
    """Runs a compiled statement, alone or together with what others ask for."""

    async def __call__(self, statement: Statement, **values: Any) -> list[Row]:
        """Return the rows of a statement, given its values by name."""


APPLICATION_NAME = "pulp-gomod"
MAX_CONNECTIONS = 8
# Seconds to wait for a connection before a request is told that the database does not answer.
LONGEST_WAIT = 10.0

# What Django adds to the parameters for its own kind of connection.
_DJANGO_ONLY = ("cursor_factory", "context", "server_side_binding")


class Database:
    """
    Runs compiled statements on a pool of connections; opened and closed with the app.

    Attributes:
        losses: How often a connection was found lost. PostgreSQL may have crashed then, and after a
            crash the numbers of its transactions may come again for others.

    Args:
        parameters: libpq connection parameters.
        max_size: How many connections a process may open.
    """

    def __init__(self, parameters: Mapping[str, Any], max_size: int = MAX_CONNECTIONS) -> None:
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            connection_class=Connection,
            kwargs=dict(parameters) | {"autocommit": True},
            # One is kept for snapshots. Another has to be as old as what is remembered: that it is lost is
            # how a crash of PostgreSQL is noticed (see `losses`).
            min_size=min(2, max_size),
            max_size=max_size,
            timeout=LONGEST_WAIT,
            open=False,
            name=APPLICATION_NAME,
            configure=plan_once,
        )
        self._snapshots = Snapshots(self._pool)
        self.losses = 0

    async def open(self) -> None:
        """Start connecting; requests wait until the first connection is there."""
        await self._pool.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._snapshots.close()
        await self._pool.close()

    async def fetch_all(self, sql: str, parameters: list[Any]) -> list[Row]:
        """
        Run one statement and return its rows.

        A connection that PostgreSQL closed meanwhile (a restart, a fail-over) is replaced once: the
        statements only read, so asking again is safe.

        Args:
            sql: The statement, with %s for each parameter.

        Raises:
            psycopg.Error: PostgreSQL cannot be reached, or refuses the statement.
        """
        try:
            return await self._fetch(sql, parameters)
        except PoolTimeout:
            raise
        except OperationalError:
            self.losses += 1
            log.info("Lost a connection to PostgreSQL; asking again on another one.")
            await self._pool.check()
            return await self._fetch(sql, parameters)

    async def ask(self, statement: Statement, **values: Any) -> list[Row]:
        """
        Run a compiled statement and return its rows.

        Args:
            values: What it is run with, by name.
        """
        return await self.fetch_all(statement.sql, statement.bind(**values))

    async def fetch_one(self, sql: str, parameters: list[Any]) -> Row | None:
        """
        Run one statement and return its first row, or None.

        Args:
            sql: The statement, with %s for each parameter.
        """
        rows = await self.fetch_all(sql, parameters)
        return rows[0] if rows else None

    async def run_on_each(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """
        Run statements on each connection that is always kept, so that whichever a request gets has planned them.

        Only one connection is taken at a time, so that requests have the others.

        Args:
            asked: The statements, with %s for each parameter, and their parameters.

        Raises:
            psycopg.Error: PostgreSQL cannot be reached, or refuses a statement.
        """
        done: list[Connection] = []
        for _ in range(self._pool.min_size):
            # The one that has rested for the longest time.
            connection = await self._pool.getconn()
            try:
                if not any(connection is each for each in done):
                    for sql, parameters in asked:
                        await connection.fetch_all(sql, parameters)
                done.append(connection)
            finally:
                await self._pool.putconn(connection)

    async def snapshot(self) -> Snapshot:
        """
        Return what PostgreSQL calls the state of its data at the moment.

        Raises:
            psycopg.Error: PostgreSQL cannot be reached; the next who asks may reach it.
            TimeoutError: It does not answer.
        """
        try:
            return await self._snapshots.newest()
        except PoolTimeout:
            raise
        except (OperationalError, TimeoutError):
            self.losses += 1
            raise

    async def _fetch(self, sql: str, parameters: list[Any]) -> list[Row]:
        # `pool.connection()` ends a transaction, too, which takes longer than most statements: there is none. One
        # that is given back in the middle of a statement is closed by the pool.
        connection = await self._pool.getconn()
        try:
            # The texts come from `statements`, never from a request.
            return await connection.fetch_all(sql, parameters)
        finally:
            await self._pool.putconn(connection)


async def plan_once(connection: Connection) -> None:
    """
    Let a new connection plan each prepared statement once, for all values.

    By default PostgreSQL plans the first five executions anew, and all later ones if it believes that
    values matter. Here they never do: all look-ups are by whole keys. Compiling a plan to machine code, as it does where it
    expects much to do, takes longer than any of them, each time.
    """
    await connection.execute(
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false)"
    )


def connection_parameters() -> dict[str, Any]:
    """
    Return psycopg's parameters for Pulp's database, as Django's settings name it.

    Django prepares no statements unless its settings say so. Ours are few and come again and again, and
    to plan one takes PostgreSQL ten times as long as to carry it out: here they are prepared unless
    Django's settings forbid it, by OPTIONS with prepare_threshold None.
    """
    parameters: dict[str, Any] = connections["default"].get_connection_params()
    for name in _DJANGO_ONLY:
        parameters.pop(name, None)
    parameters["application_name"] = APPLICATION_NAME
    options = connections["default"].settings_dict.get("OPTIONS") or {}
    parameters["prepare_threshold"] = options.get("prepare_threshold", 0)
    return parameters
