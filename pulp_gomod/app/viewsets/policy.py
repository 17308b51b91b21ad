"""The endpoints below `gomod/policies/`."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    NAME_FILTER_OPTIONS,
    BaseFilterSet,
    NamedModelViewSet,
    RolesMixin,
)

from pulp_gomod.app.models import GoPolicy
from pulp_gomod.app.serializers import GoPolicySerializer
from pulp_gomod.app.viewsets.access import READ, ROLES, allow, may, may_create, policy
from pulp_gomod.app.viewsets.describing import describe
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters
from pulp_gomod.app.viewsets.in_use import DELETED_OR_IN_USE, unless_in_use


class GoPolicyFilter(StrictFilters, BaseFilterSet):
    """Filters of policies."""

    class Meta:
        model = GoPolicy
        fields = {
            "name": NAME_FILTER_OPTIONS,
            "deny_mode": ["exact", "in"],
            "allow_mode": ["exact", "in"],
            "retract_mode": ["exact", "in"],
            "vulnerable_mode": ["exact", "in"],
            "malicious_mode": ["exact", "in"],
            "licenses_mode": ["exact", "in"],
            "hold_mode": ["exact", "in"],
            "hold_clock": ["exact", "in"],
            "pulp_created": DATETIME_FILTER_OPTIONS,
            "pulp_last_updated": DATETIME_FILTER_OPTIONS,
        }


@describe(
    list=extend_schema(summary="List policies"),
    retrieve=extend_schema(summary="Inspect a policy"),
    create=extend_schema(
        summary="Create a policy",
        description="It is obeyed by the distributions whose field policy names it.",
    ),
    update=extend_schema(
        summary="Change a policy",
        description="Once this returns, every content process obeys the new conditions.",
    ),
    partial_update=extend_schema(
        summary="Change a part of a policy",
        description="Once this returns, every content process obeys the new conditions.",
    ),
    destroy=extend_schema(
        summary="Delete a policy",
        description="Refused with 409 while distributions obey it.",
        responses=DELETED_OR_IN_USE,
    ),
)
class GoPolicyViewSet(
    NamedModelViewSet,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    RolesMixin,
):
    """Conditions under which module versions are not served; several distributions may obey one."""

    endpoint_name = "gomod/policies"
    queryset = GoPolicy.objects.order_by("name", "pk")
    serializer_class = GoPolicySerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoPolicyFilter
    queryset_filtering_required_permission = "gomod.view_gopolicy"

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(READ),
            allow(["create"], may_create("gomod.add_gopolicy")),
            allow(
                ["update", "partial_update"],
                may("gomod.change_gopolicy"),
                may("gomod.view_gopolicy"),
            ),
            allow(["destroy"], may("gomod.delete_gopolicy"), may("gomod.view_gopolicy")),
            allow(ROLES, may("gomod.manage_roles_gopolicy")),
        ],
        owner="gomod.gopolicy_owner",
    )
    LOCKED_ROLES = {
        "gomod.gopolicy_creator": ["gomod.add_gopolicy"],
        "gomod.gopolicy_owner": [
            "gomod.view_gopolicy",
            "gomod.change_gopolicy",
            "gomod.delete_gopolicy",
            "gomod.manage_roles_gopolicy",
            "gomod.waive_gopolicy",
        ],
        "gomod.gopolicy_approver": ["gomod.view_gopolicy", "gomod.waive_gopolicy"],
        "gomod.gopolicy_viewer": ["gomod.view_gopolicy"],
    }

    def update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """
        Change a policy as it is once whoever else changes it is done: what they have said stays.

        Args:
            request: What is to be changed.
            args: What Django REST framework passes on.
            kwargs: Whether it is a part, and the API's version and the domain.
        """
        with transaction.atomic():
            made = self.get_object()
            made.refresh_from_db(from_queryset=GoPolicy.objects.select_for_update(no_key=True))
            response: Response = super().update(request, *args, **kwargs)
        return response

    def perform_destroy(self, made: GoPolicy) -> None:
        """
        Delete a policy.

        Raises:
            InUse: Distributions obey it.
        """
        remedy = "Set the policy of these to another one, or to null, before you delete it."
        with unless_in_use("This policy", remedy):
            made.delete()
