"""The endpoints below `gomod/sumdbs/`."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.viewsets import (
    NAME_FILTER_OPTIONS,
    BaseFilterSet,
    NamedModelViewSet,
    OperationPostponedResponse,
    RolesMixin,
)

from pulp_gomod.app.exceptions import SumdbRefusesError
from pulp_gomod.app.models import GoSumdb
from pulp_gomod.app.serializers import GoSumdbRotateSerializer, GoSumdbSerializer
from pulp_gomod.app.storage.log_proofs import NoProofError, prove
from pulp_gomod.app.storage.signing import find_contradiction, rotate, seal_if_behind
from pulp_gomod.app.viewsets.access import READ, ROLES, allow, may, may_create, policy
from pulp_gomod.app.viewsets.describing import describe
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters
from pulp_gomod.app.viewsets.in_use import DELETED_OR_IN_USE, unless_in_use

_CHECK = "pulp_gomod.app.tasks.sumdb.check"
_RECOVER = "pulp_gomod.app.tasks.sumdb.recover"
_VIEW = may("gomod.view_gosumdb")
_TEXT = "text/plain; charset=utf-8"


class _PlainText(BaseRenderer):
    """For clients that ask for the plain text that a proof is: what else there is to say is a line of it."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Return the line."""
        said = data.get("detail", data) if isinstance(data, dict) else data
        return f"{said}\n".encode()


class GoSumdbFilter(StrictFilters, BaseFilterSet):
    """Filters of checksum databases."""

    class Meta:
        model = GoSumdb
        fields = {"name": NAME_FILTER_OPTIONS, "verifier_key": ["exact"]}


@describe(
    list=extend_schema(summary="List checksum databases"),
    retrieve=extend_schema(summary="Inspect a checksum database"),
    create=extend_schema(
        summary="Begin a checksum database",
        description="The server makes its key. Repositories feed it that have it as their sumdb.",
    ),
    update=extend_schema(summary="Change the witnesses of a checksum database"),
    partial_update=extend_schema(summary="Change the witnesses of a checksum database"),
)
class GoSumdbViewSet(
    NamedModelViewSet,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    RolesMixin,
):
    """Checksum databases of this server: what GOSUMDB can be set to, for private and public modules."""

    endpoint_name = "gomod/sumdbs"
    # No request shows a secret key, so that none is read for one.
    queryset = (
        GoSumdb.objects.select_related("signed_head")
        .defer("signing_key", "retiring_signing_key")
        .order_by("-pulp_created", "pk")
    )
    serializer_class = GoSumdbSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoSumdbFilter
    queryset_filtering_required_permission = "gomod.view_gosumdb"

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(READ),
            allow(["create"], may_create("gomod.add_gosumdb")),
            allow(["update", "partial_update"], may("gomod.change_gosumdb"), _VIEW),
            allow(["destroy"], may("gomod.delete_gosumdb"), _VIEW),
            allow(["rotate"], may("gomod.rotate_gosumdb"), _VIEW),
            allow(["check", "recover"], may("gomod.repair_gosumdb"), _VIEW),
            allow(["proof"], _VIEW),
            allow(ROLES, may("gomod.manage_roles_gosumdb")),
        ],
        owner="gomod.gosumdb_owner",
    )
    LOCKED_ROLES = {
        "gomod.gosumdb_creator": ["gomod.add_gosumdb"],
        "gomod.gosumdb_owner": [
            "gomod.view_gosumdb",
            "gomod.change_gosumdb",
            "gomod.delete_gosumdb",
            "gomod.feed_gosumdb",
            "gomod.rotate_gosumdb",
            "gomod.repair_gosumdb",
            "gomod.manage_roles_gosumdb",
        ],
        "gomod.gosumdb_feeder": ["gomod.view_gosumdb", "gomod.feed_gosumdb"],
        "gomod.gosumdb_viewer": ["gomod.view_gosumdb"],
    }

    def get_object(self) -> GoSumdb:
        """Return the checksum database; whoever looks at one is told whether it signs just now."""
        sumdb: GoSumdb = super().get_object()
        if self.action == "retrieve":
            seal_if_behind(sumdb.pk)
            refused = find_contradiction(sumdb.pk)
            # pulpcore remembers the object for as long as the request takes.
            sumdb = self.queryset.get(pk=sumdb.pk)
            sumdb.refused = refused
        return sumdb

    @extend_schema(
        summary="Delete a checksum database",
        description="Clients that have its key refuse everything from then on. Refused with 409 while "
        "a repository feeds it.",
        responses=DELETED_OR_IN_USE,
    )
    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """
        Delete it.

        Raises:
            InUse: A repository feeds it.
        """
        sumdb = self.get_object()
        remedy = "Set the sumdb of these to null first. Clients that have its key refuse everything once it is gone."
        with unless_in_use("This checksum database", remedy):
            sumdb.delete()
        return Response(status=204)

    @extend_schema(
        summary="Give a checksum database another key",
        description="The key before goes on signing, too, until the given time.",
        responses={201: GoSumdbSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoSumdbRotateSerializer)
    def rotate(self, request: Any, pk: str, **kwargs: Any) -> Response:
        """
        Give it another key.

        Args:
            pk: The checksum database.
            kwargs: The API's version and the domain.

        Raises:
            ValidationError: A rotation is under way.
        """
        sumdb = self.get_object()
        asked = GoSumdbRotateSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        try:
            rotate(sumdb.pk, asked.validated_data["until"])
        except SumdbRefusesError as error:
            raise serializers.ValidationError({"non_field_errors": [error.reason]}) from error
        # pulpcore remembers the object for as long as the request takes.
        sumdb = self.queryset.get(pk=sumdb.pk)
        shown = GoSumdbSerializer(sumdb, context=self.get_serializer_context())
        # What the description of the API says of every POST.
        return Response(shown.data, status=201)

    @extend_schema(
        summary="Check a checksum database",
        description="Prove every record against the head that is given out. The task fails and names the "
        "first record or tile that is wrong.",
        request=None,
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"])
    def check(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that checks.

        Args:
            pk: The checksum database.
            kwargs: The API's version and the domain.
        """
        sumdb = self.get_object()
        task = dispatch(_CHECK, shared_resources=[sumdb], kwargs={"sumdb_pk": str(sumdb.pk)})
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Recover a checksum database",
        description="After PostgreSQL was restored from an older backup: bring back the records that the "
        "storage of the server knows.",
        request=None,
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"])
    def recover(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that recovers.

        Args:
            pk: The checksum database.
            kwargs: The API's version and the domain.
        """
        sumdb = self.get_object()
        task = dispatch(_RECOVER, exclusive_resources=[sumdb], kwargs={"sumdb_pk": str(sumdb.pk)})
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Prove a record",
        description="A file (C2SP tlog-proof) that proves offline that the checksum database has a record "
        "of a module version.",
        parameters=[
            OpenApiParameter("module", OpenApiTypes.STR, required=True, description="Module path"),
            OpenApiParameter("version", OpenApiTypes.STR, required=True, description="Version"),
        ],
        responses={(200, "text/plain"): OpenApiTypes.STR},
        filters=False,
    )
    # Its parameters are no filters of a list.
    @action(
        detail=True,
        methods=["get"],
        filter_backends=[],
        renderer_classes=[JSONRenderer, _PlainText],
    )
    def proof(self, request: Any, pk: str, **kwargs: Any) -> HttpResponse:
        """
        Answer with the proof.

        Args:
            pk: The checksum database.
            kwargs: The API's version and the domain.
        """
        sumdb = self.get_object()
        path, version = (request.query_params.get(name, "") for name in ("module", "version"))
        try:
            body = prove(sumdb.pk, path, version)
        except NoProofError as error:
            return HttpResponse(f"not found: {error}\n", status=404, content_type=_TEXT)
        return HttpResponse(body, content_type=_TEXT)
