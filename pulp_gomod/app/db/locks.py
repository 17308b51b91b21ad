"""
Taking turns with the other content processes, so that one of them fetches and the others find.

A turn is an advisory lock of PostgreSQL: it ends with the process that holds it, however that dies.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg import Error as DatabaseError

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25
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
        self._connection: AsyncConnection[Any] | None = None
        self._connecting = asyncio.Lock()

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
        try:
            connection = await self._connected()
            cursor = await connection.execute(_TAKE, [number])
            row = await cursor.fetchone()
            return bool(row and row[0])
        except DatabaseError:
            log.warning("Cannot take turns with other processes.", exc_info=True)
            return None

    async def _leave(self, number: int) -> None:
        try:
            if self._connection is not None and not self._connection.closed:
                await self._connection.execute(_LEAVE, [number])
        except DatabaseError:
            log.info("Lost a turn together with the connection.", exc_info=True)

    async def _connected(self) -> AsyncConnection[Any]:
        async with self._connecting:
            if self._connection is None or self._connection.closed:
                self._connection = await AsyncConnection.connect(
                    **self._parameters, autocommit=True
                )
            return self._connection
