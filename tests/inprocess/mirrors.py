"""Distributions that pull through: rows, as the API makes them."""

import time
from dataclasses import dataclass
from typing import Any

import requests

from tests.functional.upstream_world import Upstream
from tests.inprocess.owners import Owner

from pulp_gomod.app.models import GoModule, GoRemote, GoRepository  # isort: skip
from pulp_gomod.app.models.membership import held_in  # isort: skip


@dataclass(frozen=True)
class Mirror:
    """
    A distribution that pulls through.

    Attributes:
        owner: The repository and the distribution.
        remote: The remote.
    """

    owner: Owner
    remote: GoRemote

    @classmethod
    def create(cls, url: str, upstream: Upstream, **settings: Any) -> "Mirror":
        """Make a repository, a remote and a distribution of its own."""
        owner = Owner.create(url)
        values: dict[str, Any] = {"policy": "on_demand", "sumdb": "off", **settings}
        remote = GoRemote.objects.create(name=owner.repository.name, url=upstream.url, **values)
        owner.distribution.remote = remote
        owner.distribution.save()
        return cls(owner, remote)

    def get(self, path: str, **headers: str) -> requests.Response:
        """Read a path of the protocol."""
        return requests.get(f"{self.owner.content_url}/{path}", headers=headers, timeout=90)

    @property
    def url(self) -> str:
        """Its GOPROXY root."""
        return self.owner.content_url

    def change(self, **settings: Any) -> None:
        """Change the remote."""
        for name, value in settings.items():
            setattr(self.remote, name, value)
        self.remote.save()
        # Nobody tells the content app, which trusts for a moment what it has seen.
        time.sleep(0.1)

    def held(self, model: Any = GoModule) -> list[str]:
        """What the repository's newest version holds: modules, or go.mod files without a zip."""
        units = held_in(model.objects.all(), self.repository.latest_version())
        return sorted(
            f"{path}@{version}" for path, version in units.values_list("module", "version")
        )

    def number(self) -> int:
        """The number of the repository's newest version."""
        return int(self.repository.latest_version().number)

    @property
    def repository(self) -> GoRepository:
        """The repository as it is now."""
        found: GoRepository = GoRepository.objects.get(pk=self.owner.repository.pk)
        return found
