"""GoPublication over REST."""

from gettext import gettext as _
from typing import Any

from rest_framework import serializers

from pulpcore.plugin.models import Repository
from pulpcore.plugin.serializers import DetailRelatedField, PublicationSerializer

from pulp_gomod.app.models import GoPublication, GoRepository


def is_go_repository(repository: Repository) -> bool:
    """Say whether a repository, cast or not, is one of ours."""
    return bool(repository.pulp_type == GoRepository.get_pulp_type())


class GoPublicationSerializer(PublicationSerializer):
    """A repository version, frozen for serving."""

    distributions = DetailRelatedField(
        help_text=_("The distributions that serve this publication."),
        source="distribution_set",
        view_name="godistributions-detail",
        many=True,
        read_only=True,
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Resolve the repository version to publish.

        Raises:
            ValidationError: There is none, it is incomplete, or it is not of a Go repository.
        """
        validated: dict[str, Any] = super().validate(data)
        version = validated["repository_version"]
        if not is_go_repository(version.repository):
            raise serializers.ValidationError(_("Only Go repositories can be published here."))
        if not version.complete:
            raise serializers.ValidationError(
                {"repository_version": _("This repository version is not complete.")}
            )
        return validated

    class Meta:
        model = GoPublication
        fields = (*PublicationSerializer.Meta.fields, "distributions")
