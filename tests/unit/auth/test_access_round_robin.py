"""Turns by client: each waits for one of the others, and none is lost."""

import asyncio

import pytest

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.round_robin import AHEAD, MOST_CLIENTS, Clients, RoundRobin


class Crowd:
    """Clients whose turns last until they are ended."""

    def __init__(self, turns: RoundRobin) -> None:
        self.turns = turns
        self.running: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    async def add(self, name: str) -> asyncio.Task[None]:
        """Let somebody ask for a turn; who it is, is the name up to a dot."""
        task = asyncio.create_task(self._go(name))
        await settle()
        return task

    async def add_for(self, name: str, clients: Clients) -> asyncio.Task[None]:
        """Let something that is for several clients wait for a turn."""
        task = asyncio.create_task(self._go(name, clients))
        await settle()
        return task

    async def _go(self, name: str, clients: Clients | None = None) -> None:
        self._ends[name] = asyncio.Event()
        async with self.turns.turn(clients or Clients(name.split(".")[0])):
            self.running.append(name)
            await self._ends[name].wait()
            self.running.remove(name)

    async def end(self, name: str) -> None:
        """End a turn."""
        self._ends[name].set()
        await settle()

    async def end_all(self) -> list[str]:
        """End all turns in the order in which they come; return that order."""
        order = []
        while self.running:
            order.append(self.running[0])
            await self.end(order[-1])
        return order


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_whoever_asks_for_much_keeps_others_waiting_for_one_turn() -> None:
    async def check() -> None:
        crowd = Crowd(RoundRobin(at_once=2, longest_of_one=100))
        for number in range(6):
            await crowd.add(f"greedy.{number}")
        for name in ("one.0", "other.0", "one.1"):
            await crowd.add(name)
        # Alone it has all turns, and the next when it has waited longest.
        assert await crowd.end_all() == [
            *("greedy.0", "greedy.1", "greedy.2", "one.0", "other.0"),
            *("greedy.3", "one.1", "greedy.4", "greedy.5"),
        ]

    asyncio.run(check())


def test_what_one_waits_for_is_bounded_for_one_alone() -> None:
    async def check() -> None:
        crowd = Crowd(RoundRobin(at_once=1, longest_of_one=2))
        for number in range(3):
            await crowd.add(f"greedy.{number}")
        with pytest.raises(Busy):
            await (await crowd.add("greedy.3"))
        await crowd.add("other.0")
        assert await crowd.end_all() == ["greedy.0", "greedy.1", "other.0", "greedy.2"]

    asyncio.run(check())


def test_one_alone_leaves_turns_for_others() -> None:
    async def check() -> None:
        crowd = Crowd(RoundRobin(at_once=3, longest_of_one=100, most_of_one=2))
        for number in range(4):
            await crowd.add(f"greedy.{number}")
        assert crowd.running == ["greedy.0", "greedy.1"]
        # Who has none gets the one that is left, and the next is for who has waited and may have it.
        await crowd.add("one.0")
        await crowd.add("other.0")
        assert crowd.running == ["greedy.0", "greedy.1", "one.0"]
        await crowd.end("one.0")
        assert crowd.running == ["greedy.0", "greedy.1", "other.0"]
        await crowd.end("greedy.0")
        assert crowd.running == ["greedy.1", "other.0", "greedy.2"]
        assert await crowd.end_all() == ["greedy.1", "other.0", "greedy.2", "greedy.3"]
        # Nothing is remembered of them.
        await crowd.add("greedy.4")
        await crowd.add("greedy.5")
        assert crowd.running == ["greedy.4", "greedy.5"]

    asyncio.run(check())


def test_a_turn_is_not_lost_with_who_leaves() -> None:
    async def check() -> None:
        crowd = Crowd(RoundRobin(at_once=1, longest_of_one=5))
        await crowd.add("first.0")
        leaving = [await crowd.add(f"leaver{number}.0") for number in range(3)]
        await crowd.add("last.0")
        leaving[1].cancel()
        await settle()
        # The turn is given to one who is cancelled in the same moment.
        crowd._ends["first.0"].set()
        await asyncio.sleep(0)
        leaving[0].cancel()
        leaving[2].cancel()
        await settle()
        assert crowd.running == ["last.0"]
        await crowd.end("last.0")
        await crowd.add("next.0")
        assert crowd.running == ["next.0"]

    asyncio.run(check())


def test_only_those_who_wait_are_remembered() -> None:
    async def check() -> None:
        turns = RoundRobin(at_once=1, longest_of_one=5)
        crowd = Crowd(turns)
        tasks = [await crowd.add(f"client{number}.0") for number in range(20)]
        for task in tasks[10:]:
            task.cancel()
        await settle()
        assert len(turns._lines) == 9
        await crowd.end_all()
        assert not turns._lines

    asyncio.run(check())


def test_what_somebody_else_joins_has_the_turn_that_comes_first() -> None:
    async def check() -> None:
        turns = RoundRobin(at_once=1, longest_of_one=4)
        crowd = Crowd(turns)
        for number in range(4):
            await crowd.add(f"greedy.{number}")
        wanted, one, other = Clients("greedy"), Clients("one"), Clients()
        await crowd.add_for("wanted", wanted)
        await crowd.add("third.0")
        # Through another thing that waits for it, which is joined after that.
        wanted.include(other)
        other.include(one)
        await crowd.add("one.0")
        await crowd.end("greedy.0")
        # Who waits longest of those that have had no turn is first, and it is one turn only.
        assert await crowd.end_all() == [
            *("greedy.1", "third.0", "wanted", "greedy.2", "one.0", "greedy.3"),
        ]
        assert not turns._lines and not turns._running
        assert sorted(wanted) == ["greedy", "one"]

    asyncio.run(check())


def test_whoever_joins_may_have_the_turn_that_is_left() -> None:
    async def check() -> None:
        turns = RoundRobin(at_once=3, longest_of_one=100, most_of_one=2)
        crowd = Crowd(turns)
        wanted = Clients("greedy")
        for number in range(3):
            await crowd.add(f"greedy.{number}")
        await crowd.add_for("wanted", wanted)
        assert crowd.running == ["greedy.0", "greedy.1"]
        wanted.include(Clients("one"))
        await settle()
        assert crowd.running == ["greedy.0", "greedy.1", "wanted"]
        assert turns._running == {"greedy": 2, "one": 1}
        await crowd.end_all()
        assert not turns._lines and not turns._running

    asyncio.run(check())


def test_what_is_for_several_waits_while_one_of_their_lines_has_room() -> None:
    async def check() -> None:
        turns = RoundRobin(at_once=1, longest_of_one=1)
        crowd = Crowd(turns)
        for name in ("first.0", "greedy.0", "other.0"):
            await crowd.add(name)
        with pytest.raises(Busy):
            await (await crowd.add_for("both", Clients("greedy", "other")))
        task = await crowd.add_for("one of both", Clients("greedy", "one"))
        task.cancel()
        await settle()
        assert await crowd.end_all() == ["first.0", "greedy.0", "other.0"]
        assert not turns._lines and not turns._running

    asyncio.run(check())


def test_nobody_in_particular_may_wait_for_more() -> None:
    async def check() -> None:
        crowd = Crowd(RoundRobin(at_once=1, longest_of_one=1, longest_of_nobody=3))
        tasks = [await crowd.add(f".{number}") for number in range(4)]
        with pytest.raises(Busy):
            await (await crowd.add(".4"))
        assert await crowd.end_all() == [".0", ".1", ".2", ".3"]
        assert all(task.done() for task in tasks)

    asyncio.run(check())


def test_whoever_joins_is_remembered_up_to_a_bound() -> None:
    async def check() -> None:
        turns = RoundRobin(at_once=1, longest_of_one=1)
        crowd = Crowd(turns)
        wanted, inner = Clients("first"), Clients()
        inner.include(wanted)
        await crowd.add("busy.0")
        task = await crowd.add_for("wanted", inner)
        for number in range(MOST_CLIENTS + 5):
            wanted.include(Clients(f"client{number}"))
        assert len(turns._lines) == len(list(wanted)) == len(list(inner)) == MOST_CLIENTS
        assert await crowd.end_all() == ["busy.0", "wanted"]
        await task
        assert not turns._lines and not turns._running

    asyncio.run(check())


def test_what_nobody_has_asked_for_comes_last_and_leaves_a_turn() -> None:
    async def check() -> None:
        crowd = Crowd(RoundRobin(at_once=3, longest_of_one=100, most_of_one=2))
        for name in (f"{AHEAD}.0", f"{AHEAD}.1", f"{AHEAD}.2", "one.0", "one.1", "other.0"):
            await crowd.add(name)
        # One turn was left, which a client has; the others come before the third of those.
        assert crowd.running == [f"{AHEAD}.0", f"{AHEAD}.1", "one.0"]
        await crowd.end("one.0")
        assert crowd.running == [f"{AHEAD}.0", f"{AHEAD}.1", "one.1"]
        await crowd.end(f"{AHEAD}.0")
        await crowd.end(f"{AHEAD}.1")
        # The last turn is left.
        assert crowd.running == ["one.1", "other.0"]
        await crowd.end("one.1")
        assert crowd.running == ["other.0", f"{AHEAD}.2"]
        await crowd.end_all()

    asyncio.run(check())


def test_what_nobody_had_asked_for_has_the_turn_of_the_client_that_does() -> None:
    async def check() -> None:
        crowd = Crowd(RoundRobin(at_once=2, longest_of_one=100))
        guess = Clients(AHEAD)
        await crowd.add("one.0")
        await crowd.add_for("guess", guess)
        assert crowd.running == ["one.0"]
        guess.include(Clients("other"))
        await settle()
        assert crowd.running == ["one.0", "guess"]
        await crowd.end_all()

    asyncio.run(check())
