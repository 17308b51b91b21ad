"""The SQL that reads databases of vulnerabilities, compiled from ORM querysets."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.models import GoVulnFile, GoVulnReport
from pulp_gomod.app.models.findings import COLUMNS
from pulp_gomod.golang.osv import names_of

_VULNDB = UUID("00000000-0000-4000-8000-000000000031")
_NAME = "\ufffdname"
_MODULE = "\ufffdmodule"
_OTHER = "\ufffdother"

_NAMES: dict[Any, str] = {
    _VULNDB: "vulndb",
    _NAME: "name",
    _MODULE: "module",
    _OTHER: "other",
}


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

    Values: those of `values_of`.
    Columns: those of `findings.COLUMNS`.
    """
    found = GoVulnReport.objects.filter(vulndb=_VULNDB, module__in=(_MODULE, _OTHER))
    found = found.order_by("module", "report")
    return _compile(found.values_list(*COLUMNS))


def values_of(vulndb: UUID, path: str) -> dict[str, Any]:
    """
    Return the values of `reports`: a module may have two names in reports.

    Args:
        vulndb: The pk of the database.
        path: The module path.
    """
    names = names_of(path)
    return {"vulndb": vulndb, "module": names[0], "other": names[-1]}


#: All of them.
ALL = (file, reports)
