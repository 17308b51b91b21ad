"""What a REST upload of module zips may send."""

from gettext import gettext as _
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin.models import Artifact, Repository, Upload
from pulpcore.plugin.serializers import (
    RelatedField,
    ValidateFieldsMixin,
)

from pulp_gomod.app.models import GoRepository
from pulp_gomod.app.serializers.fields import LabelsField, ObjectField
from pulp_gomod.app.serializers.named import NamedRepositoryField
from pulp_gomod.app.storage.release_info import check_origin, parse_time

# Zips that one call may bring.
MAX_ZIPS = 1000


@extend_schema_field(OpenApiTypes.DATETIME)
class TimeField(serializers.CharField):
    """A time as `.info` writes it."""

    def to_internal_value(self, data: Any) -> Any:
        """
        Read the time.

        Raises:
            ValidationError: It is no RFC 3339 time.
        """
        try:
            return parse_time(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class ZipField(serializers.FileField):
    """A module zip in the request."""

    def to_internal_value(self, data: Any) -> Any:
        """
        Take the file.

        Raises:
            ValidationError: It is larger than a module zip may be.
        """
        file = super().to_internal_value(data)
        check_size(file.size)
        return file


def check_size(size: int) -> None:
    """
    Refuse a zip by its size alone.

    Args:
        size: In bytes.

    Raises:
        ValidationError: It is larger than a module zip may be.
    """
    limit = settings.GOMOD_MAX_ZIP_SIZE
    if size > limit:
        raise serializers.ValidationError(
            _("The module zip is too large: {size} bytes, the limit is {limit} bytes.").format(
                size=size, limit=limit
            )
        )


class HrefMixin:
    """Refuses what is no text; pulpcore's fields take that for granted."""

    def to_internal_value(self, data: Any) -> Any:
        """
        Find the object.

        Raises:
            ValidationError: There is none, or it is not named by an href or a PRN.
        """
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Must be an href or a PRN."))
        return super().to_internal_value(data)  # type: ignore[misc]


class UploadField(HrefMixin, RelatedField):
    """A chunked upload."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(view_name="uploads-detail", queryset=Upload.objects.all(), **kwargs)


class ArtifactField(HrefMixin, RelatedField):
    """An artifact."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(view_name="artifacts-detail", queryset=Artifact.objects.all(), **kwargs)


class RepositoryField(HrefMixin, NamedRepositoryField):
    """A repository of any type, or the name of one to publish to."""


class GoModuleUploadSerializer(ValidateFieldsMixin, serializers.Serializer):
    """
    One or more module zips, and what to do with them.

    Module and version are read from each zip. What is given once applies to every zip of the call.
    """

    file = ZipField(help_text=_("A module zip."), required=False)
    upload = UploadField(help_text=_("A finished chunked upload of a module zip."), required=False)
    artifact = ArtifactField(help_text=_("An artifact that is a module zip."), required=False)
    files = serializers.ListField(
        help_text=_("Several module zips, as `file`."),
        child=ZipField(),
        required=False,
        allow_empty=False,
    )
    uploads = serializers.ListField(
        help_text=_("Several chunked uploads, as `upload`."),
        child=UploadField(),
        required=False,
        allow_empty=False,
    )
    artifacts = serializers.ListField(
        help_text=_("Several artifacts, as `artifact`."),
        child=ArtifactField(),
        required=False,
        allow_empty=False,
    )
    repository = RepositoryField(
        help_text=_("The repository to add the modules to, all of them in one new version."),
        required=False,
    )
    time = TimeField(
        help_text=_(
            "When the versions were created (RFC 3339), for .info in the repository. A "
            "pseudo-version contains its own time. Defaults to the time of the upload."
        ),
        required=False,
    )
    origin = ObjectField(
        help_text=_(
            "Where the versions come from, for .info in the repository: an object with VCS, URL, "
            "Subdir, Hash, TagPrefix, TagSum, Ref and RepoSum."
        ),
        required=False,
    )
    pulp_labels = LabelsField(
        help_text=_("Labels for the modules that are new to Pulp."), required=False
    )

    def validate_upload(self, upload: Upload) -> Upload:
        """Check a chunked upload; see `check_upload_complete`."""
        check_upload_complete(upload)
        return upload

    def validate_uploads(self, uploads: list[Upload]) -> list[Upload]:
        """Check several chunked uploads; see `check_upload_complete`."""
        for upload in uploads:
            check_upload_complete(upload)
        return uploads

    def validate_repository(self, repository: Repository) -> GoRepository:
        """
        Check the type of the repository.

        Raises:
            ValidationError: It is no Go repository.
        """
        if not isinstance(repository, GoRepository):
            raise serializers.ValidationError(_("Not a Go repository."))
        return repository

    def validate_origin(self, origin: dict[str, Any]) -> dict[str, str]:
        """
        Check the origin.

        Raises:
            ValidationError: `.info` cannot have it.
        """
        try:
            return check_origin(origin)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Gather the zips under `zips`, in the order file, upload, artifact, files, uploads, artifacts.

        Raises:
            ValidationError: There are none, or too many, or one of them twice; or something was
                given that needs a repository.
        """
        data = super().validate(data)
        zips = [data.pop(name) for name in ("file", "upload", "artifact") if name in data]
        for name in ("files", "uploads", "artifacts"):
            zips += data.pop(name, [])
        if not zips:
            raise serializers.ValidationError(
                _("No module zip: give one of file, upload, artifact, files, uploads, artifacts.")
            )
        if len(zips) > MAX_ZIPS:
            raise serializers.ValidationError(
                _("Too many module zips: {count}, the limit is {limit} in one call.").format(
                    count=len(zips), limit=MAX_ZIPS
                )
            )
        stored = [(type(zip), zip.pk) for zip in zips if isinstance(zip, (Upload, Artifact))]
        if len(set(stored)) < len(stored):
            raise serializers.ValidationError(_("The same upload or artifact is given twice."))
        if "repository" not in data:
            for name in ("time", "origin"):
                if name in data:
                    raise serializers.ValidationError(
                        {name: _("This is stored in a repository: give a repository, too.")}
                    )
        data["zips"] = zips
        return data

    class Meta:
        ref_name = "gomod.GoModuleUpload"


def check_upload_complete(upload: Upload) -> None:
    """
    Check that a chunked upload is complete and may be a module zip.

    Raises:
        ValidationError: Chunks are missing or overlap, or it is too large.
    """
    check_size(upload.size)
    check_chunks(upload)


def check_chunks(upload: Upload) -> None:
    """
    Check that all bytes of a chunked upload are there.

    Raises:
        ValidationError: Chunks are missing or overlap.
    """
    end = 0
    for offset, size in upload.chunks.order_by("offset").values_list("offset", "size"):
        if offset != end:
            break
        end += size
    if end != upload.size:
        raise serializers.ValidationError(
            _("The upload is not complete: only the first {end} of {size} bytes are there.").format(
                end=end, size=upload.size
            )
        )
