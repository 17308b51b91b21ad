"""GoDistribution over REST."""

import re
from datetime import datetime
from gettext import gettext as _
from typing import Any
from urllib.parse import quote

from django.conf import settings
from rest_framework import serializers

from pulpcore.plugin.models import Publication, Remote
from pulpcore.plugin.serializers import DetailRelatedField, DistributionSerializer, RelatedField

from pulp_gomod.app.auth.rights import has_right
from pulp_gomod.app.models import GoDistribution, GoPolicy, GoPublication, GoRemote, GoVulndb
from pulp_gomod.app.models.base_path import LONGEST_BASE_PATH, MOST_SEGMENTS
from pulp_gomod.app.serializers.fields import ChoiceField
from pulp_gomod.app.serializers.publication import is_go_repository
from pulp_gomod.app.serializers.unique import all_is_there
from pulp_gomod.app.serializers.vulndb import checked_vulndb

_RESERVED = frozenset({"sumdb", "vulndb"})
LONGEST_HOST = 253
MOST_HOSTS = 20
# With a dot: the path of a module that go can fetch begins with one.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")

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
    policy = RelatedField(
        required=False,
        help_text=_("The policy to obey: what is not served although it could be; null for none."),
        view_name="gomod/policies-detail",
        queryset=GoPolicy.objects.all(),
        allow_null=True,
    )
    consumers = ChoiceField(
        required=False,
        choices=GoDistribution.Consumers.choices,
        help_text=_(
            "What is recorded of those who download module versions, for GOMOD_CONSUMER_DAYS days. all: users, "
            "tokens and addresses. users: no addresses. off: nothing. What was recorded beyond that is deleted."
        ),
    )
    vulndb = RelatedField(
        required=False,
        help_text=_(
            "The vulnerability database to serve at vulndb/ below the URL, for govulncheck and gopls; null "
            "for none."
        ),
        view_name="gomod/vulndbs-detail",
        queryset=GoVulndb.objects.filter(kind=GoVulndb.Kind.VULNERABILITIES),
        allow_null=True,
    )
    vanity_hosts = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_HOST),
        max_length=MOST_HOSTS,
        required=False,
        help_text=_(
            "Names of hosts that module paths begin with, such as go.example.com: a go command that asks them without "
            "a proxy is led here. Only administrators may set them."
        ),
    )
    client_url = serializers.SerializerMethodField(
        help_text=_("The URL to set GOPROXY to."),
    )

    def get_client_url(self, distribution: GoDistribution) -> str:
        """Make the URL that Go users set GOPROXY to: the shorter one, where there is one."""
        if "/" in distribution.base_path:
            # As declared: a client may have asked for other fields alone.
            url: str = self._declared_fields["base_url"].to_representation(distribution)
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

    def validate_vulndb(self, vulndb: GoVulndb | None) -> GoVulndb | None:
        """
        Check that the database is of the same domain, and that the user may see it.

        Raises:
            ValidationError: It is not, or the user may not.
        """
        return checked_vulndb(self, vulndb)

    def validate_base_path(self, path: str) -> str:
        """
        Refuse base paths that could be read as a path of the GOPROXY protocol, or are too long for it.

        Raises:
            ValidationError: The path is such a one, or overlaps with another distribution's.
        """
        for segment in path.split("/"):
            if segment.startswith("@") or segment in _RESERVED:
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

    def validate_vanity_hosts(self, hosts: list[str]) -> list[str]:
        """
        Check the names of hosts; who has one decides what `go get` finds there.

        Raises:
            ValidationError: One is no name of a host or another distribution's, or the user is no administrator.
        """
        before = getattr(self.instance, "vanity_hosts", [])
        hosts = sorted({host.lower() for host in hosts})
        if hosts == before:
            return hosts
        request = self.context.get("request")
        if request is not None and not request.user.is_superuser:
            raise serializers.ValidationError(
                _("Only administrators may say for which hosts a distribution answers.")
            )
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise serializers.ValidationError(
                    _("{host} is not the name of a host, such as go.example.com.").format(host=host)
                )
            others = GoDistribution.objects.filter(vanity_hosts__has_key=host)
            if self.instance is not None:
                others = others.exclude(pk=self.instance.pk)
            if others.exists():
                raise serializers.ValidationError(
                    _("Another distribution answers for {host}.").format(host=host)
                )
        return hosts

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
        self._check_policy(data)
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

    def _check_policy(self, data: dict[str, Any]) -> None:
        """Let nobody slip out from under a policy, or learn of one, who has no right to it."""
        request = self.context.get("request")
        if request is None or "policy" not in data:
            return
        wanted, obeyed = data["policy"], getattr(self.instance, "policy", None)
        if wanted == obeyed:
            return
        if obeyed is not None and not has_right(request, "gomod.change_gopolicy", obeyed):
            raise serializers.ValidationError(
                {
                    "policy": _(
                        "This distribution obeys the policy {name}; only those who may change that policy can "
                        "release it."
                    ).format(name=obeyed.name)
                }
            )
        if wanted is not None and not has_right(request, "gomod.view_gopolicy", wanted):
            raise serializers.ValidationError(
                {"policy": _("Invalid hyperlink - Object does not exist.")}
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

    def save(self, **kwargs: Any) -> GoDistribution:
        """Write it, or say that what it is to serve, to ask or to obey was deleted meanwhile."""
        with all_is_there():
            saved: GoDistribution = super().save(**kwargs)
        return saved

    class Meta:
        model = GoDistribution
        fields = (
            *DistributionSerializer.Meta.fields,
            "publication",
            "remote",
            "policy",
            "consumers",
            "vulndb",
            "vanity_hosts",
            "client_url",
        )
