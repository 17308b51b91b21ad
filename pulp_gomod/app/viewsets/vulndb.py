"""The endpoints below `gomod/vulndbs/`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from pulpcore.plugin.models import Upload
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.viewsets import (
    DATETIME_FILTER_OPTIONS,
    NAME_FILTER_OPTIONS,
    BaseFilterSet,
    NamedModelViewSet,
    OperationPostponedResponse,
    RolesMixin,
)

from pulp_gomod.app.models import GoVulndb
from pulp_gomod.app.models.discarding import hold
from pulp_gomod.app.models.vex import replace_statements
from pulp_gomod.app.serializers import (
    GoVexSerializer,
    GoVexStatementSerializer,
    GoVulndbSerializer,
    GoVulndbUploadSerializer,
)
from pulp_gomod.app.tasks.vulndb.scheduling import SYNC, scan_again, set_schedule
from pulp_gomod.app.viewsets.access import READ, ROLES, allow, may, may_create, policy
from pulp_gomod.app.viewsets.describing import describe
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters
from pulp_gomod.app.viewsets.in_use import DELETED_OR_IN_USE, unless_in_use
from pulp_gomod.app.viewsets.module import sources_of
from pulp_gomod.golang import GoError

_UPLOAD = "pulp_gomod.app.tasks.vulndb.mirroring.upload"
_VIEW = may("gomod.view_govulndb")
_CHANGE = may("gomod.change_govulndb")


class GoVulndbFilter(StrictFilters, BaseFilterSet):
    """Filters of databases of vulnerabilities."""

    class Meta:
        model = GoVulndb
        fields = {
            "name": NAME_FILTER_OPTIONS,
            "kind": ["exact", "in"],
            "modified": DATETIME_FILTER_OPTIONS,
            "checked": DATETIME_FILTER_OPTIONS,
        }


@describe(
    list=extend_schema(summary="List vulnerability databases"),
    retrieve=extend_schema(summary="Inspect a vulnerability database"),
    create=extend_schema(
        summary="Create a vulnerability database",
        description="It is empty until it is synced, or until an archive is uploaded.",
    ),
    update=extend_schema(summary="Change a vulnerability database"),
    partial_update=extend_schema(summary="Change a part of a vulnerability database"),
    destroy=extend_schema(
        summary="Delete a vulnerability database",
        description="Refused with 409 while distributions serve it or policies depend on it.",
        responses=DELETED_OR_IN_USE,
    ),
)
class GoVulndbViewSet(
    NamedModelViewSet,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    RolesMixin,
):
    """Databases of vulnerabilities and of malicious modules, mirrored whole."""

    endpoint_name = "gomod/vulndbs"
    queryset = GoVulndb.objects.order_by("name", "pk")
    serializer_class = GoVulndbSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoVulndbFilter
    queryset_filtering_required_permission = "gomod.view_govulndb"

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(READ),
            allow(["create"], may_create("gomod.add_govulndb")),
            allow(["update", "partial_update", "sync"], _CHANGE, _VIEW),
            allow(["vex"], _CHANGE, _VIEW),
            allow(["vex_statements"], _VIEW),
            allow(["upload"], _CHANGE, _VIEW, "gomod_may_use_upload"),
            allow(["destroy"], may("gomod.delete_govulndb"), _VIEW),
            allow(ROLES, may("gomod.manage_roles_govulndb")),
        ],
        owner="gomod.govulndb_owner",
    )
    LOCKED_ROLES = {
        "gomod.govulndb_creator": ["gomod.add_govulndb"],
        "gomod.govulndb_owner": [
            "gomod.view_govulndb",
            "gomod.change_govulndb",
            "gomod.delete_govulndb",
            "gomod.manage_roles_govulndb",
        ],
        "gomod.govulndb_viewer": ["gomod.view_govulndb"],
    }

    def perform_destroy(self, vulndb: GoVulndb) -> None:
        """
        Delete a database.

        Raises:
            InUse: Something needs it.
        """
        with unless_in_use(
            "This vulnerability database", "Take it from these before you delete it."
        ):
            # Nobody gives it another schedule meanwhile.
            hold(vulndb)
            set_schedule(vulndb, None)
            vulndb.delete()

    @extend_schema(
        summary="Sync a vulnerability database",
        description="Fetch it from its URL, unless it has not changed. The one that is here stays if the "
        "new one is broken, or cannot be had.",
        request=None,
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"])
    def sync(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that syncs.

        Args:
            pk: The database.
            kwargs: The API's version and the domain.

        Raises:
            ValidationError: It has no URL.
        """
        vulndb = self.get_object()
        if not vulndb.url:
            raise serializers.ValidationError(
                {"url": ["This database has no url to sync from: set it, or upload an archive."]}
            )
        task = dispatch(SYNC, exclusive_resources=[vulndb], kwargs={"vulndb_pk": str(vulndb.pk)})
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Upload a vulnerability database",
        description="Take an archive instead of the reports that there are, be it older than these.",
        request=GoVulndbUploadSerializer,
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoVulndbUploadSerializer)
    def upload(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that takes it in.

        Args:
            pk: The database.
            kwargs: The API's version and the domain.
        """
        vulndb = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        (file,) = serializer.validated_data.values()
        (source,) = sources_of([file])
        task = dispatch(
            _UPLOAD,
            exclusive_resources=[vulndb, *([file] if isinstance(file, Upload) else [])],
            kwargs={"vulndb_pk": str(vulndb.pk), "source": source},
        )
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Add an OpenVEX document",
        description="Silence reports that do not apply to a module version (not_affected), or not any more "
        "(fixed), for policies and for scans. The document takes the place of the one with the same @id.",
        request=GoVexSerializer,
        responses={201: GoVexStatementSerializer(many=True)},
    )
    @action(detail=True, methods=["post"], serializer_class=GoVexSerializer)
    def vex(self, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        Take a document.

        Args:
            pk: The database.
            kwargs: The API's version and the domain.

        Raises:
            ValidationError: There would be too many statements.
        """
        vulndb = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        document = serializer.validated_data["document"]
        try:
            replace_statements(vulndb.pk, document)
        except GoError as error:
            raise serializers.ValidationError({"document": [str(error)]}) from error
        scan_again(vulndb)
        made = vulndb.vex.filter(document=document.id).order_by("pk")
        return Response(GoVexStatementSerializer(made, many=True).data, status=201)

    @extend_schema(
        summary="List the statements that silence reports",
        responses={200: GoVexStatementSerializer(many=True)},
        filters=False,
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def vex_statements(self, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        List the statements of all documents.

        Args:
            pk: The database.
            kwargs: The API's version and the domain.
        """
        statements = self.get_object().vex.order_by("module", "vulnerability", "pk")
        page = self.paginate_queryset(statements)
        shown = GoVexStatementSerializer(page, many=True)
        return self.get_paginated_response(shown.data)
