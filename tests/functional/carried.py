"""A repository that is to be carried to another server, and what both answer."""

import json
from pathlib import Path
from typing import Any

from tests.functional.owners import Owner
from tests.functional.rest_api import RELEASES, Made, Rest
from tests.functional.serving import Server
from tests.functional.test_sync import sum_lines, sync
from tests.functional.upstream_world import SUMDB, SUMDB_KEY, Mirror, Upstream

ODD_INFO = b'{ "Time":"2020-02-03T04:05:06.1234567Z","Version":"v1.0.0" ,"Words": "of its own" }\n'
PSEUDO = "v0.0.0-20200101000000-0123456789ab"
BLOCKS = "gomod/blocks/"

# What is told of a release beside where it is and when it came.
TOLD = ("h1", "time", "origin", "source", "published_by", "published_from")


class World:
    """
    A repository with all that there is to know: published, synced, and only known by its go.mod.

    Attributes:
        owner: The repository and its distribution.
        made: The module that was published.
        proof: The path of a record of the checksum database.
        remote: Where the others came from.
    """

    proof = f"sumdb/{SUMDB}/lookup/example.com/!synced@v1.0.0"

    def __init__(self, rest: Rest, upstream: Upstream) -> None:
        upstream.sign()
        mirror = Mirror.create(rest, upstream, policy="immediate", sumdb=SUMDB_KEY)
        self.owner, self.remote, self.made = mirror.owner, mirror.remote, Made()
        self._upstream = upstream
        for name in ("example.com/Synced@v1.0.0", f"example.com/untagged@{PSEUDO}"):
            upstream.add(*name.split("@"))
        upstream.modules["example.com/Synced"]["v1.0.0"].info = ODD_INFO
        upstream.add("example.com/graph", "v1.0.0")
        upstream.add("example.com/blocked", "v1.0.0")
        upstream.add("example.com/blocked", "v1.1.0")
        sync(
            mirror,
            modules=["example.com/Synced", f"example.com/untagged@{PSEUDO}", "example.com/blocked"],
            go_sum=sum_lines(upstream, "example.com/graph", "v1.0.0")[1],
        )
        # What is asked for from now on is only what is held.
        rest.wait(rest.call("PATCH", self.owner.distribution, json={"remote": None}))
        origin = json.dumps({"VCS": "git", "URL": "https://git.example.com/made", "Ref": "v1"})
        rest.publish(
            self.made.zip(),
            repository=self.owner.repository,
            time="2001-02-03T04:05:06.789012Z",
            origin=origin,
        )
        self.owner.put(self.made.zip("v1.1.0"))
        self.block("example.com/blocked", "v1.1.0")

    @property
    def names(self) -> list[tuple[str, str]]:
        """The module versions, as their paths are in URLs."""
        return [
            ("example.com/!synced", "v1.0.0"),
            ("example.com/untagged", PSEUDO),
            ("example.com/graph", "v1.0.0"),
            ("example.com/blocked", "v1.0.0"),
            ("example.com/blocked", "v1.1.0"),
            (self.made.path, "v1.0.0"),
            (self.made.path, "v1.1.0"),
            (self.made.path, "v1.2.0"),
        ]

    def block(self, module: str, versions: str) -> str:
        """Block a module version; return the href of the block."""
        href: str = self.owner.rest.create(
            BLOCKS,
            repository=self.owner.repository,
            module=module,
            versions=versions,
            reason="known to be bad",
        )["pulp_href"]
        return href

    def answers(self, owner: Owner, **kwargs: Any) -> dict[str, tuple[int, bytes]]:
        """What a distribution answers to everything that there is to ask."""
        paths = [f"sumdb/{SUMDB}/supported"]
        for path, version in self.names:
            paths += [f"{path}/@v/list", f"{path}/@latest"]
            paths += [f"{path}/@v/{version}.{kind}" for kind in ("info", "mod", "zip")]
            paths.append(f"sumdb/{SUMDB}/lookup/{path}@{version}")
        found = {path: owner.get(path, **kwargs) for path in paths}
        return {
            path: (each.status_code, each.content if each.ok else b"")
            for path, each in found.items()
        }


def releases_of(rest: Rest, repository: str) -> dict[str, list[Any]]:
    """What a repository knows of its module versions."""
    found = rest.get(RELEASES, repository=repository, limit=1000)["results"]
    return {f"{each['module']}@{each['version']}": [each[name] for name in TOLD] for each in found}


def blocks_of(rest: Rest, repository: str) -> list[tuple[str, str, str, str]]:
    """The blocks of a repository."""
    found = rest.get(BLOCKS, repository=repository)["results"]
    names = ("module", "versions", "reason", "created_by")
    return sorted(tuple(each[name] for name in names) for each in found)


def worker_logs(server: Server) -> str:
    """What the workers of a server have logged."""
    logs = sorted((Path(server.data_dir) / "logs").glob("worker-*.log"))
    return "".join(log.read_text(errors="replace") for log in logs)
