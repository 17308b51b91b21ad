"""What another server says of a repository version, and of what the repository knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulp_gomod.app.exceptions import ReplicationFailedError
from pulp_gomod.app.models import GoRelease
from pulp_gomod.app.models.blocking import Block, Blocks
from pulp_gomod.app.remote.cache.info import parse_info
from pulp_gomod.app.storage.knowledge import BLOCK_FIELDS
from pulp_gomod.app.storage.release_info import check_origin, parse_time
from pulp_gomod.app.tasks.replication import upstream
from pulp_gomod.golang import GoError, gosum
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.sumdb import DEFAULT_GOSUMDB

_NAMES = ("module", "version")


@dataclass(slots=True)
class Told:
    """
    What a repository is to become.

    Attributes:
        sums: The lines of a go.sum that names everything.
        awaited: The module versions whose zips the other server awaits, too.
        releases: What it knows of module versions: unsaved, and without a repository.
        blocks: What it keeps out: BLOCK_FIELDS of each.
        labels: The labels of its modules, where they have any.
        databases: The checksum databases of which the other server may have records, as GOSUMDB has them.
        stopped: The module versions whose zips the policy of the distribution stops.
    """

    sums: list[gosum.Line] = field(default_factory=list)
    awaited: set[Version] = field(default_factory=set)
    releases: list[GoRelease] = field(default_factory=list)
    blocks: list[dict[str, str]] = field(default_factory=list)
    labels: dict[Version, dict[str, str | None]] = field(default_factory=dict)
    databases: set[str] = field(default_factory=set)
    stopped: set[Version] = field(default_factory=set)


def ask(server: upstream.Upstream, version: str) -> Told:
    """
    Ask a server for all there is to know of a repository version.

    Args:
        version: The version's href.

    Raises:
        ReplicationFailedError: It says something that cannot be.
    """
    repository = upstream.repository_of(version)
    told = Told()
    for block in server.listed(upstream.Blocks, repository=repository):
        told.blocks.append({name: str(block[name]) for name in BLOCK_FIELDS})
    try:
        h1s = _ask_sums(server, version, told)
        _ask_releases(server, repository, told, h1s)
    except (GoError, ValueError) as error:
        raise ReplicationFailedError(
            f"what {version} holds cannot be taken over: {error}"
        ) from error
    told.databases = {DEFAULT_GOSUMDB}
    for remote in server.listed(upstream.Remotes, fields=["sumdb"]):
        told.databases.add(remote["sumdb"])
    return told


def _ask_sums(server: upstream.Upstream, version: str, told: Told) -> dict[tuple[str, str], str]:
    """Note which files there are, and return the checksums of the zips."""
    blocks = _matching(told.blocks)
    lines: list[str] = []
    h1s: dict[tuple[str, str], str] = {}
    fields = ["module", "version", "h1", "go_mod_h1", "pulp_labels"]
    for module in server.listed(upstream.Modules, repository_version=version, fields=fields):
        path, name = (module[each] for each in _NAMES)
        h1s[path, name] = module["h1"]
        lines.append(f"{path} {name}/go.mod {module['go_mod_h1']}\n")
        # The zip of what is blocked is not served, and its go.mod is.
        if blocks.find(path, name) is None:
            lines.append(f"{path} {name} {module['h1']}\n")
        if module.get("pulp_labels"):
            told.labels[Version(path, name)] = module["pulp_labels"]
    fields = ["module", "version", "go_mod_h1", "awaits_zip"]
    for mod_file in server.listed(upstream.ModFiles, repository_version=version, fields=fields):
        path, name = (mod_file[each] for each in _NAMES)
        lines.append(f"{path} {name}/go.mod {mod_file['go_mod_h1']}\n")
        if mod_file.get("awaits_zip"):
            told.awaited.add(Version(path, name))
    told.sums = gosum.parse("".join(lines))
    return h1s


def _ask_releases(
    server: upstream.Upstream, repository: str, told: Told, h1s: Mapping[tuple[str, str], str]
) -> None:
    # What comes meanwhile comes last, so that no page is moved by it.
    found = {}
    for said in server.listed(upstream.Releases, repository=repository, ordering=["first_seen"]):
        key = (said["module"], said["version"])
        # Other bytes of what is held would keep an immutable repository from holding it.
        if h1s.get(key, said["h1"]) == said["h1"]:
            found[*key, said["h1"]] = _release(said)
    told.releases = list(found.values())


def _release(said: Mapping[str, Any]) -> GoRelease:
    """
    Read a release.

    Raises:
        ValueError: It is none.
    """
    if said["source"] not in GoRelease.Source.values:
        raise ValueError(f"{said['source']!r} is no source of a release")
    info = said.get("info")
    body = None if info is None else info.encode()
    return GoRelease(
        module=said["module"],
        version=said["version"],
        h1=said["h1"],
        time=parse_time(said["time"]),
        origin=None if said["origin"] is None else check_origin(said["origin"]),
        info=body if body is not None and parse_info(body) else None,
        source=said["source"],
        published_by=said["published_by"],
        published_from=said["published_from"],
    )


def _matching(blocks: list[dict[str, str]]) -> Blocks:
    def made() -> Iterator[Block]:
        for block in blocks:
            yield Block(block["module"], block["versions"], block["reason"], "")

    return Blocks(blocks=made())
