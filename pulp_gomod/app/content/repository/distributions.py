"""Which distribution a request is for, and which repository version that serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from pulp_gomod.app.models import ownership, stopping
from pulp_gomod.app.models.blocking import NONE, Block, Blocks
from pulp_gomod.app.models.ownership import OwnPaths
from pulp_gomod.app.models.stopping import CONDITIONS, Policy

DEFAULT_DOMAIN: Final = "default"
"""The domain of URLs that name none."""


@dataclass(frozen=True, slots=True)
class Served:
    """
    A repository version.

    Attributes:
        repository: Its repository's pk.
        number: Its number.
        created: When it was made, or when blocks of the repository were last changed.
        blocks: What of it is not served.
        own: The paths for which no upstream is asked; none where there is no upstream.
    """

    repository: UUID
    number: int
    created: datetime
    blocks: Blocks = NONE
    own: OwnPaths = ownership.NONE


class ServedVulndb(NamedTuple):
    """
    A database of vulnerabilities.

    Attributes:
        pk: The GoVulndb.
        revision: Changes whenever anything of it does.
    """

    pk: UUID
    revision: UUID

    @property
    def state(self) -> bytes:
        """Name it as it is now."""
        return self.pk.bytes + self.revision.bytes


@dataclass(frozen=True, slots=True)
class ServedDistribution:
    """
    Where a request leads to.

    Attributes:
        path: What follows the distribution's base path.
        base_path: The distribution's base path.
        distribution: The distribution's pk.
        guard: The content guard's pk, or None for a public distribution.
        domain: The domain's pk.
        domain_changed: When the domain was last changed.
        served: The repository version that is served, or None where the distribution has none.
        remote: The pk of the remote to ask for what is not held, or None.
        remote_changed: When the remote was last changed.
        policy: What is not served although it could be.
        consumers: What is recorded of those who download: off, users or all.
        vulndb: The vulnerability database that is served, too, or None.
        snapshot: PostgreSQL's snapshot under which this was looked up; "" if unknown. While requests
            find the same one, nothing at all was written.
    """

    path: str
    base_path: str
    distribution: UUID
    guard: UUID | None
    domain: UUID
    domain_changed: datetime
    served: Served | None
    remote: UUID | None = None
    remote_changed: datetime | None = None
    policy: Policy = stopping.NONE
    consumers: str = "off"
    vulndb: ServedVulndb | None = None
    snapshot: str = ""


Known = Mapping[str, Blocks | OwnPaths | Policy]
"""Blocks, own paths and policies that a statement need not tell again, by revision."""


def distribution_of(row: Sequence[Any], known: Known, domain: str = "") -> ServedDistribution:
    """
    Read a row of `distribution_statements.distribution`.

    Args:
        row: Its columns.
        known: What the statement was told to be known.
        domain: The domain's name, if a command has to say it.

    Returns:
        The target of a request to the distribution's root.
    """
    pk, base_path, guard, domain_pk, domain_changed, *versions = row[:-8]
    remote, remote_changed, consumers, vulndb, revision = row[-8:-3]
    blocks, own = _blocks(row[-3], known), _own(row[-2], known)
    return ServedDistribution(
        path="",
        base_path=base_path,
        distribution=pk,
        guard=guard,
        domain=domain_pk,
        domain_changed=domain_changed,
        served=_served(versions, blocks, own),
        remote=remote,
        remote_changed=remote_changed,
        policy=_policy(row[-1], known, domain),
        consumers=consumers,
        vulndb=ServedVulndb(vulndb, revision) if vulndb is not None else None,
    )


def _served(columns: Sequence[Any], blocks: Blocks, own: OwnPaths) -> Served | None:
    """Pick what is served: a publication, a pinned version, or a repository's newest version."""
    newest, pinned, published = columns[0:3], columns[3:6], columns[6:9]
    for repository, number, created in (published, pinned, newest):
        if repository is not None and number is not None:
            return Served(repository, number, max(created, blocks.changed), blocks, own)
    return None


def _blocks(said: list[Any] | None, known: Known) -> Blocks:
    """Read the blocks of a repository, unless they are known."""
    if said is None:
        return NONE
    revision, changed, rows = said
    if isinstance(kept := known.get(revision), Blocks):
        return kept
    made = (
        Block(module, versions, reason, since[:10], source == "removed")
        for module, versions, reason, since, source in rows or ()
    )
    return Blocks(UUID(revision).bytes, datetime.fromisoformat(changed), made)


def _own(said: list[Any] | None, known: Known) -> OwnPaths:
    """Read the own paths of a repository, unless they are known."""
    if said is None:
        return ownership.NONE
    revision, paths = said
    if isinstance(kept := known.get(revision), OwnPaths):
        return kept
    return OwnPaths(UUID(revision).bytes, paths or ())


def _policy(said: list[Any] | None, known: Known, domain: str) -> Policy:
    """Read the policy of a distribution, unless it is known."""
    if said is None:
        return stopping.NONE
    revision, told = said
    if isinstance(kept := known.get(revision), Policy):
        return kept
    name, changed, waivers, *conditions = told
    names = ("waivers", *CONDITIONS)
    return Policy(
        UUID(revision).bytes,
        name,
        datetime.fromisoformat(changed),
        dict(zip(names, (_waivers(waivers), *conditions), strict=True)),
        domain,
    )


def _waivers(rows: list[Any] | None) -> list[dict[str, Any]]:
    names = ("name", "pattern", "versions", "conditions", "until")
    return [dict(zip(names, row, strict=True)) for row in rows or ()]


def storable(text: str) -> bool:
    """
    Say whether PostgreSQL could hold the text at all.

    Args:
        text: From a request.
    """
    return "\0" not in text and text.isprintable()
