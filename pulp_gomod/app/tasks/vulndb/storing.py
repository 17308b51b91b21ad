"""Putting a database of vulnerabilities in the place of the one before: all of it, or nothing."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypedDict
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Length
from django.utils import timezone

from pulp_gomod.app.models import GoVulndb, GoVulnFile, GoVulnReport
from pulp_gomod.app.models.vex import Silence, tell_policies
from pulp_gomod.app.tasks.vulndb.reading import read_database, read_reports, severity_of
from pulp_gomod.golang import GoError
from pulp_gomod.golang.archive import Input
from pulp_gomod.golang.osv import Affected, OSVError, Report, parse_report
from pulp_gomod.golang.vulndb import ARCHIVE, INDEXES, check_indexes, file_of_report, report_of_file

_BATCH = 500
# Databases grow. One that has lost more than this part is broken, or cut off.
_MOST_LOST = 0.5


LARGEST_SERVED = 64 * 1024 * 1024
"""Bytes of a database that is served as one archive, too: the public one has 15 MB."""


class Stored(TypedDict):
    """
    What came of a new database: the result of the task.

    Attributes:
        reports: Reports that are there now.
        changed: Those that are new, or say something else than before.
        removed: Those that are not there any more.
        modified: When the database was last changed, as it says itself; null if it does not say.
    """

    reports: int
    changed: int
    removed: int
    modified: str | None


def store(
    vulndb_pk: UUID,
    file: Input,
    etag: str = "",
    last_modified: str = "",
    *,
    is_forced: bool,
    url: str | None = None,
) -> Stored:
    """
    Put what is in an archive in the place of what is there.

    Args:
        vulndb_pk: The GoVulndb.
        file: The archive.
        etag: What its server calls this version of it.
        last_modified: When that was changed, as it says.
        is_forced: Whether it may be older than what is there, or have far fewer reports.
        url: Where it was fetched; None if somebody has uploaded it.

    Raises:
        OSVError: It is refused, and nothing has changed; the text says why.
    """
    with transaction.atomic():
        # Whoever begins to use it does not wait for this.
        vulndb = GoVulndb.objects.select_for_update(no_key=True).get(pk=vulndb_pk)
        if url not in (None, vulndb.url):
            # What that server calls its version would keep the other one's from being fetched.
            raise OSVError("its url was changed while it was being fetched; sync it again")
        new = _New(vulndb)
        new.take(file)
        modified = new.finish(is_forced)
        vulndb.etag, vulndb.last_modified = etag, last_modified
        vulndb.modified, vulndb.reports = modified, len(new.reports)
        vulndb.checked, vulndb.error = timezone.now(), ""
        if new.changed or new.removed:
            vulndb.changed, vulndb.revision = vulndb.checked, uuid4()
            vulndb.size = new.size()
            new.pack()
            tell_policies(vulndb)
        vulndb.save()
    return {
        "reports": len(new.reports),
        "changed": len(new.changed & new.reports),
        "removed": new.lost,
        "modified": modified.isoformat() if modified else None,
    }


class _New:
    """A database that is about to take the place of another one, in one transaction."""

    def __init__(self, vulndb: GoVulndb) -> None:
        self._vulndb = vulndb
        self._is_malicious = vulndb.kind == GoVulndb.Kind.MALICIOUS
        files = vulndb.files.exclude(path=ARCHIVE)
        self._before: dict[str, str] = dict(files.values_list("path", "digest"))
        self._silence = Silence.of(vulndb)
        self._batch: list[tuple[str, bytes, str, Report | None]] = []
        self._indexes: dict[str, bytes] = {}
        self._now = timezone.now()
        self.reports: set[str] = set()
        self.changed: set[str] = set()
        self.removed: set[str] = set()
        self.lost = 0

    def take(self, file: Input) -> None:
        """Read it, and store what is new."""
        read = read_reports if self._is_malicious else read_database
        for name, data in read(file):
            if name in INDEXES and not self._is_malicious:
                self._indexes[name] = data
                self._add(name, data, None)
            else:
                self._take_report(name, data)
        self._flush()

    def _take_report(self, name: str, data: bytes) -> None:
        try:
            report = parse_report(data)
        except OSVError as error:
            if self._is_malicious:
                # Among all else that an archive of many ecosystems may have.
                return
            raise OSVError(f"{name}: {error}") from None
        if self._is_malicious:
            if not (report.is_malicious and report.affected):
                return
            name = file_of_report(report.id)
        elif name != file_of_report(report.id):
            raise OSVError(f"{name} has the report {report.id}")
        if report.id in self.reports:
            raise OSVError(f"there are two reports {report.id}")
        self.reports.add(report.id)
        self._add(name, data, report)

    def _add(self, name: str, data: bytes, report: Report | None) -> None:
        digest = hashlib.sha256(data).hexdigest()
        before = self._before.pop(name, None)
        if before == digest:
            return
        self.changed.add(report_of_file(name) or name)
        self._batch.append((name, data, digest, report))
        if len(self._batch) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        GoVulnFile.objects.bulk_create(
            [
                GoVulnFile(
                    vulndb=self._vulndb,
                    path=name,
                    body=gzip.compress(data, mtime=0),
                    digest=digest,
                    changed=self._now,
                )
                for name, data, digest, _ in batch
            ],
            update_conflicts=True,
            unique_fields=["vulndb", "path"],
            update_fields=["body", "digest", "changed"],
        )
        reports = [report for *_, report in batch if report is not None]
        self._forget([report.id for report in reports])
        GoVulnReport.objects.bulk_create(
            [row for report in reports for row in self._rows_of(report)], batch_size=_BATCH
        )

    def _forget(self, reports: list[str]) -> None:
        GoVulnReport.objects.filter(vulndb=self._vulndb, report__in=reports).delete()

    def _rows_of(self, report: Report) -> Iterator[GoVulnReport]:
        about: dict[str, list[Affected]] = {}
        for each in report.affected:
            about.setdefault(each.module, []).append(each)
        severity = severity_of(report)
        for path, affected in about.items():
            yield GoVulnReport(
                vulndb=self._vulndb,
                module=path,
                report=report.id,
                aliases=list(report.aliases),
                summary=report.summary,
                is_reviewed=report.is_reviewed,
                severity=severity,
                withdrawn=report.withdrawn,
                affected=[_row_of(each, self._is_malicious) for each in affected],
                silenced=self._silence.versions(path, (report.id, *report.aliases)),
            )

    def finish(self, is_forced: bool) -> datetime | None:
        """
        Check it as a whole, and drop what it has not any more.

        Returns:
            When it was last changed, as it says.
        """
        what = "malicious Go modules" if self._is_malicious else "vulnerabilities"
        if not self.reports:
            raise OSVError(f"the archive has no reports about {what}")
        modified = None if self._is_malicious else check_indexes(self._indexes, self.reports)
        if not is_forced:
            self._check_newer(modified)
        gone = list(self._before)
        self.removed = set(gone)
        lost = [report for name in gone if (report := report_of_file(name))]
        self.lost = len(lost)
        for start in range(0, len(gone), _BATCH):
            part = gone[start : start + _BATCH]
            GoVulnFile.objects.filter(vulndb=self._vulndb, path__in=part).delete()
            self._forget([report_of_file(name) for name in part])
        return modified

    def _check_newer(self, modified: datetime | None) -> None:
        before = self._vulndb.modified
        if modified and before and modified < before:
            raise OSVError(
                f"it is older than the one that is here: of {_shown(modified)}, and that is of {_shown(before)}; "
                "upload it, if that is meant"
            )
        if len(self.reports) < self._vulndb.reports * _MOST_LOST:
            raise OSVError(
                f"it has {len(self.reports)} reports, and the one that is here has {self._vulndb.reports}: it "
                "is not whole; upload it, if that is meant"
            )

    def size(self) -> int:
        """Add up the files that are there now."""
        files = self._vulndb.files.exclude(path=ARCHIVE)
        return int(files.aggregate(all=Sum(Length("body")))["all"] or 0)

    def pack(self) -> None:
        """Make the archive from which others can mirror what is there now; the same of the same files."""
        if self._is_malicious:
            return
        if self._vulndb.size > LARGEST_SERVED:
            self._vulndb.files.filter(path=ARCHIVE).delete()
            return
        packed = io.BytesIO()
        files = self._vulndb.files.exclude(path=ARCHIVE).order_by("path")
        with zipfile.ZipFile(packed, "w") as archive:
            for path, body in files.values_list("path", "body").iterator(_BATCH):
                # Without a time: ZipInfo has the earliest that there is.
                archive.writestr(zipfile.ZipInfo(path), gzip.decompress(body), zipfile.ZIP_DEFLATED)
        data = packed.getvalue()
        GoVulnFile.objects.update_or_create(
            vulndb=self._vulndb,
            path=ARCHIVE,
            defaults={
                "body": data,
                "digest": hashlib.sha256(data).hexdigest(),
                "changed": self._now,
            },
        )


def _row_of(affected: Affected, with_versions: bool) -> list[Any]:
    ranges = affected.ranges
    listed = (
        None if ranges is None else [[list(event) for event in _plain(each)] for each in ranges]
    )
    # govulncheck does not know lists of versions.
    return [listed, list(affected.versions) if with_versions else []]


def _plain(events: Any) -> Iterator[tuple[str, str, str]]:
    for event in events:
        yield event.introduced, event.fixed, event.last_affected


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(error: GoError) -> str:
    """
    Say in one line why an archive is refused.

    Args:
        error: Why.
    """
    return " ".join(str(error).split())[:1000]
