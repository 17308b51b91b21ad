"""The endpoints below `publications/gomod/gomod/`."""

from typing import Any

from drf_spectacular.utils import extend_schema

from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.viewsets import (
    OperationPostponedResponse,
    PublicationFilter,
    PublicationViewSet,
    RolesMixin,
)

from pulp_gomod.app.models import GoPublication
from pulp_gomod.app.serializers import GoPublicationSerializer
from pulp_gomod.app.tasks.publication import publish
from pulp_gomod.app.viewsets.access import READ, ROLES, allow, may, may_create, policy
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters


class GoPublicationFilter(StrictFilters, PublicationFilter):
    """Filters of publications."""


class GoPublicationViewSet(PublicationViewSet, RolesMixin):
    """A repository version, frozen for serving."""

    endpoint_name = "gomod"
    queryset = GoPublication.objects.exclude(complete=False)
    serializer_class = GoPublicationSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoPublicationFilter
    queryset_filtering_required_permission = "gomod.view_gopublication"

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(READ),
            allow(
                ["create"],
                may_create("gomod.add_gopublication"),
                "has_repo_or_repo_ver_param_model_or_domain_or_obj_perms:gomod.view_gorepository",
            ),
            allow(["destroy"], may("gomod.delete_gopublication"), may("gomod.view_gopublication")),
            allow(ROLES, may("gomod.manage_roles_gopublication")),
        ],
        owner="gomod.gopublication_owner",
    )
    LOCKED_ROLES = {
        "gomod.gopublication_creator": ["gomod.add_gopublication"],
        "gomod.gopublication_owner": [
            "gomod.view_gopublication",
            "gomod.delete_gopublication",
            "gomod.manage_roles_gopublication",
        ],
        "gomod.gopublication_viewer": ["gomod.view_gopublication"],
    }

    @extend_schema(
        description="Trigger an asynchronous task to freeze a repository version for serving.",
        responses={202: AsyncOperationResponseSerializer},
    )
    def create(self, request: Any, **kwargs: Any) -> OperationPostponedResponse:
        """Publish the given repository version, or the newest one of the given repository."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        version = serializer.validated_data["repository_version"]
        task = dispatch(
            publish,
            shared_resources=[version.repository],
            kwargs={"repository_version_pk": str(version.pk)},
        )
        return OperationPostponedResponse(task, request)
