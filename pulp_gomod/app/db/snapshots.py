"""Asking PostgreSQL whether anything was written, which a busy process does many times a second."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from psycopg_pool import AsyncConnectionPool

from pulp_gomod.app.db.pq import Connection

_SQL = "SELECT pg_current_snapshot()::text"

# Seconds after which the pool gets its connection back, so that it can replace those that are old.
LONGEST_KEPT = 60.0
# Seconds after which a connection is given up that says nothing.
LONGEST_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    The state of PostgreSQL's data.

    Attributes:
        began: When it was asked for, by time.monotonic(); it holds what was committed before.
        name: What PostgreSQL calls it.
    """

    began: float
    name: str


class Snapshots:
    """
    Asks for snapshots on a connection that it keeps.

    To take a connection out of a pool, and to give it back, costs more than this question.

    Args:
        pool: Where the connection comes from.
    """

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self._since = 0.0
        self._asking: asyncio.Task[Snapshot] | None = None

    async def newest(self) -> Snapshot:
        """
        Return a snapshot of the moment; all who ask at the same time have the same one.

        Raises:
            psycopg.Error: PostgreSQL cannot be reached.
            TimeoutError: It does not answer.
        """
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> Snapshot:
        try:
            now = time.monotonic()
            if self._connection is None or now - self._since > LONGEST_KEPT:
                await self.let_go()
                self._connection = await self._pool.getconn()
                self._since = now = time.monotonic()
            async with asyncio.timeout(LONGEST_WAIT):
                rows = await self._connection.fetch_all(_SQL, ())
            return Snapshot(now, rows[0][0])
        except BaseException:
            await self.let_go()
            raise
        finally:
            self._asking = None

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._asking
        await self.let_go()

    async def let_go(self) -> None:
        """Give the connection back; the pool closes it if it is lost or in use."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._pool.putconn(connection)
