"""Which reports are about a module version: the rows of a database of vulnerabilities, quickly asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pulp_gomod.golang.osv import Affected, Event, fixed_in, same, subjects_of, version_tag

COLUMNS: Final = (
    "module",
    "report",
    "summary",
    "is_reviewed",
    "severity",
    "withdrawn",
    "affected",
    "silenced",
)
"""Columns of GoVulnReport that `About` is made of."""


@dataclass(frozen=True, slots=True)
class About:
    """
    What a report says about one module.

    Attributes:
        module: The module, as reports call it.
        report: The ID of the report.
        summary: What it is, in one line.
        is_reviewed: Whether its ranges were looked at by somebody.
        severity: From 0 to 10, or None if nobody says.
        withdrawn: When it was withdrawn, or None.
        affected: Which versions.
        silenced: Versions to which it does not apply as somebody says, "" for all.
    """

    module: str
    report: str
    summary: str
    is_reviewed: bool
    severity: float | None
    withdrawn: datetime | None
    affected: tuple[Affected, ...]
    silenced: tuple[str, ...]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "About":
        """
        Read a row.

        Args:
            row: The columns of COLUMNS.
        """
        module, report, summary, is_reviewed, severity, withdrawn, affected, silenced = row
        listed = tuple(_affected(module, *each) for each in affected)
        return cls(
            module, report, summary, is_reviewed, severity, withdrawn, listed, tuple(silenced)
        )

    def affects(self, version: str, now: datetime) -> bool:
        """
        Say whether a version is affected, and nobody says that it is not.

        Args:
            now: The time.
        """
        if self.withdrawn is not None and self.withdrawn <= now:
            return False
        if any(not each or same(each, version) for each in self.silenced):
            return False
        return any(each.names(version) for each in self.affected)

    def is_as_severe(self, least: float | None) -> bool:
        """
        Say whether it is not known to be less severe.

        Args:
            least: From 0 to 10; None for any.
        """
        return least is None or self.severity is None or self.severity >= least


def about_version(
    reports: Iterable[About], path: str, version: str, now: datetime
) -> list[tuple[About, str]]:
    """
    Return the reports that affect a module version, the most severe first, each with the version that fixes it.

    Args:
        reports: What there is about the module.
        path: The module path.
        now: The time.
    """
    found: dict[str, tuple[About, str]] = {}
    for name, subject in subjects_of(path, version):
        for each in reports:
            if each.module == name and each.affects(subject, now):
                fixed = fixed_in(each.affected, subject)
                shown = (f"v{fixed}" if name == path else version_tag(fixed)) if fixed else ""
                found.setdefault(each.report, (each, shown))
    return sorted(found.values(), key=_urgency)


def _urgency(found: tuple[About, str]) -> tuple[float, bool, str]:
    about, _ = found
    return (-(about.severity or 0.0), not about.is_reviewed, about.report)


def _affected(module: str, ranges: Any, versions: Any) -> Affected:
    events = (
        None
        if ranges is None
        else tuple(tuple(Event(*event) for event in listed) for listed in ranges)
    )
    return Affected(module, events, tuple(versions))
