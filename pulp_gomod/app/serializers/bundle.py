"""What it takes to write a bundle to the server's own disk."""

from gettext import gettext as _
from pathlib import Path
from typing import Any

from rest_framework import serializers

from pulpcore.plugin.util import get_domain

from pulp_gomod.app.bundle.directory import NotABundleError, check_directory
from pulp_gomod.app.bundle.places import resolve
from pulp_gomod.app.serializers.fields import ChoiceField

_FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"
_METHODS = ("write", "hardlink", "symlink")


class GoBundleSerializer(serializers.Serializer):
    """Where and how a bundle is to be written."""

    path = serializers.CharField(
        help_text=_(
            "A directory on the server, below one of ALLOWED_EXPORT_PATHS: a new one, an empty one, or one "
            "with an older bundle."
        )
    )
    method = ChoiceField(
        choices=_METHODS,
        default="write",
        help_text=_(
            "How zips get there: as copies, or as links to where they are stored (file system only)."
        ),
    )
    since = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text=_(
            "The number of an older version of the repository: write only what has come since."
        ),
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check that what is there already goes with what is written over it.

        Raises:
            ValidationError: It does not.
        """
        try:
            check_directory(Path(data["path"]), data.get("since"))
        except NotABundleError as error:
            raise serializers.ValidationError({"since": [error.line]}) from error
        return data

    def validate_path(self, value: str) -> str:
        """
        Check where to write, with all links on the way resolved.

        Raises:
            ValidationError: It is not allowed, or has something else in it.
        """
        try:
            place = resolve(value)
            check_directory(place, repository=self.context["repository_version"].repository.name)
        except NotABundleError as error:
            raise serializers.ValidationError(error.line) from error
        except OSError as error:
            raise serializers.ValidationError(str(error)) from error
        return str(place)

    def validate_method(self, value: str) -> str:
        """
        Check that there is something to link to.

        Raises:
            ValidationError: Zips are in an object storage.
        """
        if value != "write" and get_domain().storage_class != _FILE_SYSTEM:
            raise serializers.ValidationError(
                _("Zips are in an object storage here, so they can only be written.")
            )
        return value

    def validate_since(self, value: int) -> int:
        """
        Check that the older version is there.

        Raises:
            ValidationError: It is not, or is not older.
        """
        version: Any = self.context["repository_version"]
        if value > version.number:
            raise serializers.ValidationError(_("This is a newer version."))
        if value and not version.repository.versions.filter(number=value, complete=True).exists():
            raise serializers.ValidationError(_("There is no such version of the repository."))
        return value
