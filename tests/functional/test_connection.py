"""The content app's connections to PostgreSQL, on a real one."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from pulp_gomod.app.db import pq
from pulp_gomod.app.db.pool import Database
from pulp_gomod.app.db.pq import Connection, numbered
from tests.statements import connect


@pytest.fixture
def place(server: Any) -> dict[str, Any]:
    """psycopg's parameters for the server's PostgreSQL."""
    if not server.data_dir:
        pytest.skip("the database of a server that somebody else started is out of reach")
    with connect(Path(server.data_dir)) as connection:
        told = connection.info.get_parameters()
    return told | {"autocommit": True, "prepare_threshold": 0}


@asynccontextmanager
async def opened(place: dict[str, Any], **more: Any) -> AsyncIterator[Connection]:
    async with await Connection.connect(**place | more) as connection:
        yield connection


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))


def test_values_come_back_as_the_types_that_they_were(place: dict[str, Any]) -> None:
    one = UUID(int=7)

    async def ask() -> None:
        async with opened(place) as connection:
            row = (
                "SELECT %s::uuid, %s::text, %s::int, %s::bytea, %s::jsonb, %s::timestamptz, '100%%'"
            )
            then = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
            asked = [one, "½", 3, b"\0\xff", '{"a": [1]}', then]
            for _ in range(2):
                rows = await connection.fetch_all(row, asked)
                assert rows == [(one, "½", 3, b"\0\xff", {"a": [1]}, then, "100%")]
            arrays = "SELECT * FROM unnest(%s::uuid[], %s::text[], %s::integer[])"
            asked = [[one, one], ["a", 'b"\\'], [1, 2**31 - 1]]
            rows = await connection.fetch_all(arrays, asked)
            assert rows == [(one, "a", 1), (one, 'b"\\', 2**31 - 1)]
            assert await connection.fetch_all("SELECT 1 WHERE %s::text IS NULL", ["x"]) == []

    run(ask())


@pytest.mark.parametrize("threshold", [0, None], ids=["prepared", "not prepared"])
def test_numbers_of_any_size_suit_one_statement(place: dict[str, Any], threshold: Any) -> None:
    async def ask() -> None:
        async with opened(place, prepare_threshold=threshold) as connection:
            for number in (1, 2**15, 2**31 - 1, 0):
                rows = await connection.fetch_all("SELECT %s + 0::bigint", [number])
                assert rows == [(number,)]
            kept = await connection.fetch_all("SELECT name FROM pg_prepared_statements", [])
            assert len(kept) == (2 if threshold == 0 else 0)

    run(ask())


def test_what_is_larger_than_a_socket_takes(place: dict[str, Any]) -> None:
    text = "x" * 30_000_000

    async def ask() -> None:
        async with opened(place) as connection:
            assert await connection.fetch_all("SELECT %s::text", [text]) == [(text,)]

    run(ask())


def test_waiting_costs_nothing(place: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    go_on = pq._Answer._go_on
    monkeypatch.setattr(pq._Answer, "_go_on", lambda self: calls.append(go_on(self)))

    async def ask() -> None:
        async with opened(place) as connection:
            # More than the socket takes at once, and then a while in which it would take more.
            text = "x" * 3_000_000
            asked = "SELECT length(%s::text) FROM pg_sleep(0.5)"
            assert await connection.fetch_all(asked, [text]) == [(len(text),)]

    run(ask())
    assert len(calls) < 1000


def test_an_error_spoils_nothing(place: dict[str, Any]) -> None:
    async def ask() -> None:
        async with opened(place) as connection:
            for value in ("1", "none", "2"):
                try:
                    rows = await connection.fetch_all("SELECT %s::text::int", [value])
                except psycopg.DataError as error:
                    assert value == "none"
                    assert "invalid input syntax" in str(error)
                else:
                    assert rows == [(int(value),)]
            # It is still prepared.
            kept = await connection.fetch_all("SELECT name FROM pg_prepared_statements", [])
            assert len(kept) == 2
            with pytest.raises(psycopg.DataError, match="NUL"):
                await connection.fetch_all("SELECT %s::text", ["\0"])
            with pytest.raises(psycopg.errors.UndefinedTable):
                await connection.fetch_all("SELECT %s FROM nowhere", ["x"])
            assert await connection.fetch_all("SELECT %s::int", [4]) == [(4,)]

    run(ask())


def test_a_statement_is_prepared_anew_when_its_table_has_changed(place: dict[str, Any]) -> None:
    name = f"gomod_test_{uuid4().hex}"

    async def ask() -> None:
        async with opened(place) as other, opened(place) as connection:
            await other.execute(f"CREATE UNLOGGED TABLE {name} AS SELECT 1 AS id".encode())
            try:
                asked = f"SELECT * FROM {name} WHERE id = %s"
                assert await connection.fetch_all(asked, [1]) == [(1,)]
                await other.execute(f"ALTER TABLE {name} ADD COLUMN more text".encode())
                with pytest.raises(psycopg.Error, match="cached plan"):
                    await connection.fetch_all(asked, [1])
                assert await connection.fetch_all(asked, [1]) == [(1, None)]
            finally:
                await other.execute(f"DROP TABLE {name}".encode())

    run(ask())


@pytest.mark.parametrize("seconds", [0, 60], ids=["between statements", "in a statement"])
def test_a_lost_connection_is_replaced(place: dict[str, Any], seconds: int) -> None:
    # The first execution waits; the second one, on another connection, is not to.
    sleeps = "SELECT pg_sleep(CASE WHEN pg_backend_pid() = %s THEN %s ELSE 0 END), pg_backend_pid()"

    async def ask() -> None:
        database = Database(place, max_size=1)
        await database.open()
        try:
            ((backend,),) = await database.fetch_all("SELECT pg_backend_pid()", [])
            asked = asyncio.create_task(database.fetch_all(sleeps, [backend, seconds]))
            async with opened(place) as other:
                if seconds:
                    await _sleeping(other, backend)
                else:
                    await asked
                await other.execute("SELECT pg_terminate_backend(%s, 10000)", [backend])
            ((_, last),) = await asked
            ((now,),) = await database.fetch_all("SELECT pg_backend_pid()", [])
            assert now != backend
            assert last == (now if seconds else backend)
            assert database.losses == 1
        finally:
            await database.close()

    run(ask())


async def _sleeping(other: Connection, backend: int) -> None:
    """Wait until a statement of a backend sleeps."""
    event = "SELECT wait_event FROM pg_stat_activity WHERE pid = %s"
    while await other.fetch_all(event, [backend]) != [("PgSleep",)]:
        await asyncio.sleep(0.05)


def test_who_gives_up_leaves_no_answer_to_the_next(place: dict[str, Any]) -> None:
    async def ask() -> None:
        database = Database(place, max_size=1)
        await database.open()
        try:
            with pytest.raises(TimeoutError):
                asked = database.fetch_all("SELECT 'old' FROM pg_sleep(0.5)", [])
                await asyncio.wait_for(asked, 0.1)
            for number in range(20):
                asked = database.fetch_all("SELECT %s::int", [number])
                assert await asked == [(number,)]
        finally:
            await database.close()

    run(ask())


def test_placeholders_are_numbered() -> None:
    assert numbered("a = %s AND b LIKE '%%s' AND c = %s") == b"a = $1 AND b LIKE '%s' AND c = $2"
