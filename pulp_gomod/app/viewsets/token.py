"""The endpoints below `gomod/tokens/`."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from pulpcore.plugin.util import get_objects_for_user
from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    NAME_FILTER_OPTIONS,
    BaseFilterSet,
    NamedModelViewSet,
)

from pulp_gomod.app.models import GoToken
from pulp_gomod.app.serializers import GoTokenCreatedSerializer, GoTokenSerializer
from pulp_gomod.app.viewsets.access import allow, policy
from pulp_gomod.app.viewsets.describing import describe
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters

VIEW = "gomod.view_gotoken"


class GoTokenFilter(StrictFilters, BaseFilterSet):
    """Filters of tokens."""

    owner = CharFilter(field_name="owner__username", help_text="Filter by the name of the owner")

    class Meta:
        model = GoToken
        fields = {
            "name": NAME_FILTER_OPTIONS,
            "scope": ["exact"],
            "hint": ["exact"],
            "expires": DATETIME_FILTER_OPTIONS,
            "last_used": DATETIME_FILTER_OPTIONS,
        }


@describe(
    list=extend_schema(summary="List tokens"),
    retrieve=extend_schema(summary="Inspect a token"),
    destroy=extend_schema(
        summary="Revoke a token", description="It stops working within a second."
    ),
)
class GoTokenViewSet(
    NamedModelViewSet,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
):
    """
    Tokens that act on behalf of their owners on a GOPROXY, and nowhere else in Pulp.

    All users create, see and revoke their own tokens.
    """

    endpoint_name = "gomod/tokens"
    queryset = GoToken.objects.select_related("owner", "distribution").order_by("-pulp_created")
    serializer_class = GoTokenSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoTokenFilter

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(["list", "retrieve"]),
            allow(["create"], "gomod_has_account"),
            allow(["destroy"], "gomod_owns_or_may:gomod.delete_gotoken"),
        ]
    )
    LOCKED_ROLES = {"gomod.gotoken_manager": [VIEW, "gomod.delete_gotoken"]}

    def scope_queryset(self, queryset: QuerySet) -> QuerySet:
        """Keep the user's own, and what a role lets the user see."""
        user = self.request.user
        if user.is_superuser:
            return queryset
        seen = Q(pk__in=get_objects_for_user(user, VIEW, queryset).values("pk"))
        return queryset.filter(seen | Q(owner=user.pk))

    @extend_schema(
        summary="Make a token",
        description="Create a token for yourself. The response shows its secret, only this once.",
        responses={201: GoTokenCreatedSerializer},
    )
    def create(self, request: Any, **kwargs: Any) -> Response:
        """Make a token."""
        serializer = GoTokenCreatedSerializer(
            data=request.data, context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201, headers={"Cache-Control": "no-store"})
