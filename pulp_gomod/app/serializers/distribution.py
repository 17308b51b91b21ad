"""GoDistribution over REST."""

from datetime import datetime
from gettext import gettext as _
from typing import Any
from urllib.parse import quote

from django.conf import settings
from rest_framework import serializers

from pulpcore.plugin.models import Publication, Remote
from pulpcore.plugin.serializers import DetailRelatedField, DistributionSerializer

from pulp_gomod.app.models import GoDistribution, GoPublication, GoRemote
from pulp_gomod.app.models.base_path import LONGEST_BASE_PATH, MOST_SEGMENTS
from pulp_gomod.app.serializers.publication import is_go_repository

SOURCES = ("repository", "repository_version", "publication")


class GoDistributionSerializer(DistributionSerializer):
    """A GOPROXY root."""

    publication = DetailRelatedField(
        required=False,
        help_text=_("The publication to serve."),
        view_name_pattern=r"publications(-.*/.*)?-detail",
        queryset=Publication.objects.exclude(complete=False),
        allow_null=True,
    )
    remote = DetailRelatedField(
        required=False,
        help_text=_(
            "The upstream to ask for modules that are not in the repository. What it returns is "
            "verified, served, and added to the repository."
        ),
        view_name_pattern=r"remotes(-.*/.*)?-detail",
        queryset=Remote.objects.all(),
        allow_null=True,
    )
    client_url = serializers.SerializerMethodField(
        help_text=_("The URL to set GOPROXY to."),
    )

    def get_client_url(self, distribution: GoDistribution) -> str:
        """Make the URL that Go users set GOPROXY to: the shorter one, where there is one."""
        if "/" in distribution.base_path:
            url: str = self.fields["base_url"].to_representation(distribution)
            return url.rstrip("/")
        domain = f"{distribution.pulp_domain.name}/" if settings.DOMAIN_ENABLED else ""
        origin = (settings.CONTENT_ORIGIN or "").rstrip("/")
        return f"{origin}/api/packages/{domain}{quote(distribution.base_path)}/go"

    def get_content_guard_prn(self, distribution: GoDistribution) -> str | None:
        """Make the PRN of the content guard; the OpenAPI schema reads its type here."""
        prn: str | None = super().get_content_guard_prn(distribution)
        return prn

    def get_no_content_change_since(self, distribution: GoDistribution) -> datetime | None:
        """Say since when the same is served; the OpenAPI schema reads its type here."""
        since: datetime | None = super().get_no_content_change_since(distribution)
        return since

    def validate_base_path(self, path: str) -> str:
        """
        Refuse base paths that could be read as a path of the GOPROXY protocol, or are too long for it.

        Raises:
            ValidationError: The path is such a one, or overlaps with another distribution's.
        """
        for segment in path.split("/"):
            if segment.startswith("@") or segment == "sumdb":
                raise serializers.ValidationError(
                    _("{segment} has a special meaning in GOPROXY URLs.").format(segment=segment)
                )
        if path.count("/") >= MOST_SEGMENTS or len(path) > LONGEST_BASE_PATH:
            raise serializers.ValidationError(
                _("It has more than {segments} segments or {characters} characters.").format(
                    segments=MOST_SEGMENTS, characters=LONGEST_BASE_PATH
                )
            )
        validated: str = super().validate_base_path(path)
        return validated

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check what is to be served.

        Raises:
            ValidationError: It would be more than one thing, or nothing of a Go repository.
        """
        validated: dict[str, Any] = super().validate(data)
        served = {name: data.get(name, getattr(self.instance, name, None)) for name in SOURCES}
        chosen = [name for name, value in served.items() if value]
        if len(chosen) > 1:
            raise serializers.ValidationError(
                _("Only one of {names} can be served; set the others to null.").format(
                    names=", ".join(chosen)
                )
            )
        self._check_types(data)
        self._check_remote(data, chosen)
        return validated

    def _check_remote(self, data: dict[str, Any], chosen: list[str]) -> None:
        remote = data.get("remote", getattr(self.instance, "remote", None))
        if remote is None:
            return
        if not isinstance(remote.cast(), GoRemote):
            raise serializers.ValidationError({"remote": _("Not a Go remote.")})
        if chosen != ["repository"]:
            raise serializers.ValidationError(
                {
                    "remote": _(
                        "A distribution with a remote must serve a repository: modules from the "
                        "upstream are added to it. Nothing can be added to a frozen version or "
                        "publication."
                    )
                }
            )

    def _check_types(self, data: dict[str, Any]) -> None:
        repository, version, publication = (data.get(name) for name in SOURCES)
        if repository and not is_go_repository(repository):
            raise serializers.ValidationError({"repository": _("Not a Go repository.")})
        if version and not is_go_repository(version.repository):
            raise serializers.ValidationError(
                {"repository_version": _("Not a version of a Go repository.")}
            )
        if version and not version.complete:
            raise serializers.ValidationError(
                {"repository_version": _("This repository version is not complete.")}
            )
        if publication and not isinstance(publication, GoPublication):
            raise serializers.ValidationError({"publication": _("Not a Go publication.")})

    class Meta:
        model = GoDistribution
        fields = (*DistributionSerializer.Meta.fields, "publication", "remote", "client_url")
