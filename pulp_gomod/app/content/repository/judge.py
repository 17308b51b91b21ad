"""
What a policy stops, asked in one place.

A policy has lists (see `models.stopping`), and further conditions that have to look something up: each is a Condition.
Its settings are columns of the policy, its decisions hold until the policy's revision changes or a time comes.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.modules import Found
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.models.stopping import Mode, Policy, Stop, Waiver

AT_ONCE = 100
"""Modules that are judged without a break: each takes 20 to 50 µs where all is known."""


@dataclass(frozen=True, slots=True)
class Question:
    """
    Whether versions of a module are stopped.

    Attributes:
        target: The distribution, with its policy and what it serves.
        path: The module path.
        versions: Canonical versions; or any text that an upstream says is a version.
        now: The time for which it is asked.
        may_fetch: Whether an upstream may be asked: only for whoever asks for a file of the module.
        gives_zips: Whether zips are given away with the answer, so that what can only be known of these has to be known.
        zip: The zip of the only version, once it is here; None if it is not asked for.
    """

    target: ServedDistribution
    path: str
    versions: Sequence[str]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    may_fetch: bool = False
    gives_zips: bool = False
    zip: Found | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What one condition says.

    Attributes:
        stops: Why versions are stopped; the others pass.
        until: When that may be otherwise although nobody has changed the policy; None for never. It counts for
            versions that pass, too.
        passed: What would be stopped, but for an exception that the condition itself makes: its line says which.
    """

    stops: Mapping[str, Stop]
    until: datetime | None = None
    passed: Mapping[str, Stop] = field(default_factory=dict)


class Condition(Protocol):
    """
    A condition of policies that has to look something up.

    Attributes:
        name: What it is called: its mode is the column `<name>_mode`.
    """

    name: str

    async def needs(self, question: Question) -> Sequence[Need]:
        """
        Say what has to be looked up first, and is not known yet; `judge` is asked next.

        What all conditions of a policy need is asked of the database at once.

        Args:
            question: What will be asked.
        """

    async def judge(self, question: Question) -> Verdict:
        """
        Say what the condition stops; asked only where its mode is not off.

        Where something cannot be looked up, it decides what is then right.

        Args:
            question: What is asked.

        Raises:
            UpstreamFault: An upstream that has to be asked failed; only if it may be asked.
        """


class ZipCondition(Protocol):
    """
    A condition that has to look into a zip which is about to be sent.

    Attributes:
        name: As of Condition.
    """

    name: str

    async def judge(self, question: Question) -> Verdict:
        """
        As Condition.judge.

        Args:
            question: What is asked; it has the zip.
        """


@dataclass(frozen=True, slots=True)
class Judged:
    """
    What a policy says.

    Attributes:
        stops: Why versions are stopped, the condition that goes the furthest first; the others pass.
        until: As of Verdict.
        passed: Those that a condition itself made an exception of, for the record.
        waived: Those that a waiver exempts, for the record.
    """

    stops: dict[str, list[Stop]]
    until: datetime | None = None
    passed: list[tuple[str, Stop]] = field(default_factory=list)
    waived: list[tuple[str, Stop]] = field(default_factory=list)

    def enforced(self, version: str) -> bool:
        """Say whether a version is not even served to whoever asks for it by name."""
        return any(stop.mode is Mode.ENFORCE for stop in self.stops.get(version, ()))


class Judge:
    """
    Says what policies stop.

    Args:
        lookups: Where conditions look up what they need.
        conditions: Those that have to look something up.
        of_zips: Those that have to look into a zip that is about to be sent.
    """

    def __init__(
        self,
        lookups: Lookups,
        conditions: Sequence[Condition] = (),
        of_zips: Sequence[ZipCondition] = (),
    ) -> None:
        self._lookups = lookups
        self._conditions = conditions
        self._of_zips = of_zips

    async def prepare(self, question: Question, others: Sequence[Need] = ()) -> None:
        """
        Look up, with one statement at most, what `ask` will need to know.

        Args:
            question: What will be asked.
            others: What whoever asks needs besides.
        """
        needs = list(others)
        for each in self._asked_by(question.target.policy):
            needs += await each.needs(question)
        await self._lookups.meet(needs)

    async def ask(self, question: Question) -> Judged:
        """
        Say what the policy of a distribution stops.

        Args:
            question: What is asked.
        """
        policy = question.target.policy
        if not policy:
            return Judged({})
        await self.prepare(question)
        verdicts = [await each.judge(question) for each in self._asked_by(policy)]
        return await compute(len(question.versions), _judged, question, verdicts)

    async def ask_each(self, questions: Sequence[Question]) -> list[Judged]:
        """
        Do what `ask` does, of many modules: some at a time, so that nobody else waits for all of them.

        Args:
            questions: What is asked.
        """
        found: list[Judged] = []
        for start in range(0, len(questions), AT_ONCE):
            found += await asyncio.gather(*map(self.ask, questions[start : start + AT_ONCE]))
        return found

    async def ask_of_zip(self, question: Question, before: Judged) -> Judged:
        """
        Say what the policy has against a zip that `ask` has let pass.

        Args:
            question: What is asked; it has the zip.
            before: What `ask` has said of the same version: conditions are not asked twice that had anything to say.
        """
        policy, (version,) = question.target.policy, question.versions
        said = {stop.condition for stop in before.stops.get(version, ())}
        said |= {stop.condition for _, stop in before.waived}
        verdicts = [
            await each.judge(question)
            for each in self._of_zips
            if policy.mode(each.name) and each.name not in said
        ]
        return _judged(question, verdicts, has_lists=False)

    def ask_lists(self, question: Question) -> Judged | None:
        """
        Say what a policy stops that has nothing but lists; None if it takes more.

        Args:
            question: What is asked.
        """
        if self._asked_by(question.target.policy):
            return None
        return _judged(question, ())

    def _asked_by(self, policy: Policy) -> list[Condition]:
        return [each for each in self._conditions if policy.mode(each.name)]


def _judged(question: Question, verdicts: Sequence[Verdict], has_lists: bool = True) -> Judged:
    policy, path = question.target.policy, question.path
    ends = [verdict.until for verdict in verdicts]
    found: dict[str, list[Stop]] = {}
    passed = [each for verdict in verdicts for each in verdict.passed.items()]
    waived: list[tuple[str, Stop]] = []
    for version in question.versions:
        stops = policy.stops(path, version) if has_lists else []
        stops += (each.stops[version] for each in verdicts if version in each.stops)
        if not stops:
            continue
        kept, exempt = _without_waived(policy, question, version, stops)
        ends += (waiver.until for _, waiver in exempt)
        waived += ((version, stop) for stop, _ in exempt)
        if kept:
            found[version] = sorted(kept, key=lambda stop: -stop.mode)
    until = min((end for end in ends if end is not None), default=None)
    return Judged(found, until, passed, waived)


def _without_waived(
    policy: Policy, question: Question, version: str, stops: Sequence[Stop]
) -> tuple[list[Stop], list[tuple[Stop, Waiver]]]:
    """Return the stops from which nothing exempts a version, and the others with what does."""
    kept, exempt = [], []
    for stop in stops:
        waiver = policy.waiver(question.path, version, stop.condition, question.now)
        if waiver is None:
            kept.append(stop)
        else:
            exempt.append((stop, waiver))
    return kept, exempt
