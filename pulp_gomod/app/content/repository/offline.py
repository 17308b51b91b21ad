"""
Module paths below a module that is held, while the upstream that may have them is not there.

To find the module that a package is in, the go command asks for all longer paths, too. An error for one of
these ends the command, however certain it is that the held module has the package. So such a path is
"not found" while the upstream is dead, where nothing that this server knows speaks for it. What that
may lead to, and why it changes no build, is in docs/admin/learn/upstreams.md.
"""

from collections.abc import Awaitable
from typing import Final
from uuid import UUID

from pulp_gomod.app.content.http.responses import Representation
from pulp_gomod.app.content.repository.cached import CachedModules
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.content.repository.merged import MergedModules
from pulp_gomod.app.content.repository.modules import NotFound, Nothing
from pulp_gomod.app.models import GoModFile, GoModule
from pulp_gomod.app.models.membership import ever_held, held
from pulp_gomod.app.remote.cache.entries import File
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.golang import module
from pulp_gomod.golang.goproxy import LATEST
from pulp_gomod.golang.module.major import try_split_path_version

# Paths above one that are looked at: modules of modules are not so deep, names that a client makes up are.
_MOST_PARENTS = 16

# What an upstream has been asked about a module that exists.
_KNOWN_BY: Final[tuple[File, ...]] = ("list", "latest")


class OfflineModules:
    """
    Modules of an upstream; while that is dead, paths below a held module are not found.

    Args:
        modules: What is held, and what the upstream has.
        local: What is held.
        served: The repository version.
        domain: The domain's pk.
    """

    def __init__(
        self,
        modules: MergedModules,
        local: CachedModules,
        remote: RemoteClient,
        served: Served,
        domain: UUID,
    ) -> None:
        self._modules = modules
        self._local = local
        self._remote = remote
        self._served = served
        self._domain = domain
        self.mod, self.zip = modules.mod, modules.zip
        self.latest_version = modules.latest_version

    async def versions(self, path: str) -> Representation | Nothing:
        """As Modules.versions."""
        return await self._try(path, "", self._modules.versions(path))

    async def latest(self, path: str) -> Representation | Nothing:
        """As Modules.latest."""
        return await self._try(path, LATEST, self._modules.latest(path))

    async def info(self, path: str, version: str) -> Representation | Nothing:
        """As Modules.info."""
        asked = self._modules.info(path, version)
        if module.canonical_version(version) != version:
            return await asked
        return await self._try(path, version, asked)

    async def _try(
        self, path: str, version: str, asked: Awaitable[Representation | Nothing]
    ) -> Representation | Nothing:
        try:
            return await asked
        except UpstreamFault:
            above = await self._held_above(path, version) if self._is_dead else None
            if above is None:
                raise
        where = f"{path}@{version}" if version else path
        return NotFound(
            f"{where} is not in this repository, and the upstream, which cannot be reached, is not "
            f"known to have it; the repository has {above}"
        )

    @property
    def _is_dead(self) -> bool:
        return self._remote.upstream.health.is_dead

    async def _held_above(self, path: str, version: str) -> str | None:
        """Return the held module that a path is below, if the path can be taken for none of a module."""
        # A path with a major version is meant as a module by whoever writes it.
        split = try_split_path_version(path)
        if split is None or split.path_major:
            return None
        for file in _KNOWN_BY:
            known = await self._remote.modules.known(file, path)
            if known is not None and known.found:
                return None
        exact = "" if version == LATEST else version

        async def look() -> str:
            run = self._remote.upstream.threads.database
            return await run(_held_above, self._served, self._domain, path, exact)

        # It is the same until the repository changes.
        return await self._local.merged("held above", path, exact or LATEST, look) or None


def _held_above(served: Served, domain: UUID, path: str, version: str) -> str:
    """Return the longest path above one that is held, "" for none. Uses the ORM."""
    for model in (GoModule, GoModFile):
        # Even if only its go.mod was here, and is gone: it is a module.
        known = model.objects.filter(ever_held(served.repository), _pulp_domain=domain, module=path)
        if known.exists():
            return ""
    above = GoModule.objects.filter(
        held(served.repository, served.number), _pulp_domain=domain, module__in=_parents(path)
    )
    if version:
        above = above.filter(version=version)
    return max(above.values_list("module", flat=True).distinct(), key=len, default="")


def _parents(path: str) -> list[str]:
    """List the paths above one, the longest first."""
    elements = path.split("/")
    lengths = range(len(elements) - 1, max(0, len(elements) - 1 - _MOST_PARENTS), -1)
    return ["/".join(elements[:length]) for length in lengths]
