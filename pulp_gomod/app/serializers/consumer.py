"""GoConsumer over REST."""

from gettext import gettext as _

from rest_framework import serializers

from pulpcore.plugin.serializers import DetailRelatedField, ModelSerializer

from pulp_gomod.app.models import GoConsumer
from pulp_gomod.app.serializers.fields import IdentityInDomain


class GoConsumerSerializer(ModelSerializer):
    """Who downloaded a module version."""

    pulp_href = IdentityInDomain(view_name="gomod/consumers-detail")
    distribution = DetailRelatedField(
        help_text=_("The distribution that it was downloaded through."),
        view_name_pattern=r"distributions(-.*/.*)-detail",
        read_only=True,
    )
    module = serializers.CharField(help_text=_("The module path."), read_only=True)
    version = serializers.CharField(help_text=_("The canonical version."), read_only=True)
    user_name = serializers.CharField(
        help_text=_(
            'Name of the user, or the subject of a workload; "" where no content guard asked who it is.'
        ),
        read_only=True,
    )
    token = serializers.CharField(
        help_text=_('Name of the token that the user sent, or "" if it was none.'), read_only=True
    )
    address = serializers.CharField(
        help_text=_('The client\'s IP address, or "" if it is not recorded.'), read_only=True
    )
    requests = serializers.IntegerField(
        help_text=_("How often it was downloaded, as far as it was counted."), read_only=True
    )
    first_seen = serializers.DateTimeField(
        help_text=_("When it was downloaded for the first time."), read_only=True
    )
    last_seen = serializers.DateTimeField(
        help_text=_("When it was last downloaded, give or take ten minutes."), read_only=True
    )

    class Meta:
        model = GoConsumer
        fields = (
            *ModelSerializer.Meta.fields,
            "distribution",
            "module",
            "version",
            "user_name",
            "token",
            "address",
            "requests",
            "first_seen",
            "last_seen",
        )
