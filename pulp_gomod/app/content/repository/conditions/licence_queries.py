"""The SQL that says which licences the versions of a module have, compiled from ORM querysets."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, When
from django.db.models.functions import Coalesce

from pulpcore.plugin.models import RepositoryContent

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.models import GoCacheEntry, GoDocumentation, GoModule

_REPOSITORY = UUID("00000000-0000-4000-8000-000000000031")
_DOMAIN = UUID("00000000-0000-4000-8000-000000000032")
_REMOTE = UUID("00000000-0000-4000-8000-000000000033")
_MODULE = "\ufffdmodule"
_NAMES: dict[Any, str] = {
    _REPOSITORY: "repository",
    _DOMAIN: "domain",
    _REMOTE: "remote",
    _MODULE: "module",
}

WIDTH = 2
"""Columns of `known`."""


@lru_cache(maxsize=1)
def known() -> Statement:
    """
    Find which licences are known of the versions of a module that a repository had or a remote sent.

    Values: domain, repository, remote, module.
    Columns: version; the identifiers, as GoDocumentation.licence_ids. There may be several rows for a version.
    """
    here = RepositoryContent.objects.filter(repository=_REPOSITORY, content_id=OuterRef("pk"))
    sent = GoCacheEntry.objects.filter(remote=_REMOTE, content_id=OuterRef("pk"))
    looked_at = [GoDocumentation.State.COMPLETE, GoDocumentation.State.CUT]
    documented = Case(
        When(documentation__state__in=looked_at, then=F("documentation__licence_ids"))
    )
    found = (
        GoModule.objects.filter(pulp_domain=_DOMAIN, module=_MODULE)
        .filter(Exists(here) | Exists(sent))
        .annotate(ids=Coalesce(documented, "known_licences__ids"))
        .filter(ids__isnull=False)
    )
    return compile_queryset(found.order_by().values_list("version", "ids"), _NAMES)
