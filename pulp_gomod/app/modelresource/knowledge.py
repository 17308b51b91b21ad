"""What a repository knows of its modules beyond their bytes: releases, own paths, blocks."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from import_export.fields import Field

from pulpcore.plugin.importexport import QueryModelResource
from pulpcore.plugin.models import RepositoryContent

from pulp_gomod.app.modelresource.columns import (
    BytesWidget,
    JSONWidget,
    PlainWidget,
    TimeWidget,
    column,
)
from pulp_gomod.app.modelresource.importing import destination
from pulp_gomod.app.models import GoBlock, GoModule, GoOwnPath, GoRelease, GoRepository
from pulp_gomod.app.models.hiding import publish_names, report
from pulp_gomod.app.storage.knowledge import BLOCK_FIELDS, absorb_blocks, absorb_releases


class _KnowledgeResource(QueryModelResource):
    """Rows that a repository takes in together: they are no content, and have no key but what they say."""

    def import_data(self, dataset: Any, **kwargs: Any) -> Any:
        """Import some rows."""
        with transaction.atomic():
            self.absorb(destination(), [self._cleaned(row) for row in dataset.dict])
        return self.get_result_class()()

    def absorb(self, repository: GoRepository, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in rows whose columns have been read."""
        raise NotImplementedError

    def _cleaned(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: field.clean(row) for name, field in self.fields.items() if name in row}


class GoReleaseResource(_KnowledgeResource):
    """
    How the modules of a repository version came into the repository, and those that it held before.

    Of what only later versions hold nothing is said. Nor of other bytes of a module version that it holds: they would
    keep an immutable repository from taking it in.
    """

    module = column("module", PlainWidget)
    version = column("version", PlainWidget)
    h1 = column("h1", PlainWidget)
    time = column("time", TimeWidget)
    origin = column("origin", JSONWidget)
    info = column("info", BytesWidget)
    source = column("source", PlainWidget)
    published_by = column("published_by", PlainWidget)
    published_from = column("published_from", PlainWidget)

    def set_up_queryset(self) -> QuerySet:
        """Select the releases."""
        version = self.repo_version
        same = GoModule.objects.filter(
            _pulp_domain=version.repository.pulp_domain_id,
            module=OuterRef("module"),
            version=OuterRef("version"),
        )
        members = RepositoryContent.objects.filter(
            repository=version.repository_id, content_id=OuterRef("pk")
        )
        ever = same.filter(Exists(members), h1=OuterRef("h1"))
        by_then = ever.filter(Exists(members.filter(version_added__number__lte=version.number)))
        held = held_of(same, members, version.number)
        releases = GoRelease.objects.filter(repository=version.repository_id)
        return releases.filter(
            Q(Exists(held.filter(h1=OuterRef("h1"))))
            | (~Exists(held) & (Exists(by_then) | ~Exists(ever)))
        )

    def absorb(self, repository: GoRepository, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take them in."""
        report(absorb_releases(repository, [GoRelease(**row) for row in rows]))

    class Meta:
        model = GoRelease
        fields = (
            "module",
            "version",
            "h1",
            "time",
            "origin",
            "info",
            "source",
            "published_by",
            "published_from",
        )


def held_of(units: QuerySet, members: QuerySet, number: int) -> QuerySet:
    """Keep the units that a version holds, of a subquery of the outer query's rows."""
    held = members.filter(
        Q(version_removed=None) | Q(version_removed__number__gt=number),
        version_added__number__lte=number,
    )
    return units.filter(Exists(held))


class GoOwnPathResource(_KnowledgeResource):
    """The paths that are a repository's own, also those of which it holds nothing any more."""

    path = column("path", PlainWidget)

    def set_up_queryset(self) -> QuerySet:
        """Select those of the repository."""
        return GoOwnPath.objects.filter(repository=self.repo_version.repository_id)

    def absorb(self, repository: GoRepository, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take them in."""
        report(publish_names(repository, {row["path"] for row in rows}))

    class Meta:
        model = GoOwnPath
        fields = ("path",)


class GoBlocksResource(_KnowledgeResource):
    """The blocks of a repository, all in one row: that there are none any more has to be said, too."""

    blocks = Field(column_name="blocks", widget=JSONWidget())

    def set_up_queryset(self) -> QuerySet:
        """Select the one repository."""
        return GoRepository.objects.filter(pk=self.repo_version.repository_id)

    def dehydrate_blocks(self, repository: GoRepository) -> str:
        """List its blocks."""
        blocks = GoBlock.objects.filter(repository=repository).order_by("module", "versions")
        return json.dumps(list(blocks.values(*BLOCK_FIELDS)))

    def absorb(self, repository: GoRepository, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take them in."""
        for row in rows:
            absorb_blocks(repository, row["blocks"])

    class Meta:
        model = GoRepository
        fields = ("blocks",)
