"""
What pulpcore's replication makes of the Go distributions of another server.

Each becomes a remote, a repository and a distribution of the same name; a task of ours (`tasks/replication`)
fills the repository, and when all are done pulpcore lets all distributions serve the new versions at once.
"""

from typing import Any
from urllib.parse import urljoin, urlsplit

from django.apps import apps

from pulpcore.plugin.models import ProgressReport, Task
from pulpcore.plugin.replica import Replicator
from pulpcore.plugin.util import get_url

from pulp_gomod.app.models import GoDistribution, GoRemote, GoRepository
from pulp_gomod.app.tasks.replication.upstream import Distributions, Publications, Repositories

CODE = "gomod.replica.guards"

# The label that says by which guard a distribution is closed there.
_GUARDED = "UpstreamGuard"


class GoReplicator(Replicator):
    """Replicates Go distributions."""

    distribution_ctx_cls = Distributions
    repository_ctx_cls = Repositories
    publication_ctx_cls = Publications
    remote_model_cls = GoRemote
    repository_model_cls = GoRepository
    distribution_model_cls = GoDistribution
    distribution_serializer_name = "GoDistributionSerializer"
    repository_serializer_name = "GoRepositorySerializer"
    remote_serializer_name = "GoRemoteSerializer"
    app_label = "gomod"
    sync_task = "pulp_gomod.app.tasks.replication.replicate"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._distributions: dict[str, dict[str, Any]] = {}

    def labels(self, upstream_object: Any) -> dict[str, Any]:
        """Give what is made the labels that the distribution has there, and one that says where it is from."""
        name = (
            upstream_object["name"] if isinstance(upstream_object, dict) else upstream_object.name
        )
        upstream = self._distributions[name]
        labels = dict(upstream.get("pulp_labels") or {}) | {"UpstreamPulp": str(self.server.pk)}
        labels.pop(_GUARDED, None)
        if upstream.get("content_guard"):
            labels[_GUARDED] = _guard_of(upstream)
        return labels

    def create_or_update_remote(self, upstream_distribution: dict[str, Any]) -> GoRemote | None:
        """Make the remote that everything of the distribution is fetched from."""
        self._distributions[upstream_distribution["name"]] = upstream_distribution
        remote: GoRemote | None = super().create_or_update_remote(upstream_distribution)
        return remote

    def remote_extra_fields(
        self, upstream_distribution: dict[str, Any], **kwargs: Any
    ) -> dict[str, Any]:
        """
        Say how the remote asks.

        The other server has said what there is, checksums included: no checksum database is told what that is. And what
        was published there is asked for like everything else.
        """
        login = (None, None)
        if upstream_distribution.get("content_guard") and self._may_log_in(upstream_distribution):
            login = (self.server.username, self.server.password)
        return {
            "sumdb": "off",
            "mix": "*",
            "policy": GoRemote.IMMEDIATE,
            "username": login[0],
            "password": login[1],
        }

    def _may_log_in(self, upstream_distribution: dict[str, Any]) -> bool:
        """Send no password in the clear that is not sent so to the server itself."""
        base = str(self.server.base_url)
        url = urljoin(base, str(self.url(upstream_distribution)))
        return urlsplit(url).scheme == "https" or urlsplit(base).scheme == "http"

    def repository_extra_fields(self, remote: GoRemote, **kwargs: Any) -> dict[str, Any]:
        """Let the repository be as it is there, but for limits, which are about this server's disk."""
        upstream = self._repository_of(self._distributions[remote.name])
        return {"description": upstream["description"], "immutable": upstream["immutable"]}

    def _repository_of(self, upstream: dict[str, Any]) -> dict[str, Any]:
        version = upstream.get("repository_version")
        if not version and upstream.get("publication"):
            version = Publications(self.pulp_ctx, upstream["publication"]).entity[
                "repository_version"
            ]
        href = version.rpartition("versions/")[0] if version else upstream["repository"]
        found: dict[str, Any] = Repositories(self.pulp_ctx, href).entity
        return found

    def distribution_extra_fields(
        self, repository: GoRepository, upstream_distribution: dict[str, Any], **kwargs: Any
    ) -> dict[str, Any]:
        """Close what is closed there: guards are not copied, and without one everybody could read it."""
        fields: dict[str, Any] = super().distribution_extra_fields(
            repository, upstream_distribution
        )
        if self._is_to_be_closed(upstream_distribution):
            guard = self._closed_guard()
            fields["content_guard"] = get_url(guard)
            self._report(upstream_distribution["name"], guard.name)
        return fields

    def _is_to_be_closed(self, upstream: dict[str, Any]) -> bool:
        """Say whether a distribution is guarded there and open here, and nobody here has chosen that."""
        if not upstream.get("content_guard"):
            return False
        own = GoDistribution.objects.filter(pulp_domain=self.domain)
        known = (
            own.filter(name=upstream["name"]).first()
            or own.filter(base_path=upstream["base_path"]).first()
        )
        if known is None:
            return True
        chosen: bool = known.pulp_labels.get(_GUARDED) == _guard_of(upstream)
        return not chosen and known.content_guard_id is None

    def _closed_guard(self) -> Any:
        """Return the guard that lets nobody in until somebody is given a role on it."""
        guard, _ = apps.get_model("core", "RBACContentGuard").objects.get_or_create(
            name=f"replica of {self.server.name}",
            pulp_domain=self.domain,
            defaults={"description": "Protects what was guarded on the server that it came from."},
        )
        return guard

    def _report(self, distribution: str, guard: str) -> None:
        ProgressReport.objects.create(
            message=f"{distribution} has a content guard there, and guards are not copied. Here it is closed by "
            f"{guard!r}: give users and groups the role core.rbaccontentguard_downloader on that guard, or assign "
            "another one",
            code=CODE,
            state="completed",
            total=1,
            done=1,
            task=Task.current(),
        )

    def requires_syncing(self, distro: dict[str, Any]) -> bool:
        """Look each time: what is known of modules changes without their repository, and clocks differ."""
        return True

    def sync_params(self, repository: GoRepository, remote: GoRemote) -> dict[str, str]:
        """Say what the task is told."""
        return {
            "repository_pk": str(repository.pk),
            "remote_pk": str(remote.pk),
            "server_pk": str(self.server.pk),
            "distribution": self._distributions[remote.name]["pulp_href"],
        }


def _guard_of(upstream: dict[str, Any]) -> str:
    """Name a guard by its key there: in a label, a URL would be no good."""
    return str(upstream["content_guard"]).rstrip("/").rpartition("/")[2]


REPLICATION_ORDER = [GoReplicator]
