"""
Taking turns with the other content processes, so that one of them fetches and the others find.

A turn is an advisory lock of PostgreSQL: it ends with the process that holds it, however that dies.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from psycopg import Error as DatabaseError

from pulp_gomod.app.db.pq import Connection, Row

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.1
_TAKE = "SELECT pg_try_advisory_lock(%s)"
_LEAVE = "SELECT pg_advisory_unlock(%s)"


class AdvisoryLocks:
    """
    The turns that this process holds, all on one connection of their own.

    Args:
        parameters: libpq connection parameters.
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = dict(parameters)
        self._connection: Connection | None = None
        # One statement at a time.
        self._turn = asyncio.Lock()
        self._dropped: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def take(self, key: str, patience: float) -> AsyncIterator[bool]:
        """
        Wait until no other process has the turn; give whether one had it.

        Without PostgreSQL, and when a process holds its turn for too long, everybody goes at once: two
        fetches are better than none.

        Args:
            key: Hexadecimal, of at least 16 digits. Within this process each key is asked for once at
                a time.
            patience: Seconds to wait at most.
        """
        end = time.monotonic() + patience
        number = int(key[:16], 16) - 2**63
        waited, pause = False, _FIRST_PAUSE
        held = await self._try(number)
        while held is False and time.monotonic() < end:
            waited = True
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            held = await self._try(number)
        try:
            yield waited
        finally:
            if held:
                await asyncio.shield(self._leave(number))

    async def close(self) -> None:
        """Give up all turns."""
        if self._connection is not None:
            await self._connection.close()

    async def _try(self, number: int) -> bool | None:
        """Take the lock: whether it worked, or None if PostgreSQL is not responding."""
        asked = asyncio.create_task(self._ask(_TAKE, number))
        try:
            row = (await asyncio.shield(asked))[0]
            return bool(row[0])
        except DatabaseError:
            log.warning("Cannot take turns with other processes.", exc_info=True)
            return None
        except asyncio.CancelledError:
            # Nobody will need the turn any more, if it comes.
            self._dropped.add(dropped := asyncio.create_task(self._drop(asked, number)))
            dropped.add_done_callback(self._dropped.discard)
            raise

    async def _drop(self, asked: "asyncio.Task[list[Row]]", number: int) -> None:
        with suppress(DatabaseError):
            if (await asked)[0][0]:
                await self._leave(number)

    async def _leave(self, number: int) -> None:
        try:
            if self._connection is not None and not self._connection.closed:
                await self._ask(_LEAVE, number)
        except DatabaseError:
            log.info("Lost a turn together with the connection.", exc_info=True)

    async def _ask(self, sql: str, number: int) -> list[Row]:
        async with self._turn:
            if self._connection is None or self._connection.closed:
                self._connection = await Connection.connect(**self._parameters, autocommit=True)
            try:
                return await self._connection.fetch_all(sql, [number])
            except BaseException:
                # What is left of an answer would be taken for the next one.
                await self._connection.close()
                raise
