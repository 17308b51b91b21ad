"""The endpoints below `gomod/releases/`."""

from django.db.models import QuerySet
from rest_framework import mixins

from pulpcore.plugin.util import get_domain_pk
from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    BaseFilterSet,
    HyperlinkRelatedFilter,
    NamedModelViewSet,
)

from pulp_gomod.app.models import GoRelease
from pulp_gomod.app.serializers import GoReleaseSerializer
from pulp_gomod.app.viewsets.access import allow, policy
from pulp_gomod.app.viewsets.filters import (
    FILTER_BACKENDS,
    ChecksumFilter,
    SearchFilter,
    StrictFilters,
)
from pulp_gomod.app.viewsets.scope import viewable_repositories


class GoReleaseFilter(StrictFilters, BaseFilterSet):
    """Filters of releases."""

    repository = HyperlinkRelatedFilter(help_text="Repository referenced by HREF/PRN")
    h1 = ChecksumFilter(help_text="Filter results where h1 matches value")
    q = SearchFilter(
        help_text="Search for words in the module path, or filter by an expression over other "
        "filters, such as module='example.com/a' AND published_by=alice"
    )

    ordering_fields = (
        ("first_seen", "first_seen"),
        ("last_used", "last_used"),
        ("module", "module"),
        ("time", "time"),
    )

    class Meta:
        model = GoRelease
        fields = {
            "module": ["exact", "in", "contains", "icontains", "startswith"],
            "version": ["exact", "in"],
            "published_by": ["exact", "in"],
            "source": ["exact"],
            "time": DATETIME_FILTER_OPTIONS,
            "first_seen": DATETIME_FILTER_OPTIONS,
            "last_used": DATETIME_FILTER_OPTIONS,
        }


class GoReleaseViewSet(NamedModelViewSet, mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """
    How module versions came into repositories: who published what, when, and from where.

    A release stays when its module version is removed. It is visible to everyone who may
    view the repository.
    """

    endpoint_name = "gomod/releases"
    queryset = GoRelease.objects.select_related("repository__pulp_domain").order_by(
        "-first_seen", "pk"
    )
    serializer_class = GoReleaseSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoReleaseFilter

    DEFAULT_ACCESS_POLICY = policy([allow(["list", "retrieve"])])

    def get_queryset(self) -> QuerySet:
        """Keep to the domain of the request."""
        return super().get_queryset().filter(repository__pulp_domain=get_domain_pk())

    def scope_queryset(self, queryset: QuerySet) -> QuerySet:
        """Keep what is of repositories that the user may view."""
        return queryset.filter(repository__in=viewable_repositories(self.request.user).values("pk"))
