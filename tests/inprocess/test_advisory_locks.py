"""Processes take turns: one does what the others find done."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from django.db import connection

from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.locks import AdvisoryLocks
from pulp_gomod.app.db.pool import connection_parameters
from tests.unit import django_set_up  # noqa: F401

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
VALUES = {"name": "it"}
LONG = 30.0


@pytest.fixture
def look(content_url: str) -> Iterator[Statement]:
    """A statement that looks whether something was done."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE gomod_done (name text, way text)")
    yield Statement(
        "SELECT way FROM gomod_done WHERE name = %s", ("name",), (None,), {"name": "text"}
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE gomod_done")


@asynccontextmanager
async def processes() -> AsyncIterator[tuple[AdvisoryLocks, AdvisoryLocks]]:
    """What two processes have."""
    one, other = (AdvisoryLocks(connection_parameters()) for _ in range(2))
    try:
        yield one, other
    finally:
        await one.close()
        await other.close()


def do() -> None:
    """Do it, and be done."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO gomod_done VALUES ('it', 'well')")


def test_who_waited_finds_what_was_done(look: Statement) -> None:
    async def story() -> None:
        async with processes() as (one, other):

            async def wait() -> tuple[bool, object]:
                async with other.take(KEY, LONG, look, VALUES) as turn:
                    return turn.waited, turn.rows

            async with one.take(KEY, LONG, look, VALUES) as turn:
                assert (turn.waited, turn.rows) == (False, [])
                waiting = asyncio.create_task(wait())
                await asyncio.sleep(0.1)
                assert not waiting.done()
                await asyncio.to_thread(do)
            # It asks nothing more, and gives its turn up all the same.
            assert await waiting == (True, [("well",)])

    asyncio.run(story())


def test_other_things_are_not_waited_for(look: Statement) -> None:
    async def story() -> None:
        async with (
            processes() as (one, other),
            one.take(KEY, LONG, look, VALUES),
            other.take(OTHER, LONG, look, VALUES) as turn,
        ):
            assert (turn.waited, turn.rows) == (False, [])

    asyncio.run(story())


def test_a_turn_that_is_taken_again_at_once_is_held(look: Statement) -> None:
    async def story() -> None:
        async with processes() as (one, other):
            async with one.take(KEY, LONG, look, VALUES):
                pass
            async with one.take(KEY, LONG, look, VALUES) as turn:
                assert turn.rows == []
                # Longer than it takes to give up the first one.
                async with other.take(KEY, 0.2, look, VALUES) as later:
                    # Its time was up, and it was told nothing.
                    assert (later.waited, later.rows) == (True, None)

    asyncio.run(story())


def test_a_turn_of_somebody_who_is_gone_is_given_up(look: Statement) -> None:
    async def story() -> None:
        async with processes() as (one, other):

            async def wait() -> None:
                async with one.take(KEY, LONG, look, VALUES):
                    pytest.fail("it was called off before")

            called_off = asyncio.create_task(wait())
            # It has asked, and has no answer.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            called_off.cancel()
            await asyncio.wait({called_off})
            async with other.take(KEY, LONG, look, VALUES) as turn:
                assert turn.rows == []

    asyncio.run(story())


def test_without_a_database_everybody_goes_at_once(look: Statement) -> None:
    async def story() -> None:
        nowhere = AdvisoryLocks({**connection_parameters(), "host": "/nonexistent"})
        async with nowhere.take(KEY, LONG, look, VALUES) as turn:
            assert (turn.waited, turn.rows) == (False, None)

    asyncio.run(story())
