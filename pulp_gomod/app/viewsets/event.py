"""The endpoints below `gomod/events/`."""

from django.db.models import Q, QuerySet
from rest_framework import mixins

from pulpcore.plugin.util import get_domain_pk, get_objects_for_user
from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    BaseFilterSet,
    HyperlinkRelatedFilter,
    NamedModelViewSet,
)

from pulp_gomod.app.models import GoDistribution, GoPolicy, GoPolicyEvent
from pulp_gomod.app.serializers import GoPolicyEventSerializer
from pulp_gomod.app.viewsets.access import allow, policy
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters


class GoPolicyEventFilter(StrictFilters, BaseFilterSet):
    """Filters of events."""

    policy = HyperlinkRelatedFilter(help_text="Policy referenced by HREF/PRN")
    distribution = HyperlinkRelatedFilter(help_text="Distribution referenced by HREF/PRN")

    class Meta:
        model = GoPolicyEvent
        fields = {
            "kind": ["exact", "in"],
            "policy_name": ["exact"],
            "distribution_name": ["exact"],
            "condition": ["exact", "in"],
            "module": ["exact", "in", "contains", "startswith"],
            "version": ["exact", "in"],
            "made_by": ["exact"],
            "is_told": ["exact"],
            "day": ["exact", "gte", "lte"],
            "first_seen": DATETIME_FILTER_OPTIONS,
            "last_seen": DATETIME_FILTER_OPTIONS,
        }


class GoPolicyEventViewSet(NamedModelViewSet, mixins.RetrieveModelMixin, mixins.ListModelMixin):
    """
    What policies stopped, hid, observed and let pass, what was decided about waivers, and for which own names no upstream was asked.

    There is one row for each policy, condition, module version, distribution and day. Users see those of policies and
    of distributions that they may see.
    """

    endpoint_name = "gomod/events"
    queryset = GoPolicyEvent.objects.select_related(
        "policy__pulp_domain", "distribution__pulp_domain", "pulp_domain"
    ).order_by("-last_seen", "pk")
    serializer_class = GoPolicyEventSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoPolicyEventFilter

    DEFAULT_ACCESS_POLICY = policy([allow(["list", "retrieve"])])

    def scope_queryset(self, queryset: QuerySet) -> QuerySet:
        """Keep what is of policies and distributions that the user may see."""
        user = self.request.user
        if user.is_superuser:
            return queryset
        domain = get_domain_pk()
        policies = GoPolicy.objects.filter(pulp_domain=domain)
        distributions = GoDistribution.objects.filter(pulp_domain=domain)
        seen = get_objects_for_user(user, "gomod.view_gopolicy", policies)
        places = get_objects_for_user(user, "gomod.view_godistribution", distributions)
        return queryset.filter(
            Q(policy__in=seen.values("pk")) | Q(distribution__in=places.values("pk"))
        )
