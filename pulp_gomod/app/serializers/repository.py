"""GoRepository over REST."""

from gettext import gettext as _

from rest_framework import serializers

from pulpcore.plugin.serializers import RepositorySerializer

from pulp_gomod.app.models import GoRepository


class GoCleanupSerializer(serializers.Serializer):
    """
    Which cached modules to remove.
    """

    unused_days = serializers.FloatField(
        help_text=_("Remove cached modules that were not asked for in so many days."),
        required=False,
        allow_null=True,
        min_value=0,
        max_value=36600,
    )
    max_size = serializers.IntegerField(
        help_text=_(
            "Bytes that all cached zips may have together; those that were not asked for the longest "
            "are removed until the rest is small enough."
        ),
        required=False,
        allow_null=True,
        min_value=0,
        max_value=2**63 - 1,
    )

    def validate(self, data):
        """
        Check that there is something to go by.

        Raises:
            ValidationError: There is not.
        """
        if data.get("unused_days") is None and data.get("max_size") is None:
            raise serializers.ValidationError(_("Give unused_days, max_size, or both."))
        return data


class GoRepositorySerializer(RepositorySerializer):
    """
    A versioned set of Go modules.
    """

    # Checkpoints are not offered, so there is nothing to retain of them.
    retain_checkpoints = None

    immutable = serializers.BooleanField(
        help_text=_(
            "Whether other bytes are refused for every module version that the repository ever "
            "held, so that a removed version can only come back as it was."
        ),
        default=False,
    )
    max_size = serializers.IntegerField(
        help_text=_("Bytes that all zips may have together; null for no limit."),
        allow_null=True,
        required=False,
        min_value=0,
        max_value=2**63 - 1,
    )
    max_modules = serializers.IntegerField(
        help_text=_("Module versions that the repository may hold; null for no limit."),
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
