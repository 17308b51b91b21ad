"""GoRepository over REST."""

from gettext import gettext as _
from typing import Any

from django.db import transaction
from rest_framework import serializers

from pulpcore.plugin.models import Remote, RepositoryVersion
from pulpcore.plugin.serializers import (
    RelatedField,
    RepositoryAddRemoveContentSerializer,
    RepositorySerializer,
    RepositoryVersionSerializer,
)
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models import GoRemote, GoRepository, GoSumdb, GoVulndb
from pulp_gomod.app.models.feeding import feed_held
from pulp_gomod.app.models.missing import awaited
from pulp_gomod.app.serializers.fields import SizeField
from pulp_gomod.app.serializers.sync import RemoteField
from pulp_gomod.app.serializers.unique import all_is_there
from pulp_gomod.app.serializers.vulndb import checked_vulndb


class GoDocumentSerializer(serializers.Serializer):
    """Which modules to document."""

    anew = serializers.BooleanField(
        help_text=_(
            "Document again what has documentation, too. By default only what has none, or what an "
            "earlier release of this plugin has computed."
        ),
        default=False,
    )


class GoCleanupSerializer(serializers.Serializer):
    """Which cached modules to remove."""

    unused_days = serializers.FloatField(
        help_text=_("Remove cached modules that nobody has requested for this many days."),
        required=False,
        allow_null=True,
        min_value=0,
        max_value=36600,
    )
    max_size = SizeField(
        help_text=_(
            "Total bytes that all cached zips may have, or a text with a unit such as 20GB; the least "
            "recently used are removed until the rest is small enough."
        ),
        required=False,
        allow_null=True,
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
    max_size = SizeField(
        help_text=_(
            "Total bytes that all zips may have, or a text with a unit such as 20GB; null for no limit."
        ),
        allow_null=True,
        required=False,
    )
    max_modules = serializers.IntegerField(
        help_text=_("Number of module versions that the repository may hold; null for no limit."),
        allow_null=True,
        required=False,
        min_value=0,
        max_value=2**63 - 1,
    )

    sumdb = RelatedField(
        help_text=_(
            "The checksum database of this server in which every module version of the repository gets a "
            "record, those that it holds included; null for none. What it has on record is refused with "
            "other bytes for ever."
        ),
        view_name="gomod/sumdbs-detail",
        queryset=GoSumdb.objects.all(),
        allow_null=True,
        required=False,
    )

    vulndb = RelatedField(
        help_text=_(
            "The vulnerability database that the repository is scanned with: its newest version again whenever "
            "the database changes; null for none."
        ),
        view_name="gomod/vulndbs-detail",
        queryset=GoVulndb.objects.all(),
        allow_null=True,
        required=False,
    )

    def validate_vulndb(self, vulndb: GoVulndb | None) -> GoVulndb | None:
        """
        Check that the database is of the same domain, and that the user may see it.

        Raises:
            ValidationError: It is not, or the user may not.
        """
        return checked_vulndb(self, vulndb)

    def validate_sumdb(self, sumdb: GoSumdb | None) -> GoSumdb | None:
        """
        Check that the checksum database is of the same domain.

        Raises:
            ValidationError: It is not.
        """
        if sumdb is not None and sumdb.pulp_domain_id != get_domain_pk():
            raise serializers.ValidationError(_("It belongs to another domain."))
        return sumdb

    def update(self, instance: GoRepository, validated_data: dict[str, Any]) -> GoRepository:
        """Change the repository; a checksum database gets records of all that it holds, or stays away."""
        before = instance.sumdb_id
        with transaction.atomic():
            changed: GoRepository = super().update(instance, validated_data)
            if changed.sumdb_id not in (None, before):
                feed_held(changed.latest_version(), changed.sumdb_id)
        return changed

    def save(self, **kwargs: Any) -> GoRepository:
        """Write it, or say that a remote or a database which it names was deleted meanwhile."""
        with all_is_there():
            saved: GoRepository = super().save(**kwargs)
        return saved

    class Meta:
        model = GoRepository
        fields = tuple(
            name for name in RepositorySerializer.Meta.fields if name != "retain_checkpoints"
        ) + ("immutable", "max_size", "max_modules", "sumdb", "vulndb")


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
