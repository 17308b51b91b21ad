"""`remotes/gomod/gomod/`"""

from pulpcore.plugin.viewsets import RemoteFilter, RemoteViewSet, RolesMixin

from pulp_gomod.app.models import GoRemote
from pulp_gomod.app.serializers import GoRemoteSerializer
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters
from pulp_gomod.app.viewsets.policy import CHANGE, READ, ROLES, allow, may, may_create, policy


class GoRemoteFilter(StrictFilters, RemoteFilter):
    """Filters of remotes."""


class GoRemoteViewSet(RemoteViewSet, RolesMixin):
    """
    An upstream that speaks the GOPROXY protocol.
    """

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
            allow(CHANGE, may("gomod.change_goremote"), may("gomod.view_goremote")),
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
