"""The SQL that says what is known of the age of a module's versions, compiled from ORM querysets."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    DateTimeField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Concat

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.models import (
    GoRelease,
    GoSeenVersion,
    GoSumdbMark,
    GoSumdbNumber,
    GoSumdbRecord,
    GoVulndb,
    GoVulnReport,
)

_REPOSITORY = UUID("00000000-0000-4000-8000-000000000031")
_DOMAIN = UUID("00000000-0000-4000-8000-000000000032")
_REMOTE = UUID("00000000-0000-4000-8000-000000000033")
_DISTRIBUTION = UUID("00000000-0000-4000-8000-000000000034")
_VULNDB = UUID("00000000-0000-4000-8000-000000000035")
_MODULE = "\ufffdmodule"
_KEY = "\ufffdkey"
_NAMES: dict[Any, str] = {
    _REPOSITORY: "repository",
    _DOMAIN: "domain",
    _REMOTE: "remote",
    _DISTRIBUTION: "distribution",
    _VULNDB: "vulndb",
    _MODULE: "module",
    _KEY: "key",
}

REPORT = "\n"
"""Begins the first column of rows that are about no version."""

WIDTH = 7
"""Columns of `known`."""

_NO_TIME = Cast(Value(None), DateTimeField())
_NO_NUMBER = Cast(Value(None), BigIntegerField())
_NO_TEXT = Cast(Value(None), TextField())


@lru_cache(maxsize=1)
def known() -> Statement:
    """
    Find what is known of the age of a module's versions, and of what they fix.

    Values: key (of a checksum database, or ""), domain, repository, remote, distribution, vulndb, module.
    Columns: version; the number of its record, and when the database had that many; how it came into the
    repository, and when; when the remote was seen to have it, and what its `.info` said. Each row has one of the
    three, and a version may have several rows. Rows of reviewed reports in the vulnerability databases of the distribution
    and of its policy begin with REPORT and the report's ID instead, and have what it says of the module as JSON in the fourth column.
    """
    numbers = GoSumdbNumber.objects.filter(verifier_key=_KEY, module=_MODULE)
    records = GoSumdbRecord.objects.filter(
        tree__pulp_domain=_DOMAIN, tree__verifier_key=_KEY, module=_MODULE
    )
    releases = GoRelease.objects.filter(repository=_REPOSITORY, module=_MODULE)
    seen = GoSeenVersion.objects.filter(remote=_REMOTE, module=_MODULE)
    served = GoVulndb.objects.filter(distributions=_DISTRIBUTION)
    reports = GoVulnReport.objects.filter(
        Q(vulndb__in=served.values("pk")) | Q(vulndb=_VULNDB),
        vulndb__kind="vulnerabilities",
        module=_MODULE,
        is_reviewed=True,
        withdrawn=None,
        silenced=[],
    ).annotate(version=Concat(Value(REPORT), F("report"), output_field=TextField()))
    found = _columns(numbers, number=F("number"), logged=_logged()).union(
        _columns(records, number=F("number"), logged=_logged()),
        _columns(releases, how=F("source"), held=F("first_seen")),
        _columns(seen, first=F("seen"), said=F("time")),
        _columns(reports, how=Cast("affected", TextField())),
        all=True,
    )
    return compile_queryset(found, _NAMES)


def _logged() -> Subquery:
    marks = GoSumdbMark.objects.filter(verifier_key=_KEY, size__gt=OuterRef("number"))
    return Subquery(marks.order_by("size").values("seen")[:1])


def _columns(rows: QuerySet, **known: Any) -> QuerySet:
    columns = {
        "a_number": known.get("number", _NO_NUMBER),
        "b_logged": known.get("logged", _NO_TIME),
        "c_how": known.get("how", _NO_TEXT),
        "d_held": known.get("held", _NO_TIME),
        "e_first": known.get("first", _NO_TIME),
        "f_said": known.get("said", _NO_TIME),
    }
    return rows.order_by().annotate(**columns).values_list("version", *columns)
