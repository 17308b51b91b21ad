"""The modules of a repository version without those that are blocked.

A blocked version is on no list and never the latest; who asks for it by name is told that it is blocked, and
not that it is unknown: the go command would ask the next GOPROXY, or the module's own server. Its go.mod is
served as ever, since Go reads the go.mod files of versions that it does not build.
"""

import json
from dataclasses import dataclass, replace

from pulp_gomod.app.content.http.responses import Representation, Stopped
from pulp_gomod.app.content.repository import queries
from pulp_gomod.app.content.repository.stored import File, Files, Modules, list_of
from pulp_gomod.app.db.executors import compute
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
            f"versions of {self.path} are blocked here: ask for a zip by its whole version"
        )


class BlockedModules(Modules):
    """Answers what Modules answers, but for what is blocked."""

    async def versions(self, path: str) -> Representation | None:
        """As Modules.versions."""
        about = self._blocks(path)
        if about is None:
            return await super().versions(path)
        tagged = await self.tagged(path)
        if tagged is None and not about.is_whole:
            return None
        # Nobody is sent elsewhere for a module of which nothing is wanted here.
        return await list_of(tagged or [], self.served.created)

    async def tagged(self, path: str) -> list[str] | None:
        """As Modules.tagged."""
        tagged = await super().tagged(path)
        about = self._blocks(path)
        if tagged is None or about is None:
            return tagged
        return await compute(len(tagged), about.passes, tagged)

    async def candidates(self, path: str) -> list[Candidate]:
        """As Modules.candidates."""
        candidates = await super().candidates(path)
        about = self._blocks(path)
        if about is None:
            return candidates
        passed = set(await compute(len(candidates), about.passes, [c.version for c in candidates]))
        return [each for each in candidates if each.version in passed]

    async def latest(self, path: str) -> Representation | Stopped | None:
        """As Modules.latest, chosen as if what is blocked did not exist: as the go command chooses."""
        about = self._blocks(path)
        if about is None:
            return await super().latest(path)
        version, is_held = await self._newest(about)
        if version is not None:
            found = await super().info(path, version)
            # What is the latest version changes, unlike the `.info` of a version.
            if isinstance(found, Representation):
                return replace(found, modified=self.served.created, immutable=False)
            return found
        return about.stop_all if is_held or about.is_whole else None

    async def latest_version(self, path: str) -> str | None:
        """As Modules.latest_version."""
        about = self._blocks(path)
        if about is None:
            return await super().latest_version(path)
        return (await self._newest(about))[0]

    async def info(self, path: str, version: str) -> Representation | Stopped | None:
        """As Modules.info."""
        about = self._blocks(path)
        if about is None:
            return await super().info(path, version)
        stop = about.stop(version) if module.canonical_version(version) == version else None
        if stop is not None:
            return stop
        found = await super().info(path, version)
        # What names a commit may have come out as a version that is blocked.
        stop = about.stop_info(found.body) if isinstance(found, Representation) else None
        return stop or found

    async def zip(self, path: str, version: str) -> StoredZip | Stopped | None:
        """As Modules.zip."""
        return self._stop_zip(path, version) or await super().zip(path, version)

    async def files(self, path: str, version: str, wanted: File) -> Files:
        """As Modules.files."""
        files = await super().files(path, version, wanted)
        stop = self._stop_zip(path, version)
        return files | {"info": stop, "zip": stop} if stop else files

    def _stop_zip(self, path: str, version: str) -> Stopped | None:
        about = self._blocks(path)
        if about is None:
            return None
        if module.canonical_version(version) != version:
            return about.stop_names
        return about.stop(version)

    async def _newest(self, about: About) -> tuple[str | None, bool]:
        """Return the latest version of those that are not blocked, and whether any is held at all."""
        rows = await self._ask(queries.candidates(), module=about.path)
        passed = set(await compute(len(rows), about.passes, [row[0] for row in rows]))
        kept = [row for row in rows if row[0] in passed]
        chosen = await self._choose(about.path, latest, kept)
        return (chosen.version if chosen else None), bool(rows)

    def _blocks(self, path: str) -> About | None:
        blocks = self.served.blocks.of(path)
        return About(path, blocks) if blocks else None
