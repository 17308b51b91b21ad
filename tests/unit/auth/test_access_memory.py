"""What is remembered of passwords and decisions, and for how long."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from pulp_gomod.app.auth.decisions import Decisions
from pulp_gomod.app.auth.passwords import PasswordMemory


@dataclass
class User:
    pk: int = 1
    password: str = "pbkdf2$one"


def test_a_verified_password_is_recalled() -> None:
    memory, user = PasswordMemory(), User()
    assert not memory.recall(user, "secret")
    memory.remember(user, "secret")
    assert memory.recall(user, "secret")
    assert memory.recall(User(), "secret")


def test_nothing_else_is_recalled() -> None:
    memory = PasswordMemory()
    memory.remember(User(), "secret")
    assert not memory.recall(User(), "Secret")
    assert not memory.recall(User(), "")
    assert not memory.recall(User(pk=2), "secret")
    assert not memory.recall(User(password="pbkdf2$two"), "secret")
    assert not PasswordMemory().recall(User(), "secret")


def test_parts_do_not_run_together() -> None:
    memory = PasswordMemory()
    memory.remember(User(1, "hash"), "x\ny")
    assert not memory.recall(User(1, "hash\nx"), "y")
    memory.remember(User(11, "hash"), "p")
    assert not memory.recall(User(1, "1hash"), "p")


def test_any_text_may_be_a_password() -> None:
    memory = PasswordMemory()
    for password in ("", "\0", "\udcff", "ä" * 100_000):
        memory.remember(User(), password)
        assert memory.recall(User(), password)


def test_a_password_is_forgotten_after_its_time() -> None:
    memory = PasswordMemory(seconds=-0.001)
    memory.remember(User(), "secret")
    assert not memory.recall(User(), "secret")


def test_the_memory_of_passwords_is_bounded() -> None:
    memory = PasswordMemory(most=10)
    for number in range(30):
        memory.remember(User(), str(number))
        memory.remember(User(), "29")
    assert [n for n in range(30) if memory.recall(User(), str(n))] == list(range(20, 30))


class Judge:
    """Decides as it is told, and counts how often it was asked."""

    def __init__(self, answer: str = "yes", pause: float = 0.0) -> None:
        self.answer = answer
        self.pause = pause
        self.asked = 0

    async def decide(self) -> str:
        answer = self.answer
        self.asked += 1
        await asyncio.sleep(self.pause)
        if answer == "broken":
            raise RuntimeError("broken")
        return answer


def keeps_yes(answer: str) -> float | None:
    return 0.0 if answer == "yes" else None


def keeps(seconds: float) -> Callable[[str], float | None]:
    return lambda answer: seconds


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await asyncio.wait_for(story(), 20)

    asyncio.run(told())


def test_many_at_once_are_answered_by_one_decision() -> None:
    async def story() -> None:
        judge, decisions = Judge(pause=0.05), Decisions(keeps_yes)
        answers = await asyncio.gather(*(decisions.get("key", judge.decide) for _ in range(100)))
        assert answers == ["yes"] * 100
        assert judge.asked == 1
        assert await decisions.get("key", judge.decide) == "yes"
        assert judge.asked == 1
        await decisions.get("other key", judge.decide)
        assert judge.asked == 2

    run(story)


def test_only_what_is_to_be_kept_is() -> None:
    async def story() -> None:
        judge, decisions = Judge("no"), Decisions(keeps_yes)
        assert await decisions.get("key", judge.decide) == "no"
        judge.answer = "yes"
        assert await decisions.get("key", judge.decide) == "yes"
        judge.answer = "no"
        assert await decisions.get("key", judge.decide) == "yes"
        assert judge.asked == 2

    run(story)


def test_a_decision_holds_from_the_moment_at_which_it_began_to_be_made() -> None:
    async def story() -> None:
        judge, decisions = Judge(pause=0.06), Decisions(keeps_yes, lifetime=0.1)
        await decisions.get("key", judge.decide)
        judge.answer = "no"
        assert await decisions.get("key", judge.decide) == "yes"
        await asyncio.sleep(0.05)
        assert await decisions.get("key", judge.decide) == "no"

    run(story)


def test_an_old_decision_in_the_making_is_not_waited_for() -> None:
    async def story() -> None:
        judge, decisions = Judge(pause=0.2), Decisions(keeps_yes, lifetime=0.1)
        early = asyncio.create_task(decisions.get("key", judge.decide))
        await asyncio.sleep(0.02)
        judge.answer = "no"
        late = await decisions.get("key", judge.decide)
        assert await early == "yes"
        # What began before it was asked, and took longer than a decision holds, is no answer to it.
        assert late == "no"
        assert judge.asked == 2

    run(story)


def test_all_who_wait_for_a_failure_see_it_and_the_next_asks_anew() -> None:
    async def story() -> None:
        judge, decisions = Judge("broken", pause=0.02), Decisions(keeps_yes)
        waiting = [decisions.get("key", judge.decide) for _ in range(5)]
        failures = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(each) for each in failures] == ["broken"] * 5
        assert judge.asked == 1
        judge.answer = "yes"
        assert await decisions.get("key", judge.decide) == "yes"

    run(story)


def test_who_gives_up_waiting_does_not_stop_the_others() -> None:
    async def story() -> None:
        judge, decisions = Judge(pause=0.05), Decisions(keeps_yes)
        first = asyncio.create_task(decisions.get("key", judge.decide))
        second = asyncio.create_task(decisions.get("key", judge.decide))
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == "yes"
        assert judge.asked == 1

    run(story)


def test_the_memory_of_decisions_is_bounded() -> None:
    async def story() -> None:
        judge, decisions = Judge(), Decisions(keeps_yes, most=10)
        for number in range(30):
            await decisions.get(number, judge.decide)
        assert len(decisions._kept) == 10
        await decisions.get(29, judge.decide)
        assert judge.asked == 30
        await decisions.get(0, judge.decide)
        assert judge.asked == 31

    run(story)


def test_what_is_over_makes_room() -> None:
    async def story() -> None:
        judge, decisions = Judge(), Decisions(keeps_yes, lifetime=0.02)
        for number in range(5):
            await decisions.get(number, judge.decide)
        await asyncio.sleep(0.03)
        await decisions.get(5, judge.decide)
        assert list(decisions._kept) == [5]

    run(story)


def test_a_decision_holds_while_nothing_changes() -> None:
    async def story() -> None:
        judge, decisions = Judge(), Decisions(keeps(0.2), lifetime=0.01)
        assert await decisions.get("key", judge.decide, "state 1") == "yes"
        judge.answer = "no"
        await asyncio.sleep(0.05)
        assert await decisions.get("key", judge.decide, "state 1") == "yes"
        assert await decisions.get("key", judge.decide, "state 2") == "no"
        await asyncio.sleep(0.05)
        judge.answer = "later"
        assert await decisions.get("key", judge.decide, "state 2") == "no"
        await asyncio.sleep(0.2)
        assert await decisions.get("key", judge.decide, "state 2") == "later"

    run(story)


def test_a_young_decision_holds_whatever_changes() -> None:
    async def story() -> None:
        judge, decisions = Judge(), Decisions(keeps_yes, lifetime=5)
        for state in ("state 1", "state 2", ""):
            assert await decisions.get("key", judge.decide, state) == "yes"
        assert judge.asked == 1

    run(story)


def test_an_unknown_state_is_never_the_same() -> None:
    async def story() -> None:
        judge, decisions = Judge(), Decisions(keeps(5.0), lifetime=0.01)
        await decisions.get("key", judge.decide)
        await asyncio.sleep(0.03)
        await decisions.get("key", judge.decide)
        assert judge.asked == 2

    run(story)


def test_a_decision_is_of_the_state_in_which_it_was_begun() -> None:
    async def story() -> None:
        judge = Judge(pause=0.05)
        decisions = Decisions(keeps(5.0), lifetime=0.001)
        first = asyncio.create_task(decisions.get("key", judge.decide, "state 1"))
        await asyncio.sleep(0.01)
        # Somebody who comes in another state waits for a decision of that.
        second = asyncio.create_task(decisions.get("key", judge.decide, "state 2"))
        assert [await first, await second] == ["yes", "yes"]
        assert judge.asked == 2
        await asyncio.sleep(0.01)
        await decisions.get("key", judge.decide, "state 2")
        assert judge.asked == 2
        await decisions.get("key", judge.decide, "state 1")
        assert judge.asked == 3

    run(story)
