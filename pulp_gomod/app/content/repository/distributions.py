"""Which distribution a request is for, and which repository version that serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pulp_gomod.app.models import ownership
from pulp_gomod.app.models.blocking import NONE, Block, Blocks
from pulp_gomod.app.models.ownership import OwnPaths

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
    snapshot: str = ""


Known = Mapping[str, Blocks | OwnPaths]
"""Blocks and own paths that a statement need not tell again, by revision."""


def distribution_of(row: Sequence[Any], known: Known) -> ServedDistribution:
    """
    Read a row of `distribution_statements.distribution`.

    Args:
        row: Its columns.
        known: What the statement was told to be known.

    Returns:
        The target of a request to the distribution's root.
    """
    pk, base_path, guard, domain_pk, domain_changed, *versions, remote, remote_changed = row[:-2]
    blocks, own = _blocks(row[-2], known), _own(row[-1], known)
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


def storable(text: str) -> bool:
    """
    Say whether PostgreSQL could hold the text at all.

    Args:
        text: From a request.
    """
    return "\0" not in text and text.isprintable()
