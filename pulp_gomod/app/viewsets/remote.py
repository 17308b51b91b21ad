"""The endpoints below `remotes/gomod/gomod/`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action

from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.viewsets import (
    OperationPostponedResponse,
    RemoteFilter,
    RemoteViewSet,
    RolesMixin,
)

from pulp_gomod.app.models import GoRemote
from pulp_gomod.app.serializers import GoForgetSerializer, GoRemoteSerializer
from pulp_gomod.app.tasks.forgetting import forget, repositories_of
from pulp_gomod.app.viewsets.access import CHANGE, READ, ROLES, allow, may, may_create, policy
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters


class GoRemoteFilter(StrictFilters, RemoteFilter):
    """Filters of remotes."""


class GoRemoteViewSet(RemoteViewSet, RolesMixin):
    """An upstream that speaks the GOPROXY protocol."""

    endpoint_name = "gomod"
    queryset = GoRemote.objects.all()
    serializer_class = GoRemoteSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoRemoteFilter
    queryset_filtering_required_permission = "gomod.view_goremote"

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(READ),
            allow(["create"], may_create("gomod.add_goremote")),
            allow([*CHANGE, "forget"], may("gomod.change_goremote"), may("gomod.view_goremote")),
            allow(["destroy"], may("gomod.delete_goremote"), may("gomod.view_goremote")),
            allow(ROLES, may("gomod.manage_roles_goremote")),
        ],
        owner="gomod.goremote_owner",
    )
    LOCKED_ROLES = {
        "gomod.goremote_creator": ["gomod.add_goremote"],
        "gomod.goremote_owner": [
            "gomod.view_goremote",
            "gomod.change_goremote",
            "gomod.delete_goremote",
            "gomod.manage_roles_goremote",
        ],
        "gomod.goremote_viewer": ["gomod.view_goremote"],
    }

    @extend_schema(
        summary="Forget a module version",
        description="Forget what the upstream said about one module version, and remove it from "
        "the repositories that only have it by pull-through. Anything uploaded or "
        "synced stays.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoForgetSerializer)
    def forget(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that forgets a module version.

        Args:
            pk: The remote.
            kwargs: The API's version and the domain.
        """
        remote = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        task = dispatch(
            forget,
            exclusive_resources=[remote, *repositories_of(remote)],
            kwargs={"remote_pk": str(remote.pk), **serializer.validated_data},
        )
        return OperationPostponedResponse(task, request)
