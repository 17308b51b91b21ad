"""
Taking turns with the other content processes, so that one of them fetches and the others find.

A turn is an advisory lock of PostgreSQL: it ends with the process that holds it, however that dies.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg import Error as DatabaseError

from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.pool import plan_once
from pulp_gomod.app.db.pq import Connection, Row

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.1
# Seconds within which a turn is given up, with the next one that is taken if that comes sooner.
_LEFT_WITHIN = 0.025

_LEAVE = "(SELECT count(pg_advisory_unlock(key)) FROM unnest(%s::bigint[]) AS keys (key))"
_TAKE = "(SELECT pg_try_advisory_lock(%s) AS taken) AS turn"


@dataclass(frozen=True, slots=True)
class Turn:
    """
    A turn, or what one has instead.

    Attributes:
        waited: Whether another process had it.
        rows: What was found once it was there; None if PostgreSQL did not say.
    """

    waited: bool
    rows: list[Row] | None


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
        # Turns that are over, and not given up yet.
        self._left: list[int] = []
        self._background: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def take(
        self, key: str, patience: float, look: Statement, values: Mapping[str, Any]
    ) -> AsyncIterator[Turn]:
        """
        Wait until no other process has the turn, and look whether there is anything left to do.

        Without PostgreSQL, and when a process holds its turn for too long, everybody goes at once: two
        fetches are better than none.

        Args:
            key: Hexadecimal, of at least 16 digits. Within this process each key is asked for once at
                a time.
            patience: Seconds to wait at most.
            look: Finds what the others may have done.
            values: What it is asked with.
        """
        end = time.monotonic() + patience
        number = int(key[:16], 16) - 2**63
        waited, pause = False, _FIRST_PAUSE
        held, rows = await self._try(number, look, values)
        while held is False and time.monotonic() < end:
            waited = True
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            held, rows = await self._try(number, look, values)
        try:
            yield Turn(waited, rows)
        finally:
            if held:
                self._leave(number)

    async def close(self) -> None:
        """Give up all turns."""
        if self._connection is not None:
            await self._connection.close()

    async def _try(
        self, number: int, look: Statement, values: Mapping[str, Any]
    ) -> tuple[bool | None, list[Row] | None]:
        """Take the lock: whether it worked, and what was found; None if PostgreSQL is not responding."""
        asked = asyncio.create_task(self._ask(_taking(look.sql), [number, *look.bind(**values)]))
        try:
            first = (rows := await asyncio.shield(asked))[0]
            return bool(first[1]), [row[3:] for row in rows if row[2]] if first[1] else None
        except DatabaseError:
            log.warning("Cannot take turns with other processes.", exc_info=True)
            return None, None
        except asyncio.CancelledError:
            # Nobody will need the turn any more, if it comes.
            self._start(self._drop(asked, number))
            raise

    async def _drop(self, asked: "asyncio.Task[list[Row]]", number: int) -> None:
        with suppress(DatabaseError):
            if (await asked)[0][1]:
                self._leave(number)

    def _leave(self, number: int) -> None:
        self._left.append(number)
        if len(self._left) == 1:
            self._start(self._leave_soon())

    async def _leave_soon(self) -> None:
        """Give up what nothing else has given up on its way."""
        await asyncio.sleep(_LEFT_WITHIN)
        try:
            async with self._turn:
                if self._left and self._connection is not None:
                    await self._run(f"SELECT {_LEAVE}", [])
        except DatabaseError:
            log.info("Lost a turn together with the connection.", exc_info=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._background.add(task := asyncio.create_task(work))
        task.add_done_callback(self._background.discard)

    async def _ask(self, sql: str, values: list[Any]) -> list[Row]:
        async with self._turn:
            return await self._run(sql, values)

    async def _run(self, sql: str, values: list[Any]) -> list[Row]:
        """Run a statement in one's turn on the connection; its first value is what is given up."""
        if self._connection is None or self._connection.closed:
            # What was held was held by the last one.
            self._left.clear()
            self._connection = await Connection.connect(**self._parameters, autocommit=True)
            await plan_once(self._connection)
        left, self._left = self._left, []
        try:
            return await self._connection.fetch_all(sql, [left, *values])
        except BaseException:
            # What is left of an answer would be taken for the next one.
            await self._connection.close()
            raise


@lru_cache(maxsize=8)
def _taking(look: str) -> str:
    """
    Return the statement that gives up turns, takes one, and then looks.

    Columns: how many were given up, whether it was taken, whether there is a row, and the row's.
    """
    return (
        f"SELECT {_LEAVE}, turn.taken, found.* FROM {_TAKE} "
        f"LEFT JOIN LATERAL (SELECT true AS is_there, looked.* FROM ({look}) AS looked) AS found "
        "ON turn.taken"
    )
