"""
Carrying modules, and what a repository knows of them, from one Pulp to another with pulpcore's export and import.

An export has a file for each resource, named after the class and its module: who renames one, reads no older
exports. Columns that an older export lacks are filled in.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from pulpcore.plugin.importexport import BaseContentResource
from pulpcore.plugin.modelresources import RepositoryResource
from pulpcore.plugin.models import Artifact, ContentArtifact
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.exceptions import ImportIncompleteError
from pulp_gomod.app.modelresource.columns import BytesWidget, JSONWidget, column, labels, noted
from pulp_gomod.app.modelresource.importing import destination, take_turn
from pulp_gomod.app.modelresource.knowledge import (
    GoBlocksResource,
    GoOwnPathResource,
    GoReleaseResource,
)
from pulp_gomod.app.modelresource.proofs import GoSumdbResource
from pulp_gomod.app.models import GoCachedModFile, GoModFile, GoModule, GoRepository
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.missing import report_missing
from pulp_gomod.golang.retracted import pack


class _UnitResource(BaseContentResource):
    """Content: one import at a time, and nothing made of what differs, which nobody reads."""

    pulp_labels = labels()

    def __init__(self, repo_version: Any = None) -> None:
        super().__init__(repo_version)
        if repo_version is None:
            take_turn()

    class Meta:
        skip_diff = True


class GoModuleResource(_UnitResource):
    """The modules of a repository version."""

    go_mod = column("go_mod", BytesWidget)
    requirements = column("requirements", JSONWidget)
    retractions = column("retractions", JSONWidget)
    retracted = column("retracted", JSONWidget)
    zip = noted("zip", "zip_sha256")

    def set_up_queryset(self) -> QuerySet:
        """Select what the version holds."""
        return held_in(GoModule.objects.all(), self.repo_version)

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        """Add which file the zip is."""
        files = ContentArtifact.objects.filter(content=OuterRef("pk"))
        return queryset.annotate(zip_sha256=Subquery(files.values("artifact__sha256")[:1]))

    def import_data(self, dataset: Any, **kwargs: Any) -> Any:
        """
        Import some rows, if their zips are there.

        Raises:
            ImportIncompleteError: They are not: the export is incremental, and others have to be imported first.
        """
        _require_zips(dataset.dict)
        return super().import_data(dataset, **kwargs)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Add what exports of older versions do not have."""
        super().before_import_row(row, **kwargs)
        if "retracted" not in row:
            said = json.loads(row["retractions"]) or ()
            packed = pack((each["low"], each["high"]) for each in said)
            row["retracted"] = json.dumps(packed or None)

    class Meta:
        model = GoModule
        import_id_fields = model.natural_key_fields()


class GoModFileResource(_UnitResource):
    """The go.mod files of a repository version."""

    go_mod = column("go_mod", BytesWidget)
    cached = noted("cached", "is_cached")

    def set_up_queryset(self) -> QuerySet:
        """Select what the version holds, and say which zips the export goes without."""
        report_missing(self.repo_version)
        return held_in(GoModFile.objects.all(), self.repo_version)

    def filter_export(self, queryset: QuerySet, **kwargs: Any) -> QuerySet:
        """Add whether it is there only because somebody asked for it, and cleanup may remove it."""
        cached = GoCachedModFile.objects.filter(
            repository=self.repo_version.repository_id, content=OuterRef("pk")
        )
        return queryset.annotate(is_cached=Exists(cached))

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Add what exports of older versions do not have."""
        super().before_import_row(row, **kwargs)
        row.setdefault("awaits_zip", "0")

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Let cleanup remove what it may remove there, and nothing else."""
        super().after_import(dataset, result, **kwargs)
        if result.has_errors() or "cached" not in dataset.headers:
            return
        keys: dict[bool, list[Any]] = {True: [], False: []}
        for cached, row in zip(dataset["cached"], result.rows, strict=True):
            keys[bool(cached)].append(row.object_id)
        repository = destination()
        GoCachedModFile.objects.filter(repository=repository, content__in=keys[False]).delete()
        GoCachedModFile.objects.bulk_create(
            (GoCachedModFile(repository=repository, content_id=pk) for pk in keys[True]),
            ignore_conflicts=True,
        )

    class Meta:
        model = GoModFile
        import_id_fields = model.natural_key_fields()


class GoRepositoryResource(RepositoryResource):
    """The repository of a repository version."""

    def set_up_queryset(self) -> QuerySet:
        """Select the one repository."""
        return GoRepository.objects.filter(pk=self.repo_version.repository_id)

    class Meta:
        model = GoRepository
        # These are of the server that has them, and what the repository goes by here is decided here.
        exclude = (*RepositoryResource.Meta.exclude, "sumdb", "vulndb")


def _require_zips(rows: Iterable[Mapping[str, Any]]) -> None:
    named = {row["zip"]: f"{row['module']}@{row['version']}" for row in rows if row.get("zip")}
    known = Artifact.objects.filter(sha256__in=named, pulp_domain=get_domain_pk())
    for sha256 in known.values_list("sha256", flat=True):
        del named[sha256]
    if named:
        raise ImportIncompleteError(min(named.values()), len(named) - 1)


# The repository has to be there for what it knows.
IMPORT_ORDER = [
    GoRepositoryResource,
    GoModuleResource,
    GoModFileResource,
    GoReleaseResource,
    GoOwnPathResource,
    GoBlocksResource,
    GoSumdbResource,
]
