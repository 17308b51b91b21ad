"""Computing what is shown of module versions: documentation, READMEs and licences."""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.search import SearchVector
from django.db import DataError, IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.utils import timezone

from pulpcore.plugin.constants import TASK_STATES
from pulpcore.plugin.models import ContentArtifact, ProgressReport, RepositoryContent, Task

from pulp_gomod.app.models import GoDocumentation, GoModule, GoPackage, GoRepository
from pulp_gomod.app.models.documentation import LONGEST_PATH, OFF, PROGRAM, dispatch_documenting
from pulp_gomod.app.models.found_by import tell, untold
from pulp_gomod.app.models.listed import GoListedModule
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.module import storable
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.faults import DamagedFileError
from pulp_gomod.app.storage.reading import ZipReader
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.documenter.process import DocumenterFailed, document_apart

log = logging.getLogger(__name__)

TURN = 20.0
"""Seconds after which a task ends and dispatches the next one, so that a worker is free for others."""

_BATCH = 50
_LONGEST_ERROR = 1000


def document_modules(repository_pk: str, since: int = 0, anew: str | None = None) -> dict[str, int]:
    """
    Document the module versions of a repository that have no documentation.

    Args:
        repository_pk: The repository, which others may change at the same time.
        since: The number of the first version whose additions are looked at; 0 for all that is held.
        anew: A time: what was computed before it is computed again, though it is there.

    Returns:
        dict: How many were documented, and of how many no documentation could be computed.

    Raises:
        StorageUnavailableError: The storage failed: another task has to look at the rest.
    """
    done = {"documented": 0, "failed": 0}
    repository = GoRepository.objects.filter(pk=repository_pk).first()
    if repository is None or settings.GOMOD_DOCUMENTATION == OFF:
        return done
    before = datetime.fromisoformat(anew) if anew else None
    zips = ZipReader(storage_of(repository.pulp_domain))
    begun, end = timezone.now(), time.monotonic() + TURN
    with ProgressReport(message="Documenting modules", code="gomod.documentation") as progress:
        while batch := list(_undocumented(repository, since, before)[:_BATCH]):
            for unit in batch:
                state = _document(unit, zips)
                _tell_of(repository, unit)
                done["failed" if state == GoDocumentation.State.FAILED else "documented"] += 1
                progress.increment()
                if time.monotonic() > end or _others_wait(begun):
                    dispatch_documenting(repository, since, anew)
                    return done
    if not _tell_rest(repository, since, end):
        dispatch_documenting(repository, since, anew)
    return done


def _others_wait(since: datetime) -> bool:
    """Say whether a task, such as a publish, waits for nothing but a worker by now: there may be one alone."""
    waiting = Task.objects.filter(state=TASK_STATES.WAITING, unblocked_at__gt=since)
    return bool(waiting.exists())


def _tell_rest(repository: GoRepository, since: int, end: float) -> bool:
    """Note what those modules are found by that were documented for others, too; False if the time is over."""
    rest = untold(repository.pk, repository.pulp_domain_id)
    if since:
        added = RepositoryContent.objects.filter(
            repository=repository, version_added__number__gte=since
        )
        units = GoModule.objects.filter(pk__in=added.values("content_id"))
        rest = rest.filter(module__in=units.values("module"))
    last = ""
    while batch := list(rest.filter(module__gt=last)[:_BATCH]):
        if time.monotonic() > end:
            return False
        _tell(batch)
        last = batch[-1].module
    return True


def _tell_of(repository: GoRepository, unit: GoModule) -> None:
    """Note what a module is found by, a version of which was documented just now, maybe again."""
    listed = GoListedModule.objects.filter(repository=repository, module=unit.module)
    listed.filter(told=unit.pk).update(told=None)
    _tell(untold(repository.pk, repository.pulp_domain_id).filter(module=unit.module))


def _tell(modules: Iterable[GoListedModule]) -> None:
    """Note what modules are found by."""
    for listed in modules:
        unit = GoModule.objects.filter(pk=listed.newest).first()
        if unit is not None:
            tell(listed, unit)


def _undocumented(
    repository: GoRepository, since: int, before: datetime | None
) -> "QuerySet[GoModule]":
    known = GoDocumentation.objects.filter(unit=OuterRef("pk"), program=PROGRAM)
    if before is not None:
        known = known.filter(computed__gte=before)
    units = GoModule.objects.filter(~Exists(known))
    if since:
        added = RepositoryContent.objects.filter(
            repository=repository, version_added__number__gte=since, content_id=OuterRef("pk")
        )
        units = units.filter(Exists(added))
    else:
        units = held_in(units, repository.latest_version())
    # Without the type, pulpcore would ask for that of each unit by itself.
    return units.only("pulp_type", "module", "version").order_by("-version_key")


def _document(unit: GoModule, zips: ZipReader) -> str:
    """Document a module version, and return the state of that."""
    found: dict[str, Any] = {}
    packages: list[dict[str, Any]] = []
    error = ""
    try:
        with _opened(unit, zips) as descriptor:
            seconds = settings.GOMOD_DOCUMENTATION_SECONDS
            for each in document_apart(descriptor, unit.module, unit.version, seconds):
                if "package" in each:
                    packages.append(each["package"])
                else:
                    found |= each
    except (DocumenterFailed, DamagedFileError) as failure:
        error = str(failure)[:_LONGEST_ERROR]
        log.warning("Cannot document all of %s: %s", unit, error)
    documentation = _documentation(unit, found, packages, error)
    try:
        with transaction.atomic():
            _save(documentation, packages)
    except DataError as failure:
        log.error("PostgreSQL does not take the documentation of %s: %s", unit, failure)
        documentation = _documentation(unit, {}, [], "the database does not take it")
        _save(documentation, [])
    except (GoModule.DoesNotExist, IntegrityError):
        log.info("%s has gone meanwhile", unit)
    return str(documentation.state)


def _documentation(
    unit: GoModule, found: dict[str, Any], packages: list[dict[str, Any]], error: str
) -> GoDocumentation:
    cut = found.get("end", {}).get("cut", [])
    state = GoDocumentation.State.CUT if cut or error else GoDocumentation.State.COMPLETE
    if "module" not in found:
        state = GoDocumentation.State.FAILED
    return GoDocumentation(
        unit=unit,
        state=state,
        program=PROGRAM,
        error=storable(error),
        cut=cut,
        synopsis=_synopsis(unit, packages),
        packages_count=len(packages),
        computed=timezone.now(),
        **found.get("module", {}),
    )


def _synopsis(unit: GoModule, packages: list[dict[str, Any]]) -> str:
    """Return the synopsis of the root package, or of the only one that is not internal."""
    public = [each for each in packages if not each["internal"]]
    chosen = [each for each in public if each["import_path"] == unit.module]
    chosen = chosen or (public if len(public) == 1 else [])
    return chosen[0]["synopsis"] if chosen else ""


def _save(documentation: GoDocumentation, packages: list[dict[str, Any]]) -> None:
    unit = documentation.unit
    GoModule.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=unit.pk)
    GoPackage.objects.filter(unit=unit).delete()
    GoDocumentation.objects.filter(unit=unit).delete()
    documentation.save(force_insert=True)
    for start in range(0, len(packages), _BATCH):
        rows = [GoPackage(unit=unit, **_columns(each)) for each in packages[start : start + _BATCH]]
        GoPackage.objects.bulk_create(rows)


def _columns(package: dict[str, Any]) -> dict[str, Any]:
    names = {symbol[0].rpartition(".")[2].lower() for symbol in package["symbols"]}
    path = package["import_path"]
    return {
        **package,
        "names": sorted(names),
        "imports": [each for each in package["imports"] if len(each.encode()) <= LONGEST_PATH],
        "words": _words(path, package["name"], package["synopsis"]),
    }


def _words(path: str, name: str, synopsis: str) -> Any:
    """Make what a search finds: the end of the path and the name, all of the path, the synopsis."""
    parts = path.replace(".", " ").replace("-", " ").replace("_", " ").replace("/", " ")
    return (
        SearchVector(Value(f"{path.rpartition('/')[2]} {name}"), weight="A", config="simple")
        + SearchVector(Value(f"{path} {parts}"), weight="B", config="simple")
        + SearchVector(Value(synopsis), weight="C", config="english")
    )


@contextmanager
def _opened(unit: GoModule, zips: ZipReader) -> Iterator[int]:
    """Open the zip of a module version, as a file descriptor."""
    stored = (
        ContentArtifact.objects.filter(content=unit, artifact__isnull=False)
        .select_related("artifact")
        .first()
    )
    if stored is None:
        raise DamagedFileError(f"{unit} has no zip")
    artifact = stored.artifact
    zip_ = StoredZip(
        artifact.pk, artifact.file.name, artifact.size, artifact.sha256, artifact.pulp_created
    )
    with zips.opened(zip_, settings.WORKING_DIRECTORY) as descriptor:
        yield descriptor
