"""What a repository version holds of a module, as the GOPROXY protocol says it."""

import hashlib
import json
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from pulp_gomod.app.goproxy import statements
from pulp_gomod.app.goproxy.compiled import Statement
from pulp_gomod.app.goproxy.distributions import Served, Target
from pulp_gomod.app.goproxy.latest import Candidate, latest, latest_of_newest
from pulp_gomod.app.goproxy.lookups import Lookups
from pulp_gomod.app.goproxy.prepared import Row
from pulp_gomod.app.goproxy.responses import JSON, TEXT, Representation
from pulp_gomod.golang import module


@dataclass(frozen=True, slots=True)
class StoredZip:
    """
    The zip of a module version in the storage of its domain.

    Attributes:
        artifact: The artifact's pk.
        name: Its name in the storage.
        size: Bytes.
        sha256: Its digest, hexadecimal.
        created: When it came to Pulp.
    """

    artifact: UUID
    name: str
    size: int
    sha256: str
    created: datetime


File = Literal["info", "mod", "zip"]
Files = dict[File, Any]

# Questions that may be open while a client is told more than it asked for, and bytes of a go.mod that is
# told beside something else.
FEW = 3
LONG_GO_MOD = 32 * 1024
_MOST = 2**31 - 1


class Modules:
    """
    The modules of one repository version; each method costs one statement.

    Attributes:
        served: The repository version.
    """

    def __init__(self, lookups: Lookups, target: Target, served: Served) -> None:
        """
        Args:
            lookups: Where to ask.
            target: The distribution.
            served: The repository version.
        """
        self._lookups = lookups
        self._ask_database = lookups.ask
        self.served = served
        self._values = {
            "repository": served.repository,
            "number": served.number,
            "domain": target.domain,
        }

    async def versions(self, path: str) -> Representation | None:
        """
        List the tagged versions in semver order; None for an unknown module.

        A module that has pseudo-versions only is known, and its list is empty.

        Args:
            path: The module path.
        """
        rows = await self._ask(statements.versions(), module=path)
        if not rows:
            return None
        lines = f"{rows[0][0]}\n" if rows[0][0] else ""
        return _computed(TEXT, lines.encode(), self.served.created)

    async def tagged(self, path: str) -> list[str] | None:
        """
        Return the tagged versions in semver order; None for an unknown module.

        Args:
            path: The module path.
        """
        rows = await self._ask(statements.versions(), module=path)
        if not rows:
            return None
        return rows[0][0].split("\n") if rows[0][0] else []

    async def candidates(self, path: str) -> list[Candidate]:
        """
        Return all versions in semver order, with what decides which is the latest.

        Args:
            path: The module path.
        """
        return [_candidate(row) for row in await self._ask(statements.candidates(), module=path)]

    async def latest(self, path: str) -> Representation | None:
        """
        Answer `@latest`; None for an unknown module.

        Args:
            path: The module path.
        """
        chosen = await self._latest_row(path)
        if chosen is None:
            return None
        version, time, origin, created = chosen
        return _computed(JSON, info_json(version, time or created, origin), self.served.created)

    async def latest_version(self, path: str) -> str | None:
        """
        Return the version that `@latest` means; None for an unknown module.

        Args:
            path: The module path.
        """
        chosen = await self._latest_row(path)
        return chosen[0] if chosen else None

    async def info(self, path: str, version: str) -> Representation | None:
        """
        Answer `.info` of a version, or of a commit that a pseudo-version names.

        Args:
            path: The module path.
            version: A version or another revision name.
        """
        if module.canonical_version(version) != version:
            return await self._info_of_commit(path, version)
        rows = await self._ask(statements.info(), module=path, version=version)
        if not rows:
            return None
        found, time, origin, said, created = rows[0]
        return _info(found, time or created, origin, said, created)

    async def mod(self, path: str, version: str) -> Representation | None:
        """
        Answer `.mod`: the exact bytes.

        Args:
            path: The module path.
            version: The version.
        """
        rows = await self._ask(statements.mod(), module=path, version=version)
        if not rows:
            return None
        go_mod, _, created = rows[0]
        return _fixed(TEXT, bytes(go_mod), created)

    async def zip(self, path: str, version: str) -> StoredZip | None:
        """
        Find the zip of a version.

        Args:
            path: The module path.
            version: The version.
        """
        rows = await self._ask(statements.zip_file(), module=path, version=version)
        return StoredZip(*rows[0]) if rows else None

    @property
    def is_quiet(self) -> bool:
        """Whether so few ask at the moment that PostgreSQL has time for more than they asked for."""
        return self._lookups.open < FEW

    async def files(self, path: str, version: str, wanted: File) -> Files:
        """
        Find all files of a version at once.

        Args:
            path: The module path.
            version: The canonical version.
            wanted: The one that is asked for; of the others a long go.mod is left out.
        """
        largest = _MOST if wanted == "mod" else LONG_GO_MOD
        rows = await self._ask(statements.files(), module=path, version=version, largest=largest)
        if not rows:
            return {"info": None, "mod": None, "zip": None}
        found, go_mod, created, time, origin, said, *stored = rows[0]
        files: Files = {"info": None, "zip": None}
        if stored[0] is not None:
            files["info"] = _info(found, time or created, origin, said, created)
            files["zip"] = StoredZip(*stored)
        if go_mod is not None:
            files["mod"] = _fixed(TEXT, bytes(go_mod), created)
        return files

    @property
    def beside(self) -> "Modules":
        """The same for what nobody waits for."""
        other = copy(self)
        other._ask_database = self._lookups.ask_beside
        return other

    async def names(self) -> list[tuple[str, str]]:
        """List the path and version of all modules with a zip, if the repository version holds few."""
        return [(path, version) for path, version in await self._ask(statements.names())]

    async def _info_of_commit(self, path: str, name: str) -> Representation | None:
        """
        Answer for a commit hash with the highest version made from it.

        Either may be shorter than the other: a pseudo-version holds twelve digits of the hash.
        """
        if not _is_hash(name):
            return None
        rows = await self._ask(statements.releases(), module=path)
        for version, is_pseudo, time, origin, created in reversed(rows):
            digits = _commit(version, is_pseudo, origin)
            if digits and (digits.startswith(name) or name.startswith(digits)):
                body = info_json(version, time or created, origin)
                return _computed(JSON, body, self.served.created)
        return None

    async def _latest_row(self, path: str) -> Row | None:
        """Return version, time, origin, and when the content came, of the latest version."""
        found = await self._ask(statements.newest(), module=path)
        count = len(found)
        rows = found[statements.NEWEST :] if count > statements.NEWEST else found[::-1]
        known = [_candidate(row) for row in rows]
        are_all = count != statements.NEWEST
        chosen = latest(known) if are_all else latest_of_newest(known)
        if chosen is None and not are_all:
            rows = await self._ask(statements.candidates(), module=path)
            chosen = latest([_candidate(row) for row in rows])
        by_version = {row[0]: row for row in rows}
        if chosen is None:
            return None
        *_, time, origin, created = by_version[chosen.version]
        if created is None:
            # Dozens of newer ones are pre-releases, or retracted.
            said = await self._ask(statements.info(), module=path, version=chosen.version)
            if said:
                _, time, origin, _, created = said[0]
        return chosen.version, time, origin, created

    async def _ask(self, statement: Statement, **values: str | int) -> list[Row]:
        return await self._ask_database(statement, **self._values, **values)


def _candidate(row: Row) -> Candidate:
    version, is_pseudo, has_go_mod, retractions, *_ = row
    return Candidate(version, is_pseudo, has_go_mod, retractions or ())


def info_json(version: str, time: datetime, origin: dict[str, Any] | None) -> bytes:
    """
    Render `.info` as Go's encoding/json reads it.

    Args:
        version: The canonical version.
        time: When it was made.
        origin: Where it was made, or None.
    """
    info: dict[str, Any] = {"Version": version}
    if time.year > 1:
        info["Time"] = time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if origin:
        info["Origin"] = origin
    return json.dumps(info, separators=(",", ":")).encode()


def _info(
    version: str, time: datetime, origin: dict[str, Any] | None, said: bytes | None, made: datetime
) -> Representation:
    # What was cached is passed on as it came.
    return _fixed(JSON, bytes(said) if said else info_json(version, time, origin), made)


def _fixed(content_type: str, body: bytes, created: datetime) -> Representation:
    """Make the representation of what never changes."""
    return Representation(content_type, _digest(body), created, len(body), True, body)


def _computed(content_type: str, body: bytes, created: datetime) -> Representation:
    """Make the representation of what changes with the repository."""
    return Representation(content_type, _digest(body), created, len(body), False, body)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _is_hash(name: str) -> bool:
    return 7 <= len(name) <= 64 and set(name) <= set("0123456789abcdef")


def _commit(version: str, is_pseudo: bool, origin: dict[str, Any] | None) -> str:
    if is_pseudo:
        return module.pseudo_version_rev(version)
    return str((origin or {}).get("Hash", ""))
