"""Which distribution a request is for, and which repository version that serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_gomod.app.goproxy import statements
from pulp_gomod.app.goproxy.database import Database
from pulp_gomod.app.goproxy.paths import base_paths


@dataclass(frozen=True, slots=True)
class Served:
    """
    A repository version.

    Attributes:
        repository: Its repository's pk.
        number: Its number.
        created: When it was made.
    """

    repository: UUID
    number: int
    created: datetime


@dataclass(frozen=True, slots=True)
class Target:
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
    """

    path: str
    base_path: str
    distribution: UUID
    guard: UUID | None
    domain: UUID
    domain_changed: datetime
    served: Served | None


async def resolve(database: Database, domain: str, path: str) -> Target | None:
    """
    Find the Go distribution for a path below the content prefix; None if it is not one of ours.

    Args:
        database: Where to ask.
        domain: The domain's name.
        path: The path, percent-decoded once.
    """
    return await _find(database, domain, path, base_paths(path))


async def resolve_owner(database: Database, domain: str, owner: str, path: str) -> Target | None:
    """
    Find the Go distribution whose base path is the owner of `/api/packages/{owner}/go`.

    Args:
        database: Where to ask.
        domain: The domain's name.
        owner: The base path, of one segment.
        path: What follows.
    """
    return await _find(database, domain, f"{owner}/{path}", [owner])


async def _find(database: Database, domain: str, path: str, candidates: list[str]) -> Target | None:
    # PostgreSQL has no NUL in texts, nor half characters: no base path has them.
    if not (storable(path) and storable(domain)):
        return None
    statement = statements.distribution(len(candidates))
    values = {f"base_path_{index}": base for index, base in enumerate(candidates)}
    row = await database.fetch_one(statement.sql, statement.bind(domain_name=domain, **values))
    if row is None:
        return None
    pk, base_path, guard, domain_pk, domain_changed, *versions = row
    return Target(
        path=path[len(base_path) + 1 :],
        base_path=base_path,
        distribution=pk,
        guard=guard,
        domain=domain_pk,
        domain_changed=domain_changed,
        served=_served(versions),
    )


def _served(columns: Sequence[Any]) -> Served | None:
    """Pick what is served: a publication, a pinned version, or a repository's newest version."""
    newest, pinned, published = columns[0:3], columns[3:6], columns[6:9]
    for repository, number, created in (published, pinned, newest):
        if repository is not None and number is not None:
            return Served(repository, number, created)
    return None


def storable(text: str) -> bool:
    """
    Say whether PostgreSQL could hold the text at all.

    Args:
        text: From a request.
    """
    return "\0" not in text and text.isprintable()
