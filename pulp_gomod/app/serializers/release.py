"""GoRelease over REST."""

from gettext import gettext as _

from rest_framework import serializers

from pulpcore.plugin.serializers import DetailRelatedField, ModelSerializer

from pulp_gomod.app.models import GoRelease
from pulp_gomod.app.serializers.fields import IdentityInDomain, ObjectField, TextField


class GoReleaseSerializer(ModelSerializer):
    """How a module version came into a repository."""

    pulp_href = IdentityInDomain(view_name="gomod/releases-detail")
    repository = DetailRelatedField(
        help_text=_("The repository."),
        view_name_pattern=r"repositories(-.*/.*)-detail",
        read_only=True,
    )
    module = serializers.CharField(help_text=_("The module path."), read_only=True)
    version = serializers.CharField(help_text=_("The canonical version."), read_only=True)
    h1 = serializers.CharField(
        help_text=_("Go's checksum of the zip, as in go.sum."), read_only=True
    )
    time = serializers.DateTimeField(
        help_text=_("When the version was created, as stated in .info."), read_only=True
    )
    origin = ObjectField(
        help_text=_("Where the version comes from, as stated in .info; null if unknown."),
        read_only=True,
        allow_null=True,
    )
    info = TextField(
        help_text=_("What the upstream said of it in .info, word for word; null if nothing."),
        allow_null=True,
    )
    source = serializers.ChoiceField(
        help_text=_("Whether it was uploaded here, or cached or synced from an upstream."),
        choices=GoRelease.Source.choices,
        read_only=True,
    )
    published_by = serializers.CharField(
        help_text=_('Name of the user who published it, or "" if nobody did.'), read_only=True
    )
    published_from = serializers.IPAddressField(
        help_text=_("The address that it was published from; null if unknown."),
        read_only=True,
        allow_null=True,
    )
    first_seen = serializers.DateTimeField(
        help_text=_("When it was first added to the repository."), read_only=True
    )
    last_used = serializers.DateTimeField(
        help_text=_("When it was last requested, approximately; null if never."),
        read_only=True,
        allow_null=True,
    )

    class Meta:
        model = GoRelease
        fields = (
            *ModelSerializer.Meta.fields,
            "repository",
            "module",
            "version",
            "h1",
            "time",
            "origin",
            "info",
            "source",
            "published_by",
            "published_from",
            "first_seen",
            "last_used",
        )
