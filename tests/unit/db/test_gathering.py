"""What is wanted at a moment is done together, and each gets what came of its own."""

import asyncio
from collections.abc import Sequence

import pytest

from pulp_gomod.app.db.gathering import MOST_BYTES, Gathering


class Work:
    """Doubles numbers, when it is let."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.calls.append(list(numbers))
        await self.go.wait()
        if 13 in numbers:
            raise LookupError("13")
        return [ValueError(number) if number < 0 else 2 * number for number in numbers]


def test_whatever_comes_meanwhile_is_done_together() -> None:
    async def story() -> None:
        work = Work()
        gathering = Gathering(work, most=3)
        first = asyncio.create_task(gathering.do(1))
        await asyncio.sleep(0.01)
        assert work.calls == [[1]]
        others = [asyncio.create_task(gathering.do(number)) for number in (2, -3, 4, 5)]
        gone = asyncio.create_task(gathering.do(6))
        await asyncio.sleep(0)
        gone.cancel()
        work.go.set()
        results = await asyncio.gather(first, *others, return_exceptions=True)
        assert [
            type(result) if isinstance(result, Exception) else result for result in results
        ] == [
            2,
            4,
            ValueError,
            8,
            10,
        ]
        # In the order in which they came, and nothing that nobody waits for.
        assert work.calls == [[1], [2, -3, 4], [5]]
        assert await gathering.do(7) == 14

    asyncio.run(story())


def test_all_are_told_that_it_failed_and_the_next_are_not() -> None:
    async def story() -> None:
        work = Work()
        work.go.set()
        gathering = Gathering(work)
        results = await asyncio.gather(gathering.do(1), gathering.do(13), return_exceptions=True)
        assert [type(result) for result in results] == [LookupError, LookupError]
        assert await gathering.do(2) == 4

    asyncio.run(story())


def test_the_first_waits_for_others_where_it_may() -> None:
    async def story() -> None:
        work = Work()
        work.go.set()
        gathering = Gathering(work, linger=0.05)
        first = asyncio.create_task(gathering.do(1))
        await asyncio.sleep(0.01)
        assert await asyncio.gather(first, gathering.do(2)) == [2, 4]
        assert work.calls == [[1, 2]]

    asyncio.run(story())


def test_who_waits_for_what_is_called_off_is_told_so() -> None:
    async def story() -> None:
        gathering = Gathering(Work())
        waiting = asyncio.create_task(gathering.do(1))
        await asyncio.sleep(0.01)
        (running,) = asyncio.all_tasks() - {waiting, asyncio.current_task()}
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(story())


def test_no_more_is_taken_at_once_than_memory_is_for() -> None:
    async def story() -> None:
        work = Work()
        work.go.set()
        gathering = Gathering(work, lambda number: number * MOST_BYTES // 10)
        doubled = await asyncio.gather(*map(gathering.do, (20, 4, 5, 3, 1)))
        assert doubled == [40, 8, 10, 6, 2]
        # What is too large alone is done alone.
        assert work.calls == [[20], [4, 5], [3, 1]]

    asyncio.run(story())


def test_what_was_put_off_goes_with_what_is_next() -> None:
    async def story() -> None:
        work = Work()
        work.go.set()
        gathering = Gathering(work)
        put_off = [gathering.put_off(number, 60.0) for number in (1, 2)]
        await asyncio.sleep(0.01)
        assert work.calls == []
        assert await gathering.do(3) == 6
        assert await asyncio.gather(*put_off) == [2, 4]
        assert work.calls == [[3, 1, 2]]

    asyncio.run(story())


def test_what_was_put_off_is_done_by_itself_after_a_while() -> None:
    async def story() -> None:
        work = Work()
        work.go.set()
        gathering = Gathering(work)
        put_off = [gathering.put_off(number, 0.01) for number in (1, 2)]
        assert await asyncio.gather(*put_off) == [2, 4]
        assert work.calls == [[1, 2]]
        # And so is what is put off later.
        assert await gathering.put_off(3, 0.01) == 6

    asyncio.run(story())


def test_what_was_put_off_is_done_when_somebody_waits_for_it() -> None:
    async def story() -> None:
        work = Work()
        work.go.set()
        gathering = Gathering(work)
        put_off = gathering.put_off(1, 60.0)
        await gathering.settle(60.0)
        assert put_off.result() == 2
        failed = gathering.put_off(13, 60.0)
        gathering.hurry()
        with pytest.raises(LookupError):
            await failed

    asyncio.run(story())
