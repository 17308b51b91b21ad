"""
Running a statement on a connection in the words of libpq.

psycopg's cursors serve every kind of statement: to make one, to find out what its parameters are and how
to say so, and to wait for its end takes three times as long as PostgreSQL takes to answer. Ours are few,
always the same, and only read.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from psycopg import AsyncConnection, DataError, OperationalError, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

Row = tuple[Any, ...]

# Rows of a result that are read without letting others come between: a millisecond or two.
AT_ONCE = 500

_PLACEHOLDER = re.compile("%([s%])")
# PostgreSQL itself finds out which kind of number it needs; psycopg would name the smallest that fits.
_INTEGERS = frozenset({20, 21, 23, 1005, 1007, 1016})
_INFERRED = 0

# Seconds for which a plan is used before it is made again: the first time, and at most.
_FIRST_PLANS = 1.0
_LONGEST_PLANS = 3600.0


class Connection(AsyncConnection[Row]):
    """A connection in autocommit mode that keeps the statements which it is asked to run."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """The arguments are psycopg's."""
        super().__init__(*args, **more)
        self._transformer = Transformer(self)
        self._names: dict[str, bytes] = {}
        self._count = 0
        self._plans_last = _FIRST_PLANS
        self._plans_end = time.monotonic() + _FIRST_PLANS

    async def fetch_all(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """
        Run a statement and return its rows.

        Rows come in PostgreSQL's binary formats: as a text, a go.mod has twice its size, and to read that
        takes ten times as long. Only one may run at a time. Nothing is kept where prepare_threshold is None: a pooler between
        may hand over another connection.

        Args:
            sql: The statement, with %s for each parameter.

        Raises:
            psycopg.OperationalError: The connection is lost.
            psycopg.Error: PostgreSQL refuses the statement.
        """
        dumped = self._transformer.dump_sequence(parameters, [PyFormat.TEXT] * len(parameters))
        if self.prepare_threshold is None:
            self.pgconn.send_query_params(
                numbered(sql), dumped, self._types(), result_format=Format.BINARY
            )
            return await self._load(await self._result())
        if time.monotonic() >= self._plans_end:
            await self._forget_plans()
        name = self._names.get(sql) or await self._prepare(sql)
        self.pgconn.send_query_prepared(name, dumped, result_format=Format.BINARY)
        try:
            return await self._load(await self._result())
        except DataError:
            raise
        except BaseException:
            # It may be what was prepared that is at fault: tables may have changed.
            self._names.pop(sql, None)
            raise

    async def _prepare(self, sql: str) -> bytes:
        self._count += 1
        name = f"gomod_{self._count}".encode()
        self.pgconn.send_prepare(name, numbered(sql), self._types())
        await self._result()
        self._names[sql] = name
        return name

    async def _forget_plans(self) -> None:
        """
        Have PostgreSQL plan all statements again, each when it is next asked.

        To an empty table any index is as good as any other, so that a plan from then may read all rows of a
        remote or a repository to find one. PostgreSQL's own analysis mends that within a minute or more, in which a
        first build may fetch thousands of files. Here no plan is older than the time before it was made.
        """
        self._plans_last = min(2 * self._plans_last, _LONGEST_PLANS)
        self._plans_end = time.monotonic() + self._plans_last
        self.pgconn.send_query(b"DISCARD PLANS")
        await self._result()

    def _types(self) -> list[int]:
        """Return the types of the parameters that were dumped last."""
        types = self._transformer.types or ()
        return [_INFERRED if each in _INTEGERS else each for each in types]

    async def _load(self, result: PGresult) -> list[Row]:
        self._transformer.set_pgresult(result)
        count = result.ntuples
        rows = self._transformer.load_rows(0, min(count, AT_ONCE), tuple)
        for start in range(AT_ONCE, count, AT_ONCE):
            # Others' requests come between.
            await asyncio.sleep(0)
            rows += self._transformer.load_rows(start, min(start + AT_ONCE, count), tuple)
        return rows

    async def _result(self) -> PGresult:
        """Wait for the result of what was sent."""
        answer = _Answer(self.pgconn)
        answer.start()
        try:
            return _checked(await answer.results)
        finally:
            answer.stop()


class _Answer:
    """What PostgreSQL says to what was sent last."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn = pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = pgconn.socket
        self._reads = self._writes = False
        self._results: list[PGresult] = []
        self.results: asyncio.Future[list[PGresult]] = self._loop.create_future()

    def start(self) -> None:
        """Send it, or what the socket takes of it for now."""
        self._writes = bool(self._pgconn.flush())
        self._loop.add_reader(self._socket, self._go_on)
        self._reads = True
        if self._writes:
            self._loop.add_writer(self._socket, self._go_on)

    def stop(self) -> None:
        """Let go of the socket, whose number is another's as soon as it is closed."""
        if self._reads:
            self._loop.remove_reader(self._socket)
            self._reads = False
        self._stop_writing()

    def _stop_writing(self) -> None:
        if self._writes:
            self._loop.remove_writer(self._socket)
            self._writes = False

    def _go_on(self) -> None:
        """Take what has come, and send what is left."""
        if self.results.done():
            return
        try:
            self._pgconn.consume_input()
            if self._writes and not self._pgconn.flush():
                self._stop_writing()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    self.results.set_result(self._results)
                    return
                self._results.append(result)
        except Exception as error:
            self.stop()
            self.results.set_exception(error)


def _checked(results: list[PGresult]) -> PGresult:
    """Return the result, or raise what PostgreSQL says is wrong."""
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result)
    if not results:
        raise OperationalError("PostgreSQL gave no result")
    return results[0]


@lru_cache(maxsize=128)
def numbered(sql: str) -> bytes:
    """
    Return a statement as PostgreSQL reads it.

    Args:
        sql: The statement, with %s for each parameter and %% for a percent sign.
    """
    numbers = count(1)
    return _PLACEHOLDER.sub(lambda m: f"${next(numbers)}" if m[1] == "s" else "%", sql).encode()
