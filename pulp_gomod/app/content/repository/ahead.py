"""
Modules of an upstream, with what the go command asks for next on its way already.

The go command asks for one file after the other, two or a few at a time, and a proxy that asks the upstream for each
when it is asked itself doubles the time that each takes on the way. Two things are certain enough to be fetched
without having been asked for:

- Below a go.mod of before Go 1.17 it reads the go.mod of everything that is required, in turn.
- Who asks for the `.info` of a version whose go.mod was asked for before is `go mod download`, whose next question
  is the zip. Who only looks for updates asks for an `.info` first, or for nothing else.

What was fetched so is in the remote's cache; it joins the repository when somebody asks for it.
"""

from dataclasses import dataclass

from pulp_gomod.app.content.http.responses import Representation
from pulp_gomod.app.content.repository.cached import CachedModules
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.content.repository.merged import MergedModules
from pulp_gomod.app.content.repository.modules import Nothing
from pulp_gomod.app.content.repository.offline import OfflineModules
from pulp_gomod.app.remote.ahead import Guess
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.app.remote.zips.fetch import Uncached, ZipRequest
from pulp_gomod.golang import module
from pulp_gomod.golang.modfile.loading import requirements

# Bytes of a go.mod that is read for this; those of before Go 1.17 name direct dependencies only.
LONGEST = 32 * 1024
# go.mod files that are fetched because one was asked for, those that they require in turn included.
MOST_OF_ONE = 512
# Bytes of a list that are read in the time of a byte of a go.mod.
_WEIGHT = 8


@dataclass(slots=True)
class _Walk:
    """How many go.mod files may still be fetched because of one that was asked for."""

    left: int = MOST_OF_ONE


class AheadModules:
    """
    What others have, fetched from the upstream before it is asked for.

    Args:
        modules: What is held, and what the upstream has.
        merged: The same, while the upstream answers.
        local: What is held.
        remote: The upstream.
        served: The repository version.
    """

    def __init__(
        self,
        modules: OfflineModules,
        merged: MergedModules,
        local: CachedModules,
        remote: RemoteClient,
        served: Served,
    ) -> None:
        self._modules = modules
        self._merged = merged
        self._local = local
        self._remote = remote
        self._served = served
        self.versions, self.zip = modules.versions, modules.zip
        self.latest, self.latest_version = modules.latest, modules.latest_version

    async def mod(self, path: str, version: str) -> Representation | Nothing:
        """As Modules.mod."""
        found = await self._modules.mod(path, version)
        # What is held was asked for before, with all below it.
        body = found.body if isinstance(found, Representation) and not found.is_settled else None
        if body is not None and len(body) <= LONGEST:

            async def follow() -> None:
                await self._follow(body, _Walk(), is_pruned=True)

            self._remote.ahead.add(f"required by {path}@{version}", follow)
        return found

    async def info(self, path: str, version: str) -> Representation | Nothing:
        """As Modules.info."""
        is_version = module.canonical_version(version) == version
        if is_version and await self._local.info(path, version) is None:
            self._remote.ahead.add(f"zip of {path}@{version}", lambda: self._zip(path, version))
            # The go command asks for all of these before it asks for the first zip.
            self._remote.upstream.await_more(self._served.repository)
        return await self._modules.info(path, version)

    async def _follow(self, body: bytes, walk: _Walk, *, is_pruned: bool) -> None:
        """
        Have fetched what a go.mod requires, if the go command reads that, too.

        Args:
            is_pruned: Whether that depends on the go.mod itself: on the way to it there was none of before Go 1.17.
        """
        if len(body) > LONGEST or walk.left <= 0:
            return
        threads = self._remote.upstream.threads
        found = await threads.compute(_WEIGHT * len(body), requirements, body, walk.left)
        if is_pruned and found.is_pruned:
            return
        for each in found.versions:
            if self._remote.ahead.add(f"go.mod of {each}", self._fetching(each, walk)):
                walk.left -= 1
            if walk.left <= 0:
                return

    def _fetching(self, version: module.Version, walk: _Walk) -> Guess:
        async def fetch() -> None:
            if await self._local.mod(*version) is not None:
                return
            found = await self._merged.asking(*version).ahead("mod", version.version)
            if found is not None and found.found:
                await self._follow(found.body, walk, is_pruned=False)

        return fetch

    async def _zip(self, path: str, version: str) -> None:
        asking = self._merged.asking(path, version)
        if asking.refusal is not None:
            return
        known = await self._remote.modules.known("mod", path, version)
        if known is None or not known.found:
            return
        asked = ZipRequest(path, version, self._served.repository, ingested=False, ahead=True)
        found = await self._remote.zips.get(asked)
        if isinstance(found, Uncached):
            # Whoever asks for it has it fetched once more.
            self._remote.ahead.pause()
