"""The conditions `vulnerable` and `malicious` of policies: what is known to be bad, by the databases that are here."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pulp_gomod.app.content.repository import vulndb_queries as queries
from pulp_gomod.app.content.repository.judge import Question, Verdict
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.models.findings import COLUMNS, About, about_version
from pulp_gomod.app.models.stopping import Policy, Stop
from pulp_gomod.golang.osv import subjects_of

# Modules whose reports are remembered, and how many reports of all of them.
_MOST_MODULES = 50_000
_MOST_REPORTS = 100_000

# Reports that are held against versions in less time than it takes to remember the outcome, and versions of which it
# is remembered, in all: of mirrors, which are asked for the same lists again and again.
_FEW = 1_000
_MOST_JUDGED = 200_000

_Key = tuple[str, bytes, str]
Found = Sequence[tuple[About, str]]


class _Judged(NamedTuple):
    """
    What came of holding many reports against many versions.

    Attributes:
        versions: How many these were.
    """

    verdict: Verdict
    versions: int

    def is_right(self, now: datetime) -> bool:
        """Say whether it comes to the same now."""
        return self.verdict.until is None or now < self.verdict.until


class Reports:
    """
    Reads what is reported about modules: one statement for each module and revision.

    Args:
        lookups: Where to ask.
    """

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._known: Lru[_Key, tuple[About, ...]] = Lru(_MOST_MODULES, _MOST_REPORTS, len)

    async def about(self, vulndb: str, revision: bytes, path: str) -> tuple[About, ...]:
        """
        Return all reports about a module.

        Args:
            vulndb: The pk of the database.
            revision: Of the policy that names it: it changes whenever the database does.
            path: The module path.
        """
        key = (vulndb, revision, path)
        known = self._known.get(key)
        if known is None:
            rows = await self._lookups.ask(
                queries.reports(), **queries.values_of(UUID(vulndb), path)
            )
            known = await self._remember(key, rows)
        return known

    def needs(self, vulndb: str, revision: bytes, path: str) -> Sequence[Need]:
        """Say what `about` would look up."""
        key = (vulndb, revision, path)
        if self._known.get(key) is not None:
            return ()

        async def keep(rows: list[Row]) -> None:
            await self._remember(key, rows)

        return [Need(queries.reports(), len(COLUMNS), queries.values_of(UUID(vulndb), path), keep)]

    async def _remember(self, key: _Key, rows: list[Row]) -> tuple[About, ...]:
        known = await compute(len(rows), lambda: tuple(About.of(row) for row in rows))
        self._known.put(key, known)
        return known


class _ReportCondition:
    """What reports of one database stop; a subclass says which reports, and in what words."""

    name: str

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._judged: Lru[tuple[bytes, str, tuple[str, ...]], _Judged] = Lru(
            _MOST_JUDGED, _MOST_JUDGED, lambda judged: judged.versions
        )

    async def needs(self, question: Question) -> Sequence[Need]:
        """As Condition.needs."""
        policy = question.target.policy
        vulndb = policy.said.get(f"{self.name}_db")
        return self._reports.needs(vulndb, policy.revision, question.path) if vulndb else ()

    async def judge(self, question: Question) -> Verdict:
        """As Condition.judge."""
        policy = question.target.policy
        vulndb = policy.said.get(f"{self.name}_db")
        if not vulndb:
            return Verdict({})
        about = await self._reports.about(vulndb, policy.revision, question.path)
        counted = [each for each in about if self._counts(policy, each)]
        if not counted:
            return Verdict({})
        items = len(counted) * len(question.versions)
        key = (policy.revision, question.path, tuple(question.versions))
        judged = self._judged.get(key) if items > _FEW else None
        if judged is not None and judged.is_right(question.now):
            return judged.verdict
        stops = await compute(items, self._stops, question, counted)
        ends = [each.withdrawn for each in counted if each.withdrawn is not None]
        verdict = Verdict(stops, min((end for end in ends if end > question.now), default=None))
        if items > _FEW:
            self._judged.put(key, _Judged(verdict, len(question.versions)))
        return verdict

    def _stops(self, question: Question, counted: Sequence[About]) -> dict[str, Stop]:
        policy, path = question.target.policy, question.path
        stops = {}
        # Of each release of Go there is a version for each platform.
        judged: dict[tuple[tuple[str, str], ...], Found] = {}
        for version in question.versions:
            subjects = tuple(subjects_of(path, version))
            found = judged.get(subjects)
            if found is None:
                found = about_version(counted, path, version, question.now)
                judged[subjects] = found
            if found:
                line = self._line(f"{path}@{version}", found, policy)
                stops[version] = Stop(self.name, policy.mode(self.name), line)
        return stops

    def _counts(self, policy: Policy, about: About) -> bool:
        return True

    def _line(self, what: str, found: Found, policy: Policy) -> str:
        raise NotImplementedError


class VulnerableCondition(_ReportCondition):
    """Stops versions of which a vulnerability is known."""

    name = "vulnerable"

    def _counts(self, policy: Policy, about: About) -> bool:
        if not (about.is_reviewed or policy.said.get("vulnerable_unreviewed")):
            return False
        return about.is_as_severe(policy.said.get("vulnerable_severity"))

    def _line(self, what: str, found: Found, policy: Policy) -> str:
        first, fixed = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        fix = f"fixed in {fixed}" if fixed else "no version fixes it yet"
        return (
            f"{what} is vulnerable: {first.report}{more} ({first.summary}), {fix}; the policy "
            f'"{policy.name}" stops it here; to ask for it, {policy.whom(what)}'
        )


class MaliciousCondition(_ReportCondition):
    """Stops versions that were reported to be made to do harm."""

    name = "malicious"

    def _line(self, what: str, found: Found, policy: Policy) -> str:
        first, _ = found[0]
        return (
            f"{what} is reported as malicious: {first.report} ({first.summary}); the policy "
            f'"{policy.name}" stops it here; to ask for it, {policy.whom(what)}'
        )
