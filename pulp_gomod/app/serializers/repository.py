"""GoRepository over REST."""

from pulpcore.plugin.serializers import RepositorySerializer

from pulp_gomod.app.models import GoRepository


class GoRepositorySerializer(RepositorySerializer):
    """
    A versioned set of Go modules.
    """

    # Checkpoints are not offered, so there is nothing to retain of them.
    retain_checkpoints = None

    class Meta:
        model = GoRepository
        fields = tuple(
            name for name in RepositorySerializer.Meta.fields if name != "retain_checkpoints"
        )
