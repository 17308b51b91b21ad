"""
The modules of a repository version without those that are blocked.

A blocked version is on no list and never the latest; who asks for it by name is told that it is blocked, and
not that it is unknown: the go command would ask the next GOPROXY, or the module's own server. Its go.mod is
served as ever, since Go reads the go.mod files of versions that it does not build.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from pulp_gomod.app.content.http.responses import Representation, Stopped
from pulp_gomod.app.content.repository.stored import File, Files, Rule, StoredModules, list_of
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.models.blocking import Block
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang import module
from pulp_gomod.golang.latest import Candidate, latest


@dataclass(frozen=True, slots=True)
class About:
    """
    The blocks that are about one module.

    Attributes:
        path: The module path.
        blocks: At least one.
    """

    path: str
    blocks: list[Block]

    def stop(self, version: str) -> Stopped | None:
        """
        Say why a version is not served; None if it is.

        Args:
            version: The canonical version.
        """
        for block in self.blocks:
            if block.covers(version):
                return Stopped(block.line(self.path, version))
        return None

    def passes(self, versions: list[str]) -> list[str]:
        """
        Return the versions that are not blocked.

        Args:
            versions: Canonical versions.
        """
        return [
            version
            for version in versions
            if not any(block.covers(version) for block in self.blocks)
        ]

    def stop_info(self, body: bytes | None) -> Stopped | None:
        """
        Say why an `.info` is not served; None if it is.

        Args:
            body: The `.info`, which names a version.
        """
        try:
            version = json.loads(body or b"")["Version"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return self.stop(version) if isinstance(version, str) else None

    @property
    def is_whole(self) -> bool:
        """Whether all versions are blocked."""
        return any(not block.versions for block in self.blocks)

    @property
    def stop_all(self) -> Stopped:
        """Say why nothing of a module is served whose every known version is blocked."""
        return Stopped(self.blocks[0].line(self.path, self.blocks[0].versions))

    @property
    def stop_names(self) -> Stopped:
        """Say why a zip is not served under another name than its version."""
        return Stopped(
            f"versions of {self.path} are blocked here: request a zip by its full version"
        )


class BlockedModules:
    """
    What another one has of a repository version, without what is blocked.

    Args:
        modules: What the repository version holds.
    """

    def __init__(self, modules: StoredModules) -> None:
        self._modules = modules
        self.served = modules.served

    @property
    def is_quiet(self) -> bool:
        """As StoredModules.is_quiet."""
        return self._modules.is_quiet

    @property
    def in_background(self) -> "BlockedModules":
        """As StoredModules.in_background."""
        return BlockedModules(self._modules.in_background)

    async def names(self) -> list[tuple[str, str]]:
        """As StoredModules.names."""
        return await self._modules.names()

    async def versions(self, path: str) -> Representation | None:
        """As Modules.versions."""
        about = self._blocks(path)
        if about is None:
            return await self._modules.versions(path)
        tagged = await self.tagged(path)
        if tagged is None and not about.is_whole:
            return None
        # Nobody is sent elsewhere for a module of which nothing is wanted here.
        return await list_of(tagged or [], self.served.created)

    async def tagged(self, path: str) -> list[str] | None:
        """As StoredModules.tagged."""
        tagged = await self._modules.tagged(path)
        about = self._blocks(path)
        if tagged is None or about is None:
            return tagged
        return await compute(len(tagged), about.passes, tagged)

    async def candidates(self, path: str) -> list[Candidate]:
        """As StoredModules.candidates."""
        return await self._unblocked(path, await self._modules.candidates(path))

    async def candidates_of(self, path: str, rows: list[Row]) -> list[Candidate]:
        """As StoredModules.candidates_of."""
        return await self._unblocked(path, await self._modules.candidates_of(path, rows))

    def candidates_need(self, path: str, keep: Callable[[list[Row]], Awaitable[None]]) -> Need:
        """As StoredModules.candidates_need."""
        return self._modules.candidates_need(path, keep)

    async def choose(self, path: str, rule: Rule, known: list[Candidate]) -> Candidate | None:
        """As StoredModules.choose."""
        return await self._modules.choose(path, rule, known)

    async def _unblocked(self, path: str, candidates: list[Candidate]) -> list[Candidate]:
        about = self._blocks(path)
        return candidates if about is None else await _passed(about, candidates)

    async def retracted(self, path: str, version: str) -> str:
        """As StoredModules.retracted."""
        return await self._modules.retracted(path, version)

    async def latest(self, path: str) -> Representation | Stopped | None:
        """As Modules.latest, chosen as if what is blocked did not exist: as the go command chooses."""
        if self._blocks(path) is None:
            return await self._modules.latest(path)
        version = await self.latest_version(path)
        if not isinstance(version, str):
            return version
        found = await self._modules.info(path, version)
        # What is the latest version changes, unlike the `.info` of a version.
        return found and replace(found, modified=self.served.created, immutable=False)

    async def latest_version(self, path: str) -> str | Stopped | None:
        """As Modules.latest_version."""
        about = self._blocks(path)
        if about is None:
            return await self._modules.latest_version(path)
        candidates = await self._modules.candidates(path)
        passed = await _passed(about, candidates)
        chosen = await self._modules.choose(path, latest, passed)
        if chosen is not None:
            return chosen.version
        return about.stop_all if candidates or about.is_whole else None

    async def info(self, path: str, version: str) -> Representation | Stopped | None:
        """As Modules.info."""
        about = self._blocks(path)
        if about is None:
            return await self._modules.info(path, version)
        stop = about.stop(version) if module.canonical_version(version) == version else None
        if stop is not None:
            return stop
        found = await self._modules.info(path, version)
        # What names a commit may have come out as a version that is blocked.
        stop = about.stop_info(found.body) if found is not None else None
        return stop or found

    async def mod(self, path: str, version: str) -> Representation | None:
        """As Modules.mod."""
        return await self._modules.mod(path, version)

    async def zip(self, path: str, version: str) -> StoredZip | Stopped | None:
        """As Modules.zip."""
        return self._stop_zip(path, version) or await self._modules.zip(path, version)

    async def files(self, path: str, version: str, wanted: File) -> Files:
        """As StoredModules.files."""
        files = await self._modules.files(path, version, wanted)
        stop = self._stop_zip(path, version)
        return files | {"info": stop, "zip": stop} if stop else files

    def _stop_zip(self, path: str, version: str) -> Stopped | None:
        about = self._blocks(path)
        if about is None:
            return None
        if module.canonical_version(version) != version:
            return about.stop_names
        return about.stop(version)

    def _blocks(self, path: str) -> About | None:
        blocks = self.served.blocks.of(path)
        return About(path, blocks) if blocks else None


async def _passed(about: About, candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates that are not blocked."""
    passed = set(await compute(len(candidates), about.passes, [c.version for c in candidates]))
    return [each for each in candidates if each.version in passed]
