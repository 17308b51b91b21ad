"""Very many reports are held against very many versions once, for as long as that comes to the same."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.content.repository.conditions import vulnerable  # isort: skip
from pulp_gomod.app.content.repository.distributions import ServedDistribution  # isort: skip
from pulp_gomod.app.content.repository.judge import Question, Verdict  # isort: skip
from pulp_gomod.app.models.findings import About, about_version  # isort: skip
from pulp_gomod.app.models.stopping import Policy  # isort: skip
from pulp_gomod.golang.osv import Affected, Event  # isort: skip

PATH = "example.com/m"
DB = str(UUID(int=1))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
VERSIONS = [f"v1.{minor}.0" for minor in range(50)]


def about(number: int, withdrawn: datetime | None = None) -> About:
    ranges = ((Event("0", "", ""), Event("", f"1.{number}.0", "")),)
    listed = (Affected(PATH, ranges),)
    return About(PATH, f"GO-2026-{number}", "it is bad", True, None, withdrawn, listed, ())


def condition(abouts: tuple[About, ...]) -> vulnerable.VulnerableCondition:
    reports = vulnerable.Reports(None)  # type: ignore[arg-type]
    reports._known.put((DB, b"1", PATH), abouts)
    reports._known.put((DB, b"2", PATH), abouts[:-1])
    return vulnerable.VulnerableCondition(reports)


def question(now: datetime, revision: bytes = b"1", versions: int = 50) -> Question:
    said = {"vulnerable_mode": "enforce", "vulnerable_db": DB}
    policy = Policy(revision, "careful", NOW, said)
    target = ServedDistribution("", "m", UUID(int=2), None, UUID(int=3), NOW, None, policy=policy)
    return Question(target, PATH, VERSIONS[:versions], now)


def test_it_is_found_out_once_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def counted(*given: Any) -> Any:
        found.append(given)
        return about_version(*given)

    monkeypatch.setattr(vulnerable, "about_version", counted)
    later = NOW + timedelta(days=1)
    many = condition((*map(about, range(1, 31)), about(40, withdrawn=later)))

    def judge(asked: Question) -> tuple[Verdict, int]:
        found.clear()
        return asyncio.run(many.judge(asked)), len(found)

    first, computed = judge(question(NOW))
    assert computed == len(VERSIONS) and first.until == later
    assert sorted(first.stops) == sorted(VERSIONS[:40])
    assert judge(question(NOW + timedelta(hours=1))) == (first, 0)
    # Once a report is withdrawn, with another policy or database, and of other versions it is something else.
    after, computed = judge(question(later))
    assert computed and sorted(after.stops) == sorted(VERSIONS[:30])
    other, computed = judge(question(NOW, b"2"))
    assert computed and sorted(other.stops) == sorted(VERSIONS[:30])
    fewer, computed = judge(question(NOW, versions=35))
    assert computed and sorted(fewer.stops) == sorted(VERSIONS[:35])
    # What takes no time is not remembered.
    assert judge(question(NOW, versions=2))[1] and judge(question(NOW, versions=2))[1]
