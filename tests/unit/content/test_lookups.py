"""Look-ups that share a statement, with PostgreSQL's part played by a list."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from psycopg import DataError, OperationalError

from pulp_gomod.app.db import batching
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.compiled import Statement

ONE = Statement("SELECT %s || %s", ("word", None), (None, "!"), {"word": "text"})


class Database:
    """Answers each word with itself, twice where it is double."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.slow: set[str] = set()
        self.error: Exception | None = None
        self.free = asyncio.Event()

    async def fetch_all(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        many = "ORDINALITY" in sql
        words: list[str] = parameters[0] if many else [parameters[0]]
        assert parameters[1] == "!"
        self.asked.append(words)
        await asyncio.sleep(0)
        if self.slow & set(words):
            await self.free.wait()
        if self.error is not None:
            raise self.error
        if "wrong" in words:
            raise DataError("wrong")
        for word in words:
            # As psycopg does.
            word.encode()
        rows = [
            (place, f"{word}!")
            for place, word in enumerate(words, 1)
            for _ in range(2 if word == "double" else 0 if word == "nothing" else 1)
        ]
        return rows if many else [row[1:] for row in rows]


Scene = Callable[[Database, Lookups], Awaitable[None]]


def play(scene: Scene) -> None:
    async def main() -> None:
        database = Database()
        await scene(database, Lookups(database))  # type: ignore[arg-type]

    asyncio.run(main())


def test_each_gets_its_own_rows() -> None:
    async def scene(database: Database, batching: Lookups) -> None:
        words = ["a", "double", "nothing", "b"]
        found = await asyncio.gather(*(batching.ask(ONE, word=word) for word in words))
        assert found == [[("a!",)], [("double!",)] * 2, [], [("b!",)]]
        assert database.asked == [words]
        assert await batching.ask(ONE, word="c") == [("c!",)]
        assert database.asked[1:] == [["c"]]

    play(scene)


def test_what_comes_meanwhile_waits_for_the_next_one() -> None:
    async def scene(database: Database, batching: Lookups) -> None:
        first = asyncio.create_task(batching.ask(ONE, word="a"))
        while not database.asked:
            await asyncio.sleep(0)
        others = [asyncio.create_task(batching.ask(ONE, word=word)) for word in "bcd"]
        await asyncio.gather(first, *others)
        assert database.asked == [["a"], ["b", "c", "d"]]

    play(scene)


def test_nobody_waits_long_for_a_slow_one() -> None:
    async def scene(database: Database, batching: Lookups) -> None:
        database.slow = {"slow"}
        slow = asyncio.create_task(batching.ask(ONE, word="slow"))
        while not database.asked:
            await asyncio.sleep(0)
        assert await asyncio.wait_for(batching.ask(ONE, word="a"), 5) == [("a!",)]
        assert not slow.done()
        database.free.set()
        assert await slow == [("slow!",)]

    play(scene)


def test_there_are_bounds() -> None:
    async def scene(database: Database, asking: Lookups) -> None:
        database.slow = {"slow"}
        tasks = []
        for _ in range(batching.MOST_AT_ONCE + 3):
            tasks.append(asyncio.create_task(asking.ask(ONE, word="slow")))
            await asyncio.sleep(batching.PATIENCE * 2)
        assert len(database.asked) == batching.MOST_AT_ONCE
        tasks += [asyncio.create_task(asking.ask(ONE, word="a")) for _ in range(batching.MOST * 2)]
        await asyncio.sleep(0)
        database.free.set()
        await asyncio.gather(*tasks)
        assert max(map(len, database.asked)) == batching.MOST

    play(scene)


@pytest.mark.parametrize(("wrong", "fault"), [("wrong", DataError), ("\udcff", UnicodeError)])
def test_one_wrong_value_is_its_own_fault(wrong: str, fault: type[Exception]) -> None:
    async def scene(database: Database, batching: Lookups) -> None:
        words = ["a", wrong, "b"]
        asking = [batching.ask(ONE, word=word) for word in words]
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert (found[0], found[2]) == ([("a!",)], [("b!",)])
        assert isinstance(found[1], fault)

    play(scene)


def test_a_database_that_is_gone_is_told_to_all_and_asked_again() -> None:
    async def scene(database: Database, batching: Lookups) -> None:
        database.error = OperationalError("gone")
        asking = [batching.ask(ONE, word=word) for word in "abc"]
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(each, OperationalError) for each in found)
        database.error = None
        assert await batching.ask(ONE, word="a") == [("a!",)]

    play(scene)


def test_who_gave_up_is_no_harm_to_others() -> None:
    async def scene(database: Database, batching: Lookups) -> None:
        gone = asyncio.create_task(batching.ask(ONE, word="a"))
        there = asyncio.create_task(batching.ask(ONE, word="b"))
        await asyncio.sleep(0)
        gone.cancel()
        assert await there == [("b!",)]
        with pytest.raises(asyncio.CancelledError):
            await gone

    play(scene)
