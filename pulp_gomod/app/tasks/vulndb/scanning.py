"""Scanning a repository version: pulpcore's reports of vulnerabilities, from the database that is here."""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from pulpcore.plugin.models import ProgressReport, RepositoryVersion, VulnerabilityReport
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.models import GoModule, GoVulndb, GoVulnFile, GoVulnReport
from pulp_gomod.app.models.findings import COLUMNS, About, about_version
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.golang.osv import names_of
from pulp_gomod.golang.vulndb import file_of_report, report_of_file

_BATCH = 500
# Module versions whose reports are written together: those of Go's own releases have hundreds of reports.
_WRITTEN = 25
# Reports that are remembered while a repository is scanned, and the bytes of them.
_MOST_DOCUMENTS = 2000
_MOST_BYTES = 16 * 1024 * 1024


class Scanned(TypedDict):
    """
    What came of a scan: the result of the task.

    Attributes:
        scanned: Module versions that were looked at.
        vulnerable: Those of which a vulnerability is known.
        cleared: Those that had a report and have none any more.
    """

    scanned: int
    vulnerable: int
    cleared: int


class _Unit(NamedTuple):
    pk: UUID
    module: str
    version: str


def scan(
    repository_version_pk: str = "", vulndb_pk: str = "", repository_pk: str = ""
) -> Scanned | None:
    """
    Note with each module version which reports of a database are about it, and with none what is not any more.

    Args:
        repository_version_pk: What to scan; "" for the newest version of the repository.
        vulndb_pk: The GoVulndb.

    Returns:
        What came of it; null if what was to be scanned has been deleted meanwhile.
    """
    version = _version(repository_version_pk, repository_pk)
    vulndb = GoVulndb.objects.filter(pk=vulndb_pk, pulp_domain=get_domain_pk()).first()
    if version is None or vulndb is None:
        return None
    try:
        return _scan(version, vulndb)
    except IntegrityError:
        # Nobody who changes the repository waits for this.
        if RepositoryVersion.objects.filter(pk=version.pk).exists():
            raise
        return None


def _version(pk: str, repository_pk: str) -> RepositoryVersion | None:
    versions = RepositoryVersion.objects.filter(repository__pulp_domain=get_domain_pk())
    if pk:
        return versions.filter(pk=pk).first()
    newest = versions.complete().filter(repository=repository_pk).order_by("-number")
    return newest.first()


def _scan(version: RepositoryVersion, vulndb: GoVulndb) -> Scanned:
    scanning = _Scan(version, vulndb)
    units = held_in(GoModule.objects.all(), version).order_by("module", "pk")
    rows = units.values_list("pk", "module", "version").iterator(chunk_size=_BATCH)
    with ProgressReport(
        message="Scanning modules", code="gomod.scanning", total=units.count()
    ) as progress:
        for batch in _batches(map(_Unit._make, rows)):
            scanning.take(batch)
            progress.increase_by(len(batch))
    return scanning.result


class _Scan:
    def __init__(self, version: RepositoryVersion, vulndb: GoVulndb) -> None:
        self._version = version
        self._vulndb = vulndb
        self._now = timezone.now()
        self._documents: Lru[str, bytes] = Lru(_MOST_DOCUMENTS, _MOST_BYTES, len)
        self.result: Scanned = {"scanned": 0, "vulnerable": 0, "cleared": 0}

    def take(self, units: Sequence[_Unit]) -> None:
        about = self._about({name for unit in units for name in names_of(unit.module)})
        found = {}
        for unit in units:
            reports = [each for name in names_of(unit.module) for each in about.get(name, ())]
            if affecting := about_version(reports, unit.module, unit.version, self._now):
                found[unit] = [each for each, _ in affecting]
        self.result["scanned"] += len(units)
        self.result["vulnerable"] += len(found)
        clean = [unit.pk for unit in units if unit not in found]
        _, gone = VulnerabilityReport.objects.filter(content__in=clean).delete()
        self.result["cleared"] += gone.get("core.VulnerabilityReport", 0)
        for part in _batches(found.items(), _WRITTEN):
            self._write(dict(part))

    def _about(self, names: set[str]) -> dict[str, list[About]]:
        rows = GoVulnReport.objects.filter(vulndb=self._vulndb, module__in=names)
        about: dict[str, list[About]] = {}
        for row in rows.values_list(*COLUMNS):
            each = About.of(row)
            about.setdefault(each.module, []).append(each)
        return about

    def _write(self, found: dict[_Unit, list[About]]) -> None:
        documents = self._load({each.report for reports in found.values() for each in reports})
        with transaction.atomic():
            known = {
                report.content_id: report
                for report in VulnerabilityReport.objects.filter(
                    content__in=[unit.pk for unit in found]
                )
            }
            made, changed = [], []
            for unit, reports in found.items():
                vulns = [
                    _of_module(documents[each.report], unit.module)
                    for each in reports
                    if each.report in documents
                ]
                report = known.get(unit.pk)
                if report is None:
                    report = VulnerabilityReport(
                        content_id=unit.pk, vulns=vulns, pulp_domain_id=self._vulndb.pulp_domain_id
                    )
                    made.append(report)
                    known[unit.pk] = report
                elif report.vulns != vulns:
                    report.vulns, report.pulp_last_updated = vulns, self._now
                    changed.append(report)
            VulnerabilityReport.objects.bulk_create(made)
            VulnerabilityReport.objects.bulk_update(changed, ["vulns", "pulp_last_updated"])
            tie = VulnerabilityReport.repo_versions.through
            tie.objects.bulk_create(
                [
                    tie(vulnerabilityreport_id=report.pk, repositoryversion_id=self._version.pk)
                    for report in known.values()
                ],
                ignore_conflicts=True,
            )

    def _load(self, reports: set[str]) -> dict[str, bytes]:
        documents = {}
        for report in reports:
            if (document := self._documents.get(report)) is not None:
                documents[report] = document
        missing = [file_of_report(report) for report in reports - documents.keys()]
        rows = GoVulnFile.objects.filter(vulndb=self._vulndb, path__in=missing)
        for path, body in rows.values_list("path", "body").iterator(chunk_size=_BATCH):
            report = report_of_file(path)
            documents[report] = gzip.decompress(bytes(body))
            self._documents.put(report, documents[report])
        return documents


def _of_module(document: bytes, path: str) -> dict[str, Any]:
    """Return a report with what it says about one module."""
    report: dict[str, Any] = json.loads(document)
    names = names_of(path)
    report["affected"] = [
        each
        for each in report.get("affected") or ()
        if (each.get("package") or {}).get("name") in names
    ]
    return report


def _batches(items: Iterable[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
