"""The condition `hold`: versions are not served before they have been known for some days."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pulp_gomod.app.content.repository.conditions.ages import AGAIN, UNKNOWN, Age, Ages, Found
from pulp_gomod.app.content.repository.judge import Question, Verdict
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.models import GoRelease
from pulp_gomod.app.models.stopping import Mode, Stop
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.golang import module, semver

HOLD: Final = "hold"

# After that what was said is looked at again: more may be known of an age, or of what a version fixes.
_RENEWED: Final = timedelta(seconds=600)


@dataclass(frozen=True, slots=True)
class Hold:
    """
    What a policy says of it.

    Attributes:
        days: For how many days.
        mode: How far it goes.
        exempt: Patterns of modules that are not held back.
        own: Whether what was published here is held back, too, and what the repository held before.
        by_info: Whether the time in `.info` is believed of what no checksum database knows.
        since: Since when the policy holds anything back; None where only whoever asks wants it.
        who: Who holds back, for people.
        whom: Says what whoever is stopped by a module version can do, for people.
    """

    days: int
    mode: Mode
    exempt: str
    own: bool
    by_info: bool
    since: datetime | None
    who: str
    whom: Callable[[str], str]

    @classmethod
    def of(cls, question: Question) -> "Hold":
        """Read it from the policy of a question."""
        policy, said = question.target.policy, question.target.policy.said
        since = said.get("hold_since")
        asked = said.get("hold_asked")
        return cls(
            days=said["hold_days"],
            mode=policy.mode(HOLD),
            exempt=said.get("hold_exempt") or "",
            own=bool(said.get("hold_own")),
            by_info=said.get("hold_clock") == "info_time",
            since=datetime.fromisoformat(since) if since else None,
            who=f"hold/{asked}d in the URL of this GOPROXY"
            if asked
            else f'the policy "{policy.name}"',
            # A policy that there may be as well is satisfied with less.
            whom=(lambda named: f"ask without hold/{asked}d") if asked else policy.whom,
        )

    def exempts(self, age: Age) -> bool:
        """Say whether a version need not wait, because of how or when it came here."""
        if self.own or age.held is None:
            return False
        is_older = self.since is not None and age.held < self.since
        return age.how == GoRelease.Source.UPLOADED or is_older

    def end(self, age: Age) -> datetime | None:
        """Return when a version is free; None if that is not known."""
        return None if age.since is None else age.since + timedelta(days=self.days)

    def is_free(self, age: Age, now: datetime) -> bool:
        """
        Say whether a version is not held back.

        Args:
            now: The time.
        """
        end = self.end(age)
        return self.exempts(age) or (end is not None and end <= now)


class HoldCondition:
    """
    Holds back what is young.

    Args:
        ages: Knows the ages of versions.
    """

    name = HOLD

    def __init__(self, ages: Ages) -> None:
        self._ages = ages

    async def needs(self, question: Question) -> Sequence[Need]:
        """As Condition.needs."""
        hold = Hold.of(question)
        if module.match_prefix_patterns(hold.exempt, question.path):
            return ()
        return await self._ages.needs(
            question.target,
            question.path,
            question.versions,
            is_enough=lambda age: hold.is_free(age, question.now),
            by_info=hold.by_info,
            may_fetch=question.may_fetch,
        )

    async def judge(self, question: Question) -> Verdict:
        """As Condition.judge."""
        hold = Hold.of(question)
        if module.match_prefix_patterns(hold.exempt, question.path):
            return Verdict({})
        try:
            found = await self._ages.of(
                question.target,
                question.path,
                question.versions,
                is_enough=lambda age: hold.is_free(age, question.now),
                by_info=hold.by_info,
                may_fetch=question.may_fetch,
                days=hold.days,
            )
        except UpstreamFault:
            if hold.mode is Mode.OBSERVE:
                return Verdict({})
            raise
        return await compute(len(question.versions), _verdict, question, hold, found)


def _verdict(question: Question, hold: Hold, found: Found) -> Verdict:
    stops: dict[str, Stop] = {}
    passed: dict[str, Stop] = {}
    ends = []
    unknown = _unknown(question, hold)
    newest = _newest_free(question, hold, found) if found.reports else ""
    for version in _judged(question, found.ages):
        age = found.ages.get(version, UNKNOWN)
        end = hold.end(age)
        if hold.is_free(age, question.now):
            continue
        if (report := _fix(found, version, newest)) is not None:
            line = f"{question.path}@{version} is not held back by {hold.who}: it fixes {report}"
            passed[version] = Stop(HOLD, hold.mode, line)
            ends.append(question.now + _RENEWED)
        elif end is None:
            stops[version] = unknown
            ends.append(question.now + AGAIN)
        else:
            line = _line(question, hold, version, age, found.database)
            stops[version] = Stop(HOLD, hold.mode, line, end)
            # More may be known before that: of its age, or of what it fixes.
            ends.append(min(end, question.now + _RENEWED))
    return Verdict(stops, min(ends, default=None), passed)


def _newest_free(question: Question, hold: Hold, found: Found) -> str:
    """Return the newest version that is not held back, or ""."""
    free = [version for version, age in found.others().items() if hold.is_free(age, question.now)]
    return max(
        free, key=lambda each: (not semver.prerelease(each), semver.sort_key(each)), default=""
    )


def _fix(found: Found, version: str, newest: str) -> str | None:
    """Return the report that a version fixes, by which the newest free version is affected; None if there is none."""
    for report in found.reports:
        if report.is_fixed_by(version) and (not newest or report.is_about(newest)):
            return report.name
    return None


def _judged(question: Question, found: Mapping[str, Age]) -> Sequence[str]:
    """Return the versions to judge: a single one that nobody knows does not exist, and need not be stopped."""
    may_exist = question.target.remote is not None and not question.may_fetch
    if len(question.versions) == 1 and not may_exist:
        return [version for version in question.versions if version in found]
    return question.versions


def _unknown(question: Question, hold: Hold) -> Stop:
    line = (
        f"{question.path} is held back here for {hold.days} days by {hold.who}, and it is not known yet how old this "
        "version is; try again"
    )
    return Stop(HOLD, hold.mode, line)


def _line(question: Question, hold: Hold, version: str, age: Age, database: str) -> str:
    end = hold.end(age)
    assert age.since is not None and end is not None
    if age.number is not None:
        seen = f"is record {age.number} of {database}, known since {_time(age.since)}"
    else:
        seen = f"is known here since {_time(age.since)}"
    named = f"{question.path}@{version}"
    return (
        f"{named} is held back here for {hold.days} days by {hold.who}: it {seen}, "
        f"and is free on {_time(end)}; to get it earlier, {hold.whom(named)}"
    )


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")
