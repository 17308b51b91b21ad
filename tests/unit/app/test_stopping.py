"""What policies stop: by their lists, by further conditions, and not where something is waived."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.judge import (
    Condition,
    Judge,
    Judged,
    Question,
    Verdict,
)
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.pool import Database
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.models.patterned import Patterned
from pulp_gomod.app.models.stopping import NONE, Mode, Policy, Stop
from pulp_gomod.golang import module
from pulp_gomod.golang.module import match_prefix_patterns
from tests.unit import django_set_up  # noqa: F401

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def policy(**conditions: Any) -> Policy:
    return Policy(b"1", "vetted", NOW, conditions)


def test_what_can_be_done_is_said_with_the_domain_where_that_is_not_the_default_one() -> None:
    asking = 'pulp{} gomod waiver request m@v1.0.0 --policy "vetted"'
    assert asking.format("") in policy().whom("m@v1.0.0")
    of_team = Policy(b"1", "vetted", NOW, {}, "team")
    for each in (of_team, of_team.lengthened(3)):
        assert asking.format(" --domain team") in each.whom("m@v1.0.0")


def entry(module: str, versions: str = "") -> dict[str, str]:
    return {"module": module, "versions": versions, "reason": "bad", "since": "2025-12-24"}


def judge_of(*conditions: Condition) -> Judge:
    # There is no database, and nothing that conditions need of one.
    return Judge(Lookups(cast(Database, None)), conditions)


def judged(policy: Policy, path: str, version: str, judge: Judge | None = None) -> Judged:
    target = ServedDistribution("", "base", uuid4(), None, uuid4(), NOW, None, policy=policy)
    question = Question(target, path, [version], NOW)
    return asyncio.run((judge or judge_of()).ask(question))


def test_a_policy_stops_what_a_pattern_and_a_range_cover() -> None:
    made = policy(deny_mode="enforce", deny=[entry("example.com/*/old", "<v2.0.0")])
    (stop,) = made.stops("example.com/a/old/sub", "v1.9.0+incompatible")
    assert all(word in stop.line for word in ("bad", "2025-12-24", '"vetted"', "v1.9.0"))
    assert not made.stops("example.com/a/old", "v2.0.0")
    assert not made.stops("example.com/a", "v1.9.0")


_PATTERNS = [
    "example.com",
    "example.com/",
    "example.com/a",
    "example.com/a/b",
    "example.com/*",
    "*.com/a",
    "example.com/a/[a-c]",
    "example.com/?",
    "example.com/a\\\\b",
    "[",
    "other.com,example.com/a/*",
    ",example.com/a,",
    "exampl*",
    "example.com/a/b/",
]
_MODULES = [
    "example.com",
    "example.com/a",
    "example.com/a/b",
    "example.com/a/b/c",
    "example.com/ab",
    "exampl.org",
    "other.com/x",
    "a",
]


@pytest.mark.parametrize("path", _MODULES)
def test_patterns_are_found_as_go_compares_them(path: str) -> None:
    found = Patterned(_PATTERNS, str).of(path)
    assert found == [each for each in _PATTERNS if match_prefix_patterns(each, path)]


def test_a_thousand_rules_are_not_compared_with_each_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []

    def counted(globs: str, path: str) -> bool:
        compared.append(globs)
        return match_prefix_patterns(globs, path)

    monkeypatch.setattr(module, "match_prefix_patterns", counted)
    rules = [entry(f"example.com/m{number}") for number in range(500)]
    rules += [entry(f"example.org/m{number}/*") for number in range(500)]
    made = policy(deny_mode="enforce", deny=rules)
    assert made.stops("example.com/m7/v2", "v2.0.0") and made.stops("example.org/m499/x", "v1.0.0")
    assert not made.stops("example.com/m500", "v1.0.0")
    assert compared == ["example.org/m499/*"]


def test_whoever_asks_about_very_many_modules_holds_up_nobody() -> None:
    made = policy(deny_mode="enforce", deny=[entry("example.com/m7")])
    target = ServedDistribution("", "base", uuid4(), None, uuid4(), NOW, None, policy=made)
    questions = [Question(target, f"example.com/m{n}", ["v1.0.0"], NOW) for n in range(2000)]

    async def ask() -> tuple[list[Judged], int]:
        asked = asyncio.ensure_future(judge_of().ask_each(questions))
        turns = 0
        while not asked.done():
            await asyncio.sleep(0)
            turns += 1
        return asked.result(), turns

    found, turns = asyncio.run(ask())
    assert [n for n, each in enumerate(found) if each.stops] == [7]
    # Others had their turn each hundred modules.
    assert turns >= 20


def test_a_condition_stops_by_name_only_if_it_is_enforced() -> None:
    for mode in Mode:
        made = policy(deny_mode=mode.name.lower(), deny=[entry("example.com")])
        assert bool(made) is (mode > Mode.OFF) and made.reach is mode
        said = judged(made, "example.com/m", "v1.0.0")
        assert said.enforced("v1.0.0") is (mode is Mode.ENFORCE)
        assert bool(said.stops) is (mode > Mode.OFF)


def test_the_condition_that_goes_the_furthest_is_told_first() -> None:
    made = policy(
        deny_mode="lists", deny=[entry("a.com")], allow_mode="enforce", allow=[entry("b.com")]
    )
    stops = judged(made, "a.com/m", "v1.0.0").stops["v1.0.0"]
    assert [stop.condition for stop in stops] == ["allow", "deny"]
    assert judged(made, "b.com/m", "v1.0.0").stops == {}


class Young:
    """Stops all that it is asked about, for a day."""

    name = "young"

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def needs(self, question: Question) -> Sequence[Need]:
        return ()

    async def judge(self, question: Question) -> Verdict:
        self.asked += question.versions
        mode = question.target.policy.mode(self.name)
        end = question.now + DAY
        stops = {each: Stop(self.name, mode, "too young", end) for each in question.versions}
        return Verdict(stops, end)


def test_a_further_condition_is_asked_unless_it_is_off_and_its_end_is_told() -> None:
    young = Young()
    judge = judge_of(young)
    assert not judged(policy(young_mode="off"), "a.com/m", "v1.0.0", judge).stops
    assert young.asked == []
    said = judged(
        policy(young_mode="lists", deny_mode="enforce", deny=[entry("a.com")]),
        "a.com/m",
        "v1.0.0",
        judge,
    )
    assert [stop.condition for stop in said.stops["v1.0.0"]] == ["deny", "young"]
    assert said.until == NOW + DAY and young.asked == ["v1.0.0"]


def waiver(**fields: Any) -> Mapping[str, Any]:
    return {"name": "w1", "pattern": "a.com", "versions": "<v2.0.0", **fields}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (waiver(), []),
        (waiver(conditions=["young"]), ["deny"]),
        (waiver(conditions=["young", "deny"]), []),
        (waiver(versions="v2.0.0"), ["deny", "young"]),
        (waiver(pattern="b.com"), ["deny", "young"]),
        (waiver(until=str(NOW)), ["deny", "young"]),
    ],
)
def test_a_waiver_exempts_from_what_it_names(given: Mapping[str, Any], left: list[str]) -> None:
    made = policy(young_mode="enforce", deny_mode="enforce", deny=[entry("a.com")], waivers=[given])
    said = judged(made, "a.com/m", "v1.0.0", judge_of(Young()))
    assert [stop.condition for stop in said.stops.get("v1.0.0", ())] == left


def test_what_is_waived_is_so_until_the_waiver_ends() -> None:
    end = NOW + DAY / 2
    made = policy(deny_mode="enforce", deny=[entry("a.com")], waivers=[waiver(until=str(end))])
    said = judged(made, "a.com/m", "v1.0.0")
    assert said.stops == {} and said.until == end


@pytest.mark.parametrize(
    ("given", "days", "wanted"),
    [
        ({}, 14, (14, 14)),
        ({"hold_days": 7, "hold_mode": "enforce"}, 14, (14, 14)),
        ({"hold_days": 30, "hold_mode": "enforce"}, 14, (30, 0)),
        ({"hold_days": 30, "hold_mode": "lists"}, 14, (30, 0)),
        ({"hold_days": 30, "hold_mode": "observe"}, 14, (14, 14)),
        ({"hold_days": 30, "hold_mode": "off"}, 14, (14, 14)),
    ],
)
def test_who_asks_for_a_hold_lengthens_it(
    given: dict[str, Any], days: int, wanted: tuple[int, int]
) -> None:
    settled = policy(deny_mode="off", **given)
    made = settled.lengthened(days)
    assert (made.said["hold_days"], made.said["hold_asked"]) == wanted
    assert made.mode("hold") is Mode.ENFORCE and made and made != settled
    assert not policy(hold_days=0, hold_mode="enforce") and NONE.lengthened(1)


def test_what_was_lengthened_once_is_remembered_and_not_without_end() -> None:
    settled = policy(deny_mode="off")
    assert settled.lengthened(14) is settled.lengthened(14)
    made = [settled.lengthened(days) for days in range(1, 100)]
    assert [each.said["hold_days"] for each in made] == list(range(1, 100))
    assert len(settled._longer) <= 8


def test_the_next_waiver_that_ends_is_the_first_one_of_those_that_hold() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ends = [None, *((now + timedelta(days=days)).isoformat() for days in (-1, 3, 2))]
    waivers = [{"name": "w", "pattern": "m", "versions": "", "until": end} for end in ends]
    assert policy(waivers=waivers).waived_until(now) == now + timedelta(days=2)
    assert policy(waivers=waivers[:2]).waived_until(now) is None


def test_who_denies_nothing_stops_nothing() -> None:
    assert not policy(deny_mode="enforce", deny=[]) and not NONE
