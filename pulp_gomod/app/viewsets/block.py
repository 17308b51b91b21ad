"""The endpoints below `gomod/blocks/`."""

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins

from pulpcore.plugin.util import get_domain_pk
from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    BaseFilterSet,
    HyperlinkRelatedFilter,
    NamedModelViewSet,
)

from pulp_gomod.app.models import GoBlock
from pulp_gomod.app.models.block import note_change
from pulp_gomod.app.serializers import GoBlockSerializer
from pulp_gomod.app.viewsets.access import allow, policy
from pulp_gomod.app.viewsets.describing import describe
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters
from pulp_gomod.app.viewsets.scope import viewable_repositories

_BLOCK = "gomod.block_gorepository"


class GoBlockFilter(StrictFilters, BaseFilterSet):
    """Filters of blocks."""

    repository = HyperlinkRelatedFilter(help_text="Repository referenced by HREF/PRN")

    class Meta:
        model = GoBlock
        fields = {
            "module": ["exact", "in", "contains", "startswith"],
            "versions": ["exact"],
            "created_by": ["exact"],
            "source": ["exact"],
            "pulp_created": DATETIME_FILTER_OPTIONS,
        }


@describe(
    list=extend_schema(summary="List blocks"),
    retrieve=extend_schema(summary="Inspect a block"),
    create=extend_schema(
        summary="Block module versions",
        description="Keep module versions out of a repository. Once this returns, no content "
        "process serves them any more.",
    ),
    destroy=extend_schema(
        summary="Lift a block",
        description="Versions that are still in the repository are served again at once.",
    ),
)
class GoBlockViewSet(
    NamedModelViewSet,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
):
    """
    Module versions that a repository neither accepts nor serves, with who blocked them, when and why.

    They are visible to everyone who may view the repository.
    """

    endpoint_name = "gomod/blocks"
    queryset = GoBlock.objects.select_related("repository__pulp_domain").order_by(
        "-pulp_created", "pk"
    )
    serializer_class = GoBlockSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoBlockFilter

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(["list", "retrieve"]),
            allow(["create"], f"gomod_may_of_named_repository:{_BLOCK}"),
            allow(["destroy"], f"gomod_may_of_its_repository:{_BLOCK}"),
        ]
    )

    def get_queryset(self) -> QuerySet:
        """Keep to the domain of the request."""
        return super().get_queryset().filter(repository__pulp_domain=get_domain_pk())

    def scope_queryset(self, queryset: QuerySet) -> QuerySet:
        """Keep what is of repositories that the user may view."""
        return queryset.filter(repository__in=viewable_repositories(self.request.user).values("pk"))

    def perform_destroy(self, block: GoBlock) -> None:
        """Lift a block; that is in force when this is done."""
        with transaction.atomic():
            note_change(block.repository_id)
            block.delete()
