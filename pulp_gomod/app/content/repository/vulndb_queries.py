"""The SQL that reads databases of vulnerabilities, compiled from ORM querysets."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.models import GoVulnFile, GoVulnReport
from pulp_gomod.app.models.findings import COLUMNS

_VULNDB = UUID("00000000-0000-4000-8000-000000000031")
_NAME = "\ufffdname"
_MODULE = "\ufffdmodule"

_NAMES: dict[Any, str] = {_VULNDB: "vulndb", _NAME: "name", _MODULE: "module"}


def _compile(queryset: QuerySet) -> Statement:
    return compile_queryset(queryset, _NAMES)


@lru_cache(maxsize=1)
def file() -> Statement:
    """
    Find a file of a database.

    Values: vulndb, name.
    Columns: the file, compressed with gzip; the SHA-256 of it before that; when it came.
    """
    found = GoVulnFile.objects.filter(vulndb=_VULNDB, path=_NAME)
    return _compile(found.values_list("body", "digest", "changed"))


@lru_cache(maxsize=1)
def reports() -> Statement:
    """
    Find what a database reports about a module.

    Values: vulndb, module.
    Columns: those of `findings.COLUMNS`.
    """
    found = GoVulnReport.objects.filter(vulndb=_VULNDB, module=_MODULE).order_by("report")
    return _compile(found.values_list(*COLUMNS))


#: All of them.
ALL = (file, reports)
