"""The endpoints below `gomod/consumers/`."""

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, When
from django.db.models.functions import Cast, Coalesce
from django_filters import CharFilter
from rest_framework import mixins

from pulpcore.plugin.models import RepositoryContent
from pulpcore.plugin.util import get_domain_pk, get_objects_for_user
from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    BaseFilterSet,
    HyperlinkRelatedFilter,
    NamedModelViewSet,
)

from pulp_gomod.app.models import GoConsumer, GoDistribution, GoModule
from pulp_gomod.app.models.consumer import BUNDLE
from pulp_gomod.app.serializers import GoConsumerSerializer
from pulp_gomod.app.viewsets.access import allow, policy
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters

# What a distribution serves.
_REPOSITORY = Coalesce(
    OuterRef("distribution__repository"),
    OuterRef("distribution__repository_version__repository"),
    OuterRef("distribution__publication__repository_version__repository"),
)

CONSUMERS = "gomod.consumers_godistribution"


class GoConsumerFilter(StrictFilters, BaseFilterSet):
    """Filters of downloads."""

    distribution = HyperlinkRelatedFilter(help_text="Distribution referenced by HREF/PRN")
    has = CharFilter(
        method="filter_has",
        help_text="Who has MODULE or MODULE@VERSION: by its zip, or by a bundle of a repository version that holds it",
    )

    ordering_fields = (
        ("first_seen", "first_seen"),
        ("last_seen", "last_seen"),
        ("module", "module"),
        ("requests", "requests"),
    )

    class Meta:
        model = GoConsumer
        fields = {
            "module": ["exact", "in", "contains", "startswith"],
            "version": ["exact", "in"],
            "user_name": ["exact", "in"],
            "token": ["exact"],
            "address": ["exact", "in"],
            "first_seen": DATETIME_FILTER_OPTIONS,
            "last_seen": DATETIME_FILTER_OPTIONS,
        }

    def filter_has(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Keep who downloaded the zip of a module version, and who downloaded a bundle that has it."""
        path, _, version = value.partition("@")
        units = GoModule.objects.filter(pulp_domain=get_domain_pk(), module=path)
        zips = Q(module=path)
        if version:
            units, zips = units.filter(version=version), zips & Q(version=version)
        # Of other rows the version is no number.
        number = Case(When(module=BUNDLE, then=Cast("version", IntegerField())))
        rows = rows.annotate(number=number)
        held = RepositoryContent.objects.filter(
            Q(version_removed=None) | Q(version_removed__number__gt=OuterRef("number")),
            repository=_REPOSITORY,
            version_added__number__lte=OuterRef("number"),
            content__in=units.values("pk"),
        )
        bundles = rows.filter(module=BUNDLE).filter(Exists(held))
        return rows.filter(zips | Q(pk__in=bundles.values("pk")))


class GoConsumerViewSet(NamedModelViewSet, mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """
    Who downloaded which module versions through which distributions, for as long as that is kept.

    It is visible to those who have the permission gomod.consumers_godistribution on the distribution, as its owners do.
    """

    endpoint_name = "gomod/consumers"
    queryset = GoConsumer.objects.select_related("distribution__pulp_domain").order_by(
        "-last_seen", "pk"
    )
    serializer_class = GoConsumerSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoConsumerFilter

    DEFAULT_ACCESS_POLICY = policy([allow(["list", "retrieve"])])

    def get_queryset(self) -> QuerySet:
        """Keep to the domain of the request."""
        return super().get_queryset().filter(distribution__pulp_domain=get_domain_pk())

    def scope_queryset(self, queryset: QuerySet) -> QuerySet:
        """Keep what is of distributions that the user may know this of."""
        user = self.request.user
        if user.is_superuser:
            return queryset
        distributions = GoDistribution.objects.filter(pulp_domain=get_domain_pk())
        known = get_objects_for_user(user, CONSUMERS, distributions)
        return queryset.filter(distribution__in=known.values("pk"))
