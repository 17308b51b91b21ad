"""The endpoints below `gomod/waivers/`."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.response import Response

from pulpcore.plugin.util import get_domain_pk, get_objects_for_user
from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    BaseFilterSet,
    HyperlinkRelatedFilter,
    NamedModelViewSet,
)

from pulp_gomod.app.models import GoPolicy, GoWaiver
from pulp_gomod.app.serializers import (
    GoWaiverApprovalSerializer,
    GoWaiverDecisionSerializer,
    GoWaiverRevocationSerializer,
    GoWaiverSerializer,
)
from pulp_gomod.app.viewsets import token_scope
from pulp_gomod.app.viewsets.access import allow, policy
from pulp_gomod.app.viewsets.describing import describe
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters

_WAIVE = "gomod.waive_gopolicy"


class GoWaiverFilter(StrictFilters, BaseFilterSet):
    """Filters of waivers."""

    policy = HyperlinkRelatedFilter(help_text="Policy referenced by HREF/PRN")

    class Meta:
        model = GoWaiver
        fields = {
            "module": ["exact", "in", "contains", "startswith"],
            "versions": ["exact"],
            "state": ["exact", "in"],
            "requested_by": ["exact"],
            "decided_by": ["exact"],
            "policy__name": ["exact"],
            "expires": DATETIME_FILTER_OPTIONS,
            "pulp_created": DATETIME_FILTER_OPTIONS,
        }


@describe(
    list=extend_schema(summary="List waivers"),
    retrieve=extend_schema(summary="Inspect a waiver"),
    create=extend_schema(
        summary="Request a waiver",
        description="Ask those who may approve waivers of a policy to let module versions pass.",
    ),
)
class GoWaiverViewSet(
    NamedModelViewSet,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
):
    """
    Module versions that conditions of a policy do not stop for a while, and requests for that.

    Whoever may read a distribution that obeys the policy can request one, also with a token. Users see their own
    requests, and all of the policies that they may see.
    """

    endpoint_name = "gomod/waivers"
    queryset = GoWaiver.objects.select_related("policy__pulp_domain").order_by(
        "-pulp_created", "pk"
    )
    serializer_class = GoWaiverSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoWaiverFilter
    TOKEN_ACTIONS = dict.fromkeys(("create", "list", "retrieve"), token_scope.READ)

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(["list", "retrieve", "create"]),
            allow(["approve", "refuse"], f"gomod_may_of_its_policy:{_WAIVE}"),
            allow(["revoke"], f"gomod_requested_or_may_of_its_policy:{_WAIVE}"),
        ]
    )

    def get_queryset(self) -> QuerySet:
        """Keep to the domain of the request."""
        return super().get_queryset().filter(policy__pulp_domain=get_domain_pk())

    def scope_queryset(self, queryset: QuerySet) -> QuerySet:
        """Keep the user's own, and what is of policies that the user may see."""
        user = self.request.user
        own = Q(requester=user.pk) if isinstance(user, get_user_model()) else Q(pk=None)
        if token_scope.token_of(self) is not None:
            return queryset.filter(own)
        if user.is_superuser:
            return queryset
        policies = GoPolicy.objects.filter(pulp_domain=get_domain_pk())
        seen = get_objects_for_user(user, "gomod.view_gopolicy", policies)
        return queryset.filter(own | Q(policy__in=seen.values("pk")))

    @extend_schema(
        summary="Approve a waiver",
        description="Once this returns, every content process obeys it.",
        responses={201: GoWaiverSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoWaiverApprovalSerializer)
    def approve(self, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        Approve a request.

        Args:
            pk: The waiver.
            kwargs: The API's version and the domain.
        """
        return self._decide()

    @extend_schema(summary="Refuse a waiver", responses={201: GoWaiverSerializer})
    @action(detail=True, methods=["post"], serializer_class=GoWaiverDecisionSerializer)
    def refuse(self, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        Refuse a request.

        Args:
            pk: The waiver.
            kwargs: The API's version and the domain.
        """
        return self._decide()

    @extend_schema(
        summary="Revoke a waiver",
        description="End a waiver, or take a request back. Once this returns, no content process "
        "obeys it any more.",
        responses={201: GoWaiverSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoWaiverRevocationSerializer)
    def revoke(self, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        Revoke a waiver.

        Args:
            pk: The waiver.
            kwargs: The API's version and the domain.
        """
        return self._decide()

    def _decide(self) -> Response:
        waiver = self.get_object()
        asked = self.get_serializer(data=self.request.data)
        asked.is_valid(raise_exception=True)
        decided = asked.decide(waiver)
        shown = GoWaiverSerializer(decided, context=self.get_serializer_context())
        # What the description of the API says of every POST.
        return Response(shown.data, status=201)
