"""Distributions that pull through: rows, as the API makes them."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.functional.upstream_world import Upstream
from tests.inprocess.owners import Owner

from pulp_gomod.app.models import GoRemote  # isort: skip


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
