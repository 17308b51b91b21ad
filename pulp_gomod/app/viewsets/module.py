"""The endpoints below `content/gomod/modules/`."""

from gettext import gettext as _
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ValidationError

from pulpcore.plugin.models import Artifact, PulpTemporaryFile, Upload
from pulpcore.plugin.serializers import AsyncOperationResponseSerializer
from pulpcore.plugin.tasking import dispatch
from pulpcore.plugin.util import get_domain
from pulpcore.plugin.viewsets import ContentFilter, ContentViewSet, OperationPostponedResponse

from pulp_gomod.app.auth.addresses import client_address
from pulp_gomod.app.auth.rights import name_of
from pulp_gomod.app.exceptions import InvalidModuleError, StorageUnavailableError
from pulp_gomod.app.models import GoModule
from pulp_gomod.app.serializers import (
    GoModuleListSerializer,
    GoModuleSerializer,
    GoModuleUploadSerializer,
)
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.calls import ask_first
from pulp_gomod.app.storage.faults import RETRY_AFTER, DamagedFileError, storage_calls
from pulp_gomod.app.tasks.upload import Source, discard_file, upload_modules, verify
from pulp_gomod.app.viewsets.access import allow, may_create, policy
from pulp_gomod.app.viewsets.filters import (
    FILTER_BACKENDS,
    ChecksumFilter,
    HeldInFilter,
    LabelsFilter,
    SearchFilter,
    SizeFilter,
    StrictFilters,
)
from pulp_gomod.app.viewsets.module_filters import (
    DeprecatedFilter,
    RequiresFilter,
    RetractedFilter,
    Sha256Filter,
    VersionFilter,
)
from pulp_gomod.app.viewsets.scope import ScopedContentMixin
from pulp_gomod.app.viewsets.token_scope import PUBLISH, READ
from pulp_gomod.golang.zip import is_heavy

# Zips in a request that have at most so many bytes together are verified before the answer.
JUDGED_AT_ONCE = 16 * 1024 * 1024

# What only the retrieval of one module shows.
LONG_TEXTS = ("go_mod", "readme")


class GoModuleFilter(StrictFilters, ContentFilter):
    """Filters of modules."""

    repository_version = HeldInFilter()
    pulp_label_select = LabelsFilter()
    h1 = ChecksumFilter(help_text="Filter results where h1 matches value")
    go_mod_h1 = ChecksumFilter(help_text="Filter results where go_mod_h1 matches value")
    q = SearchFilter(
        help_text="Search for words in the module path, or filter by an expression over other "
        "filters, such as module='example.com/a' AND NOT is_pseudo=true"
    )

    sha256 = Sha256Filter(help_text="Filter results where the zip has this SHA-256")
    size__gte = SizeFilter(
        "size", "gte", help_text="Filter results by bytes, or a size such as 10MB"
    )
    size__lte = SizeFilter(
        "size", "lte", help_text="Filter results by bytes, or a size such as 10MB"
    )
    version__gte = VersionFilter("gte", help_text="Filter results by Go's order of versions")
    version__gt = VersionFilter("gt", help_text="Filter results by Go's order of versions")
    version__lte = VersionFilter("lte", help_text="Filter results by Go's order of versions")
    version__lt = VersionFilter("lt", help_text="Filter results by Go's order of versions")
    requires = RequiresFilter(
        help_text="Filter results whose go.mod requires this module, as a path or path@version"
    )
    deprecated = DeprecatedFilter(
        help_text="Filter results by whether their go.mod has a deprecation notice"
    )
    retracted = RetractedFilter(
        help_text="Filter results by whether the newest version of their module retracts them: the "
        "newest in repository_version, or otherwise on the server"
    )

    ordering_fields = (
        ("module", "module"),
        ("version_key", "version"),
        ("size", "size"),
    )

    class Meta:
        model = GoModule
        fields = {
            "module": ["exact", "in", "contains", "icontains", "startswith"],
            "version": ["exact", "in"],
            "is_pseudo": ["exact"],
            "go_version": ["exact"],
        }


class GoModuleViewSet(ScopedContentMixin, ContentViewSet):
    """Versions of Go modules, each with its verified zip."""

    endpoint_name = "modules"
    queryset = GoModule.objects.prefetch_related("_artifacts")
    serializer_class = GoModuleSerializer
    filter_backends = FILTER_BACKENDS
    filterset_class = GoModuleFilter
    TOKEN_ACTIONS = {"list": READ, "retrieve": READ, "create": PUBLISH}

    DEFAULT_ACCESS_POLICY = policy(
        [
            allow(["list", "retrieve"]),
            allow(
                ["create"],
                "gomod_may_upload:gomod.publish_gorepository,gomod.modify_gorepository",
            ),
            allow(["set_label", "unset_label"], may_create("core.manage_content_labels")),
        ]
    )

    def get_serializer_class(self) -> Any:
        """Pick the serializer by the action."""
        match getattr(self, "action", ""):
            case "create":
                return GoModuleUploadSerializer
            case "list":
                return GoModuleListSerializer
        return super().get_serializer_class()

    def get_queryset(self) -> QuerySet:
        """Leave what a list does not show in the database."""
        queryset = super().get_queryset()
        # pulpcore asks viewsets for their querysets that serve no request, too.
        if getattr(self, "action", "") == "list":
            queryset = queryset.defer(*LONG_TEXTS)
        return queryset

    def valid_upload(self) -> dict[str, Any]:
        """
        Return what the upload in the request asks for; it is validated once.

        Raises:
            ValidationError: It is malformed.
        """
        if not hasattr(self, "_valid_upload"):
            serializer = self.get_serializer(data=self.request.data)
            serializer.is_valid(raise_exception=True)
            self._valid_upload: dict[str, Any] = serializer.validated_data
        return self._valid_upload

    @extend_schema(
        description="Trigger an asynchronous task to store one or more module zips, and to add "
        "them to a repository in one new version. Either all of them are accepted or "
        "none. Small zips in the request itself are checked at once.",
        summary="Upload modules",
        request=GoModuleUploadSerializer,
        responses={202: AsyncOperationResponseSerializer},
    )
    def create(self, request: Any, **kwargs: Any) -> OperationPostponedResponse:
        """Store module zips."""
        upload = self.valid_upload()
        zips = upload["zips"]
        sent = [zip for zip in zips if not isinstance(zip, (Artifact, Upload))]
        if sum(file.size for file in sent) <= JUDGED_AT_ONCE:
            _verify_at_once(sent)
        repository = upload.get("repository")
        task = dispatch(
            upload_modules,
            exclusive_resources=[
                *([repository] if repository else []),
                *(zip for zip in zips if isinstance(zip, Upload)),
            ],
            kwargs={
                "sources": sources_of(zips),
                "repository_pk": str(repository.pk) if repository else None,
                "time": upload["time"].isoformat() if "time" in upload else None,
                "origin": upload.get("origin"),
                "pulp_labels": upload.get("pulp_labels"),
                "user_name": name_of(request),
                "address": client_address(request),
            },
        )
        return OperationPostponedResponse(task, request)


def _verify_at_once(files: list[Any]) -> None:
    """
    Verify zips in the request; the task verifies them again, as it does all others.

    What takes long is left to the task: other requests wait for this process.
    """
    try:
        for file in files:
            if not is_heavy(file.file):
                verify(file.file, file.name)
    except InvalidModuleError as error:
        raise ValidationError({"non_field_errors": [str(error)]}) from error


class StorageUnavailable(APIException):
    """The answer where a file cannot be stored for a task; nothing was stored then."""

    status_code = 503
    default_detail = _(
        "The server's file storage is not responding. Nothing was stored; try again."
    )
    wait = int(RETRY_AFTER)


def sources_of(zips: list[Any]) -> list[Source]:
    """
    Say where the task finds files.

    Args:
        zips: Artifacts, chunked uploads, and files in the request, which are stored for the task.

    Raises:
        StorageUnavailable: They cannot be.
    """
    stored: list[PulpTemporaryFile] = []
    try:
        return [_source(zip, stored) for zip in zips]
    except (DamagedFileError, StorageUnavailableError) as error:
        for file in stored:
            discard_file(file)
        raise StorageUnavailable from error


def _source(zip: Any, stored: list[PulpTemporaryFile]) -> Source:
    """Say where the task finds a zip; one in the request is stored for it."""
    if isinstance(zip, Artifact):
        zip.touch()
        return {"kind": "artifact", "pk": str(zip.pk), "name": f"artifact {zip.pk}"}
    if isinstance(zip, Upload):
        return {"kind": "upload", "pk": str(zip.pk), "name": f"upload {zip.pk}"}
    file = PulpTemporaryFile.init_and_validate(zip)
    ask_first(storage_of(get_domain()), file.storage_path(""))
    with storage_calls("storing an upload for its task"):
        file.save()
    stored.append(file)
    return {"kind": "file", "pk": str(file.pk), "name": zip.name}
