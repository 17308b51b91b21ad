"""Turns: one at a time for each, in order of rank, and never lost."""

import asyncio

import pytest

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.fair_queue import FairQueue


class Crowd:
    """Clients of a queue whose turns last until they are ended."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.running: list[str] = []
        self.done: list[str] = []
        self.failures: dict[str, float] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def add(self, name: str, rank: float = 0.0) -> asyncio.Task[None]:
        """Let somebody ask for a turn; who it is, is the name up to a dot."""
        task = asyncio.create_task(self._go(name, rank))
        await settle()
        return task

    async def _go(self, name: str, rank: float) -> None:
        self._ends[name] = asyncio.Event()
        who = name.split(".")[0]
        async with self.queue.turn(who, lambda: self.failures.get(who, rank)):
            self.running.append(name)
            await self._ends[name].wait()
            self.running.remove(name)
            self.done.append(name)

    async def end(self, name: str) -> None:
        """End a turn."""
        self._ends[name].set()
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_nobody_has_two_turns_at_once() -> None:
    async def check() -> None:
        crowd = Crowd(FairQueue(at_once=2, longest=100, longest_of_one=100))
        for number in range(5):
            await crowd.add(f"greedy.{number}")
        assert crowd.running == ["greedy.0"]
        await crowd.add("other")
        assert crowd.running == ["greedy.0", "other"]
        await crowd.end("greedy.0")
        assert crowd.running == ["other", "greedy.1"]

    asyncio.run(check())


def test_those_who_have_not_failed_go_first() -> None:
    async def check() -> None:
        crowd = Crowd(FairQueue(at_once=1, longest=100, longest_of_one=100))
        for number in range(20):
            await crowd.add(f"guesser{number}", rank=number + 1)
        await crowd.add("honest")
        await crowd.add("also honest")
        await crowd.end("guesser0")
        await crowd.end("honest")
        await crowd.end("also honest")
        assert crowd.done == ["guesser0", "honest", "also honest"]
        assert crowd.running == ["guesser1"]

    asyncio.run(check())


def test_what_one_of_them_has_done_counts_for_all_that_wait_at_the_same_address() -> None:
    async def check() -> None:
        crowd = Crowd(FairQueue(at_once=1, longest=100, longest_of_one=100))
        for number in range(20):
            await crowd.add(f"guesser.{number}")
        await crowd.add("honest")
        crowd.failures["guesser"] = 1.0
        await crowd.end("guesser.0")
        assert crowd.running == ["honest"]

    asyncio.run(check())


def test_a_full_queue_has_room_for_those_who_have_not_failed() -> None:
    async def check() -> None:
        crowd = Crowd(FairQueue(at_once=1, longest=2, longest_of_one=100))
        await crowd.add("first")
        guessers = [await crowd.add(f"guesser{n}", rank=n) for n in (1, 2)]
        with pytest.raises(Busy):
            await (await crowd.add("guesser3", rank=3))
        await crowd.add("honest")
        with pytest.raises(Busy):
            await guessers[1]
        await crowd.end("first")
        assert crowd.running == ["honest"]

    asyncio.run(check())


def test_nobody_fills_the_queue_alone() -> None:
    async def check() -> None:
        crowd = Crowd(FairQueue(at_once=1, longest=10, longest_of_one=3))
        for number in range(4):
            await crowd.add(f"greedy.{number}")
        with pytest.raises(Busy):
            await (await crowd.add("greedy.4"))
        await crowd.add("other")
        for name in ("greedy.0", "greedy.1", "greedy.2", "greedy.3", "other"):
            await crowd.end(name)
        assert len(crowd.done) == 5

    asyncio.run(check())


def test_a_turn_is_not_lost_with_who_leaves() -> None:
    async def check() -> None:
        crowd = Crowd(FairQueue(at_once=1, longest=10, longest_of_one=3))
        await crowd.add("first")
        leaving = [await crowd.add(f"leaver{number}") for number in range(3)]
        await crowd.add("last")
        leaving[1].cancel()
        await settle()
        # The turn is given to one who is cancelled in the same moment.
        crowd._ends["first"].set()
        await asyncio.sleep(0)
        leaving[0].cancel()
        leaving[2].cancel()
        await settle()
        assert crowd.running == ["last"]
        await crowd.end("last")
        await crowd.add("next")
        assert crowd.running == ["next"]

    asyncio.run(check())
