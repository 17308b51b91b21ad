"""`repositories/gomod/gomod/` and the versions below it."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404

from pulpcore.plugin.actions import ModifyRepositoryActionMixin
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.util import get_domain_pk
from pulpcore.plugin.viewsets import (
    OperationPostponedResponse,
    RepositoryVersionViewSet,
    RepositoryViewSet,
    RolesMixin,
)

from pulp_gomod.app.auth.addresses import client_address
from pulp_gomod.app.auth.rights import name_of
from pulp_gomod.app.models import GoRepository
from pulp_gomod.app.models.documentation import OFF, dispatch_documenting
from pulp_gomod.app.serializers import (
    GoBundleSerializer,
    GoCleanupSerializer,
    GoDocumentSerializer,
    GoImportSerializer,
    GoModifySerializer,
    GoRepositorySerializer,
    GoRepositoryVersionSerializer,
    GoScanSerializer,
    GoSyncSerializer,
)
from pulp_gomod.app.tasks.cleanup import clean_up
from pulp_gomod.app.tasks.sync.scheduling import SYNC
from pulp_gomod.app.tasks.vulndb.scheduling import dispatch_scan
from pulp_gomod.app.viewsets import token_scope
from pulp_gomod.app.viewsets.access import CHANGE, READ, ROLES, allow, may, may_create, policy
from pulp_gomod.app.viewsets.asked import asked_of
from pulp_gomod.app.viewsets.describing import describe
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, StrictFilters
from pulp_gomod.app.viewsets.schedules import SchedulesMixin

# By its name: the task has the content app with it, which the API must not have.
_IMPORT = "pulp_gomod.app.tasks.importing.run.import_tree"
_BUNDLE = "pulp_gomod.app.tasks.bundle.write_bundle"
_MODIFY = "pulp_gomod.app.tasks.promotion.modify"
_VIEW = may("gomod.view_gorepository")
_FEED = "gomod_may_feed_named_sumdb:gomod.feed_gosumdb"
_VIEW_REMOTE = "has_remote_param_model_or_domain_or_obj_perms:gomod.view_goremote"


class GoRepositoryFilter(StrictFilters, RepositoryViewSet.filterset_class):
    """Filters of repositories."""


class GoRepositoryVersionFilter(StrictFilters, RepositoryVersionViewSet.filterset_class):
    """Filters of repository versions."""


@describe(list=extend_schema(summary="List go repositories"))
class GoRepositoryViewSet(
    RepositoryViewSet, ModifyRepositoryActionMixin, SchedulesMixin, RolesMixin
):
    """A versioned set of Go modules, with at most one zip for a module version."""

    endpoint_name = "gomod"
    queryset = GoRepository.objects.exclude(user_hidden=True)
    serializer_class = GoRepositorySerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoRepositoryFilter
    TOKEN_ACTIONS = {
        "list": token_scope.READ,
        "retrieve": token_scope.READ,
        "modify": token_scope.PUBLISH,
    }
    queryset_filtering_required_permission = "gomod.view_gorepository"

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(READ),
            allow(["create"], may_create("gomod.add_gorepository"), _VIEW_REMOTE, _FEED),
            allow(["destroy"], may("gomod.delete_gorepository"), _VIEW),
            allow(CHANGE, may("gomod.change_gorepository"), _VIEW, _VIEW_REMOTE, _FEED),
            allow(
                ["modify"],
                may("gomod.modify_gorepository"),
                _VIEW,
                _VIEW_REMOTE,
                "gomod_may_view_added_content:gomod.view_gorepository",
            ),
            allow(
                ["import_tree"],
                may("gomod.modify_gorepository"),
                _VIEW,
                "gomod_may_use_upload",
            ),
            allow(["sync", "schedule"], may("gomod.sync_gorepository"), _VIEW, _VIEW_REMOTE),
            allow(["unschedule"], may("gomod.sync_gorepository"), _VIEW),
            allow(["schedules"], _VIEW),
            allow(["cleanup", "document"], may("gomod.modify_gorepository"), _VIEW),
            allow(ROLES, may("gomod.manage_roles_gorepository")),
        ],
        owner="gomod.gorepository_owner",
    )
    LOCKED_ROLES = {
        "gomod.gorepository_creator": ["gomod.add_gorepository"],
        "gomod.gorepository_owner": [
            "gomod.view_gorepository",
            "gomod.change_gorepository",
            "gomod.delete_gorepository",
            "gomod.modify_gorepository",
            "gomod.publish_gorepository",
            "gomod.unpublish_gorepository",
            "gomod.sync_gorepository",
            "gomod.block_gorepository",
            "gomod.repair_gorepository",
            "gomod.manage_roles_gorepository",
        ],
        "gomod.gorepository_viewer": ["gomod.view_gorepository"],
        "gomod.gorepository_publisher": ["gomod.publish_gorepository"],
        "gomod.gorepository_remover": ["gomod.unpublish_gorepository"],
    }

    def get_queryset(self) -> QuerySet:
        """Keep a token to the repositories that it is for."""
        queryset: QuerySet = super().get_queryset()
        token = token_scope.token_of(self)
        if token is None:
            return queryset
        return queryset.filter(pk__in=token_scope.repositories(token).values("pk"))

    @property
    def ALLOW_NON_BLOCKING_UPDATE(self) -> bool:
        """Whether a change is quick: a checksum database takes its time for records of all that is held."""
        return not self.request.data.get("sumdb")

    @extend_schema(
        summary="Modify Repository Content",
        description="Trigger an asynchronous task to create a new repository version; with_zips "
        "first fetches the zips that it would lack from a remote.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoModifySerializer)
    def modify(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that adds and removes content.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.
        """
        repository = self.get_object()
        wanted = asked_of(self, repository)
        if not wanted.pop("with_zips", False):
            return super().modify(request, pk, **kwargs)
        remote = wanted.pop("remote", None) or repository.remote
        if remote is None:
            message = "Name the remote to fetch zips from: the repository has none of its own."
            raise serializers.ValidationError({"remote": [message]})
        base = wanted.pop("base_version", None)
        task = dispatch(
            _MODIFY,
            exclusive_resources=[repository],
            shared_resources=[remote],
            kwargs={
                "repository_pk": str(repository.pk),
                "remote_pk": str(remote.pk),
                "base_version_pk": str(base.pk) if base else None,
                **wanted,
            },
        )
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Sync modules",
        description="Fetch modules from a remote by name, or those that a go.sum or a go.mod "
        "needs, and create one new version of the repository with all of them.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoSyncSerializer)
    def sync(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that syncs.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.
        """
        repository = self.get_object()
        wanted = asked_of(self, repository)
        remote = wanted.pop("remote", None) or repository.remote
        task = dispatch(
            SYNC,
            exclusive_resources=[repository],
            shared_resources=[remote],
            kwargs={"repository_pk": str(repository.pk), "remote_pk": str(remote.pk), **wanted},
        )
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Import a tree of modules",
        description="Take in all modules of an uploaded tar, in one new version of the repository. What is "
        "refused does not stop the rest; the task's result says what, and why.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], url_path="import", serializer_class=GoImportSerializer)
    def import_tree(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that imports.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.
        """
        repository = self.get_object()
        wanted = asked_of(self, repository)
        upload = wanted.pop("upload")
        task = dispatch(
            _IMPORT,
            exclusive_resources=[repository, upload],
            kwargs={
                "repository_pk": str(repository.pk),
                "upload_pk": str(upload.pk),
                "user_name": name_of(request),
                "address": client_address(request),
                **wanted,
            },
        )
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Remove cached modules",
        description="Remove modules that were cached from an upstream and are no longer requested. "
        "Anything uploaded or synced is never touched.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoCleanupSerializer)
    def cleanup(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that removes cached modules.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.
        """
        repository = self.get_object()
        task = dispatch(
            clean_up,
            exclusive_resources=[repository],
            kwargs={"repository_pk": str(repository.pk), **asked_of(self, repository)},
        )
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Document modules",
        description="Compute the documentation, READMEs and licences of modules that have none, such as those "
        "that came before this was done. What comes to a repository is documented without being asked.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoDocumentSerializer)
    def document(self, request: Any, pk: str, **kwargs: Any) -> OperationPostponedResponse:
        """
        Dispatch the task that documents modules.

        Args:
            pk: The repository.
            kwargs: The API's version and the domain.

        Raises:
            ValidationError: This server documents nothing.
        """
        repository = self.get_object()
        wanted = asked_of(self, repository)
        if settings.GOMOD_DOCUMENTATION == OFF:
            message = "This server documents no modules: its setting GOMOD_DOCUMENTATION is off."
            raise serializers.ValidationError({"non_field_errors": [message]})
        anew = timezone.now().isoformat() if wanted["anew"] else None
        return OperationPostponedResponse(dispatch_documenting(repository, 0, anew), request)


def _may_of_repository(permission: str) -> str:
    return f"has_repository_model_or_domain_or_obj_perms:{permission}"


class GoRepositoryVersionViewSet(RepositoryVersionViewSet):
    """The state of a Go repository after one change."""

    parent_viewset = GoRepositoryViewSet
    serializer_class = GoRepositoryVersionSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoRepositoryVersionFilter
    TOKEN_ACTIONS = {"retrieve": token_scope.READ}

    DEFAULT_ACCESS_POLICY = {
        "statements": [
            allow(["list", "retrieve"], _may_of_repository("gomod.view_gorepository")),
            allow(
                ["destroy"],
                _may_of_repository("gomod.delete_gorepository"),
                _may_of_repository("gomod.view_gorepository"),
            ),
            allow(
                ["repair"],
                _may_of_repository("gomod.repair_gorepository"),
                _may_of_repository("gomod.view_gorepository"),
            ),
            allow(
                ["scan"],
                _may_of_repository("gomod.repair_gorepository"),
                _may_of_repository("gomod.view_gorepository"),
            ),
            {"action": ["bundle"], "principal": "admin", "effect": "allow"},
        ],
    }

    @extend_schema(
        summary="Write a bundle",
        description="Write everything that this version holds to a directory of the server, as files "
        "that the go command builds from. Administrators only, as all exports of Pulp to its own disk.",
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoBundleSerializer)
    def bundle(
        self, request: Any, repository_pk: str, number: str, **kwargs: Any
    ) -> OperationPostponedResponse:
        """
        Dispatch the task that writes a bundle.

        Args:
            number: The version's number.
            kwargs: The API's version and the domain.
        """
        version = self.get_object()
        serializer = self.get_serializer(
            data=request.data,
            context={**self.get_serializer_context(), "repository_version": version},
        )
        serializer.is_valid(raise_exception=True)
        wanted = dict(serializer.validated_data)
        task = dispatch(
            _BUNDLE,
            # One at a time for each directory.
            exclusive_resources=[f"gomod:bundle:{wanted['path']}"],
            shared_resources=[version.repository],
            kwargs={"repository_version_pk": str(version.pk), **wanted},
        )
        return OperationPostponedResponse(task, request)

    @extend_schema(
        summary="Generate vulnerability report",
        description="Note with each module version of this repository version which reports of a vulnerability "
        "database are about it. Nothing is sent anywhere.",
        request=GoScanSerializer,
        responses={202: AsyncOperationResponseSerializer},
    )
    @action(detail=True, methods=["post"], serializer_class=GoScanSerializer)
    def scan(
        self, request: Any, repository_pk: str, number: str, **kwargs: Any
    ) -> OperationPostponedResponse:
        """
        Dispatch the task that scans.

        Args:
            number: The version's number.
            kwargs: The API's version and the domain.

        Raises:
            ValidationError: There is no database to scan with.
        """
        version = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        vulndb = serializer.validated_data.get("vulndb") or version.repository.cast().vulndb
        if vulndb is None:
            message = "Name a vulnerability database: the repository has none of its own."
            raise serializers.ValidationError({"vulndb": [message]})
        return OperationPostponedResponse(dispatch_scan(version, vulndb), request)

    def get_parent_field_and_object(self) -> tuple[str, Any]:
        """
        Find the repository in the domain of the request only.

        pulpcore looks in all domains, while it asks for rights in the one that the URL names.
        """
        repository = get_object_or_404(
            GoRepository, pk=self.kwargs["repository_pk"], pulp_domain=get_domain_pk()
        )
        return "repository", repository

    def get_queryset(self) -> QuerySet:
        """Keep to the domain of the request, and a token to the newest versions that it is for."""
        queryset = super().get_queryset().filter(repository__pulp_domain=get_domain_pk())
        token = token_scope.token_of(self)
        return queryset if token is None else token_scope.newest_versions(token, queryset)
