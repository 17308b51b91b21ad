"""Databases of vulnerabilities, as the content app reads them: once for each revision."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pulp_gomod.app.content.repository import vulndb_queries as queries
from pulp_gomod.app.content.repository.distributions import ServedVulndb
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.lru import Lru

MOST_BYTES = 32 * 1024 * 1024
"""Bytes of files that a process remembers; all of the public database have 15 MB."""

_MOST_FILES = 50_000
# What remembering a file takes beyond its own size.
_OVERHEAD = 512


class VulnFile(NamedTuple):
    """
    A file of a database.

    Attributes:
        body: The file, compressed with gzip.
        digest: The SHA-256 of it before that, in hex.
        changed: When it came.
    """

    body: bytes
    digest: str
    changed: datetime


class Vulndbs:
    """
    Reads databases of vulnerabilities.

    Args:
        lookups: Where to ask.
    """

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._files: Lru[tuple[UUID, UUID, str], tuple[VulnFile | None]] = Lru(
            _MOST_FILES, MOST_BYTES, _size
        )

    async def file(self, vulndb: ServedVulndb, name: str) -> VulnFile | None:
        """
        Return a file of a database; None if it has none of that name.

        Args:
            vulndb: The database.
            name: From `golang.vulndb.file_of`.
        """
        key = (vulndb.pk, vulndb.revision, name)
        known = self._files.get(key)
        if known is None:
            rows = await self._lookups.ask(queries.file(), vulndb=vulndb.pk, name=name)
            known = (VulnFile(bytes(rows[0][0]), *rows[0][1:]) if rows else None,)
            self._files.put(key, known)
        return known[0]


def _size(remembered: tuple[VulnFile | None]) -> int:
    (file,) = remembered
    return _OVERHEAD + (len(file.body) if file else 0)
