"""How a content process asks PostgreSQL whether anything was written, on a real one."""

import asyncio
from typing import Any

import pytest
from psycopg import OperationalError

from pulp_gomod.app.db import snapshots
from pulp_gomod.app.db.pool import Database
from tests.functional.test_connection import opened, place, run

__all__ = ["place"]

# What each transaction that writes gets.
WRITE = "SELECT pg_current_xact_id()"


def test_a_snapshot_is_another_one_after_a_write(place: dict[str, Any]) -> None:
    async def ask() -> None:
        database = Database(place)
        await database.open()
        try:
            before = await database.snapshot()
            async with opened(place) as other:
                await other.fetch_all(WRITE, [])
            after = await database.snapshot()
            assert after.name != before.name
            assert after.began > before.began
        finally:
            await database.close()

    run(ask())


def test_all_who_ask_at_a_time_get_the_same(place: dict[str, Any]) -> None:
    async def ask() -> None:
        database = Database(place)
        await database.open()
        try:
            found = await asyncio.gather(*(database.snapshot() for _ in range(5)))
            assert len({id(each) for each in found}) == 1
            # Who asks later is not told what was seen before.
            assert (await database.snapshot()).began > found[0].began
        finally:
            await database.close()

    run(ask())


def test_who_stops_waiting_stops_nobody_else(place: dict[str, Any]) -> None:
    async def ask() -> None:
        database = Database(place)
        await database.open()
        try:
            first, second = (asyncio.create_task(database.snapshot()) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            assert (await second).name
            assert first.cancelled()
        finally:
            await database.close()

    run(ask())


def test_a_lost_connection_is_told_and_replaced(place: dict[str, Any]) -> None:
    async def ask() -> None:
        database = Database(place | {"application_name": "snapshots that are lost"})
        await database.open()
        try:
            await database.snapshot()
            async with opened(place) as other:
                await other.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                    "WHERE application_name = 'snapshots that are lost'"
                )
            with pytest.raises(OperationalError):
                await database.snapshot()
            assert database.losses == 1
            # The pool may have had others that are lost.
            await database.fetch_all("SELECT 1", [])
            assert (await database.snapshot()).name
        finally:
            await database.close()

    run(ask())


def test_a_crash_is_noticed_by_whoever_asks_first(place: dict[str, Any]) -> None:
    async def ask() -> None:
        database = Database(place | {"application_name": "connections of before"})
        await database.open()
        try:
            await database.snapshot()
            async with opened(place) as other:
                ours = "FROM pg_stat_activity WHERE application_name = 'connections of before'"
                # One is kept for snapshots, and another is as old.
                while (await other.fetch_all(f"SELECT count(*) {ours}", []))[0][0] < 2:
                    await asyncio.sleep(0.05)
                await other.fetch_all(f"SELECT pg_terminate_backend(pid, 10000) {ours}", [])
            await database.fetch_all("SELECT 1", [])
            assert database.losses == 1
        finally:
            await database.close()

    run(ask())


def test_what_is_being_asked_ends_with_the_app(place: dict[str, Any]) -> None:
    async def ask() -> None:
        database = Database(place)
        await database.open()
        asking = asyncio.create_task(database.snapshot())
        await asyncio.sleep(0)
        await asyncio.wait_for(database.close(), 5)
        with pytest.raises((asyncio.CancelledError, OperationalError)):
            await asking

    run(ask())


@pytest.mark.parametrize(("longest", "times"), [(60.0, 1), (-1.0, 3)])
def test_the_pool_gets_its_connection_back(
    place: dict[str, Any], monkeypatch: pytest.MonkeyPatch, longest: float, times: int
) -> None:
    monkeypatch.setattr(snapshots, "LONGEST_KEPT", longest)

    async def ask() -> None:
        database = Database(place)
        await database.open()
        try:
            for _ in range(3):
                await database.snapshot()
            assert database._pool.get_stats()["requests_num"] == times
        finally:
            await database.close()

    run(ask())
