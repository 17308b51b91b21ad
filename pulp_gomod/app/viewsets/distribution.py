"""The endpoints below `distributions/gomod/gomod/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema

from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.viewsets import (
    DistributionFilter,
    DistributionViewSet,
    OperationPostponedResponse,
    RolesMixin,
)

from pulp_gomod.app.models import GoDistribution
from pulp_gomod.app.serializers import GoDistributionSerializer
from pulp_gomod.app.viewsets import token_scope
from pulp_gomod.app.viewsets.access import READ, ROLES, allow, may, may_create, policy
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters

_CREATE = "pulp_gomod.app.tasks.distribution.create"
_VIEW_SOURCES = (
    "has_repo_or_repo_ver_param_model_or_domain_or_obj_perms:gomod.view_gorepository",
    "has_remote_param_model_or_domain_or_obj_perms:gomod.view_goremote",
    "has_publication_param_model_or_domain_or_obj_perms:gomod.view_gopublication",
)


class GoDistributionFilter(StrictFilters, DistributionFilter):
    """Filters of distributions."""

    class Meta(DistributionFilter.Meta):
        model = GoDistribution
        fields: ClassVar[dict[str, list[str]]] = {
            **DistributionFilter.Meta.fields,
            "consumers": ["exact", "in"],
        }


class GoDistributionViewSet(DistributionViewSet, RolesMixin):
    """A GOPROXY root: serves a repository, one of its versions, or a publication."""

    endpoint_name = "gomod"
    queryset = GoDistribution.objects.all()
    serializer_class = GoDistributionSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoDistributionFilter
    TOKEN_ACTIONS = {"list": token_scope.READ, "retrieve": token_scope.READ}
    queryset_filtering_required_permission = "gomod.view_godistribution"

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(READ),
            allow(["create"], may_create("gomod.add_godistribution"), *_VIEW_SOURCES),
            allow(
                ["update", "partial_update"],
                may("gomod.change_godistribution"),
                may("gomod.view_godistribution"),
                *_VIEW_SOURCES,
            ),
            allow(
                ["set_label", "unset_label"],
                may("gomod.change_godistribution"),
                may("gomod.view_godistribution"),
            ),
            allow(
                ["destroy"], may("gomod.delete_godistribution"), may("gomod.view_godistribution")
            ),
            allow(ROLES, may("gomod.manage_roles_godistribution")),
        ],
        owner="gomod.godistribution_owner",
    )
    LOCKED_ROLES = {
        "gomod.godistribution_creator": ["gomod.add_godistribution"],
        "gomod.godistribution_owner": [
            "gomod.view_godistribution",
            "gomod.change_godistribution",
            "gomod.delete_godistribution",
            "gomod.manage_roles_godistribution",
            "gomod.consumers_godistribution",
        ],
        "gomod.godistribution_viewer": ["gomod.view_godistribution"],
    }

    def get_queryset(self) -> QuerySet:
        """Keep a token to the distributions that it is for."""
        queryset: QuerySet = super().get_queryset()
        token = token_scope.token_of(self)
        if token is None:
            return queryset
        return queryset.filter(pk__in=token_scope.distributions(token).values("pk"))

    @extend_schema(
        description="Trigger a task to create a distribution. Usually it has ended when this is answered.",
        responses={202: AsyncOperationResponseSerializer},
    )
    def create(self, request: Any, **kwargs: Any) -> OperationPostponedResponse:
        """
        Create a distribution at once, as pulpcore changes and deletes one, and not when a worker has time.

        Args:
            request: What it is to be.
            kwargs: The API's version and the domain.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        task = dispatch(
            _CREATE,
            exclusive_resources=self.async_reserved_resources(None),
            shared_resources=self.async_shared_resources(None),
            args=(self.queryset.model._meta.app_label, type(serializer).__name__),
            kwargs={"data": request.data},
            immediate=True,
        )
        return OperationPostponedResponse(task, request)
