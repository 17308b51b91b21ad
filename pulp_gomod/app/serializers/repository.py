"""GoRepository over REST."""

from gettext import gettext as _
from typing import Any

from rest_framework import serializers

from pulpcore.plugin.models import Remote, RepositoryVersion
from pulpcore.plugin.serializers import (
    RepositoryAddRemoveContentSerializer,
    RepositorySerializer,
    RepositoryVersionSerializer,
)

from pulp_gomod.app.models import GoRemote, GoRepository
from pulp_gomod.app.models.missing import awaited
from pulp_gomod.app.serializers.sync import RemoteField


class GoCleanupSerializer(serializers.Serializer):
    """Which cached modules to remove."""

    unused_days = serializers.FloatField(
        help_text=_("Remove cached modules that nobody has requested for this many days."),
        required=False,
        allow_null=True,
        min_value=0,
        max_value=36600,
    )
    max_size = serializers.IntegerField(
        help_text=_(
            "Total bytes that all cached zips may have; the least recently used are removed until "
            "the rest is small enough."
        ),
        required=False,
        allow_null=True,
        min_value=0,
        max_value=2**63 - 1,
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check that there is something to go by.

        Raises:
            ValidationError: There is not.
        """
        if data.get("unused_days") is None and data.get("max_size") is None:
            raise serializers.ValidationError(_("Give unused_days, max_size, or both."))
        return data


class GoRepositorySerializer(RepositorySerializer):
    """A versioned set of Go modules."""

    # Checkpoints are not offered, so there is nothing to retain of them.
    retain_checkpoints = None

    immutable = serializers.BooleanField(
        help_text=_(
            "Whether a module version that was ever in the repository is refused with different "
            "bytes, so that a removed version can only come back unchanged."
        ),
        default=False,
    )
    max_size = serializers.IntegerField(
        help_text=_("Total bytes that all zips may have; null for no limit."),
        allow_null=True,
        required=False,
        min_value=0,
        max_value=2**63 - 1,
    )
    max_modules = serializers.IntegerField(
        help_text=_("Number of module versions that the repository may hold; null for no limit."),
        allow_null=True,
        required=False,
        min_value=0,
        max_value=2**63 - 1,
    )

    class Meta:
        model = GoRepository
        fields = tuple(
            name for name in RepositorySerializer.Meta.fields if name != "retain_checkpoints"
        ) + ("immutable", "max_size", "max_modules")


class GoModifySerializer(RepositoryAddRemoveContentSerializer):
    """What to add to a repository, and to remove from it."""

    with_zips = serializers.BooleanField(
        help_text=_(
            "Whether to fetch the zips that the new version would lack before creating it: those "
            "of the go.mod files that are added, and those that a sync left out of a base version "
            "to be downloaded on request; if nothing is added, those of the repository itself."
        ),
        required=False,
        default=False,
    )
    remote = RemoteField(
        help_text=_("Where to fetch zips from. Defaults to the repository's remote."),
        required=False,
    )

    def validate_remote(self, value: Remote) -> GoRemote:
        """
        Check the type of the remote.

        Raises:
            ValidationError: It is not of ours.
        """
        remote = value.cast()
        if not isinstance(remote, GoRemote):
            raise serializers.ValidationError(_("Modules can only be fetched from Go remotes."))
        return remote

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check that a remote is there for something.

        Raises:
            ValidationError: It is not.
        """
        valid: dict[str, Any] = super().validate(data)
        if valid.get("remote") and not valid["with_zips"]:
            raise serializers.ValidationError(
                {"remote": [_("A remote can only be given together with with_zips.")]}
            )
        return valid

    class Meta:
        model = RepositoryAddRemoveContentSerializer.Meta.model
        fields = [*RepositoryAddRemoveContentSerializer.Meta.fields, "with_zips", "remote"]


class GoRepositoryVersionSerializer(RepositoryVersionSerializer):
    """The state of a Go repository after one change."""

    zips_missing = serializers.SerializerMethodField(
        help_text=_(
            "Number of module versions that a sync chose and of which this version has the go.mod, "
            "but not the zip."
        )
    )

    def get_vuln_report(self, version: RepositoryVersion) -> str:
        """Say what pulpcore says, and in the API's description that it is a text."""
        report: str = super().get_vuln_report(version)
        return report

    def get_zips_missing(self, version: RepositoryVersion) -> int:
        """Count them."""
        count: int = awaited(version).count()
        return count

    class Meta:
        model = RepositoryVersionSerializer.Meta.model
        fields = (*RepositoryVersionSerializer.Meta.fields, "zips_missing")
