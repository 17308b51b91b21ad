"""Zips that a repository version lacks: of module versions that a sync chose, and left for when they are asked for."""

from django.db.models import QuerySet

from pulpcore.plugin.models import ProgressReport, RepositoryVersion, Task

from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.modfile import GoModFile

CODE = "gomod.zips_missing"
_NAMED = 5
_WAY_OUT = (
    "They are fetched when they are requested, through a distribution that serves the repository and has "
    "the remote; to fetch them now, sync with policy immediate, or add content using with_zips"
)


def awaited(version: RepositoryVersion) -> QuerySet:
    """Find the go.mod files of a version whose zips are to come."""
    return held_in(_awaiting(version), version)


def report_added(version: RepositoryVersion) -> None:
    """Say in the task, if there is one, which zips a version in the making lacks of what it adds."""
    _report(_awaiting(version).filter(version_memberships__version_added=version))


def report_missing(version: RepositoryVersion) -> None:
    """Say in the task, if there is one, which zips a version lacks."""
    _report(awaited(version))


def _awaiting(version: RepositoryVersion) -> QuerySet:
    return GoModFile.objects.filter(awaits_zip=True, _pulp_domain=version.repository.pulp_domain_id)


def _report(units: QuerySet) -> None:
    task = Task.current()
    if task is None:
        return
    names = [f"{path}@{version}" for path, version in _first(units)]
    if not names:
        return
    count = len(names) if len(names) <= _NAMED else units.count()
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    ProgressReport.objects.create(
        message=f"zips missing: {count} ({', '.join(names[:_NAMED])}{more}). {_WAY_OUT}",
        code=CODE,
        state="completed",
        total=count,
        done=count,
        task=task,
    )


def _first(units: QuerySet) -> QuerySet:
    return units.order_by("module", "version").values_list("module", "version")[: _NAMED + 1]
