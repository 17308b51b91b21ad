"""Which version is the latest, of those that are held and those that the upstream has."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pulp_gomod.app.content.repository.cached import CachedModules
from pulp_gomod.app.db.executors import compute, drain
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.remote.asking import Asking
from pulp_gomod.app.remote.cache.entries import CacheEntry, File
from pulp_gomod.app.remote.cache.info import is_version, parse_info
from pulp_gomod.app.remote.cache.lists import listed_versions
from pulp_gomod.app.remote.http.results import Missing, UpstreamFault
from pulp_gomod.app.remote.latest import UnreadableFault, latest_version
from pulp_gomod.app.remote.listed_latest import newest_listed
from pulp_gomod.golang.latest import Candidate, Version, latest_allowed, newest_read
from pulp_gomod.golang.modfile.summary import Summary

log = logging.getLogger(__name__)

T = TypeVar("T")

# Bytes that a held version counts for, beside those of a list.
_PER_VERSION = 16


async def choose_latest(asking: Asking, local: CachedModules) -> str | CacheEntry | Missing:
    """
    Choose the latest version of a module.

    Args:
        asking: Asks the upstream about the module.
        local: What the repository holds.

    Returns:
        The version if it is held, or else what the upstream says of it.

    Raises:
        UpstreamFault: The upstream failed, and nothing is held.
    """
    path = asking.path
    candidates = await local.candidates(path)
    if not candidates:
        return await _said_upstream(asking)
    chosen_here = await local.latest_version(path)
    ours = chosen_here if isinstance(chosen_here, str) else candidates[-1].version
    listed = await asking.if_available("list")
    if listed is None or not listed.found:
        return ours
    both = _Both(asking, local, candidates, listed)
    try:
        chosen = await _chosen(both, local, listed)
    except UpstreamFault as fault:
        log.info("The latest version of %s is one of the repository: %s", path, fault.line)
        return ours
    finally:
        await both.close()
    if isinstance(chosen, CacheEntry):
        return chosen
    if not chosen or any(candidate.version == chosen for candidate in candidates):
        return chosen or ours
    answer = await asking.if_available("info", chosen)
    return answer if answer is not None and answer.found else ours


@dataclass(frozen=True, slots=True)
class Choice:
    """
    Chooses among all versions of a module that are known.

    All methods raise UpstreamFault where a go.mod that decides cannot be had.

    Attributes:
        local: What the repository holds.
        asking: Makes what asks the upstream about a module, or returns None.
    """

    local: CachedModules
    asking: Callable[[str], Asking | None]

    def needs(self, path: str) -> Sequence[Need]:
        """
        Say what of the repository has to be looked up for a choice, and for a list.

        Args:
            path: The module path.
        """
        return self.local.needs_of_candidates(path)

    async def latest(self, path: str, allowed: Callable[[str], bool]) -> str | None:
        """
        Choose the latest of those versions that are allowed; None if none are.

        Args:
            path: The module path.
            allowed: Says whether a version is allowed.
        """

        def rule(candidates: Sequence[Version]) -> Version | None:
            return latest_allowed(candidates, allowed)

        return await self._decide(path, rule, waits=True)

    async def newest(self, path: str) -> tuple[str, str]:
        """
        Return the version whose go.mod says what is retracted, and that (see golang.retracted).

        Args:
            path: The module path.
        """
        said = "", ""

        def rule(candidates: Sequence[Version]) -> Version | None:
            nonlocal said
            newest = newest_read(candidates)
            if newest is not None:
                said = newest.version, newest.retracted or ""
            return newest

        await self._decide(path, rule)
        return said

    async def _decide(
        self,
        path: str,
        rule: Callable[[Sequence[Version]], Version | None],
        *,
        waits: bool = False,
    ) -> str | None:
        candidates = await self.local.candidates(path)
        asking = self.asking(path)
        # Where something is held, that will do instead.
        waits = waits and not candidates
        listed = await _ask(asking, "list", waits=waits) if asking is not None else None
        if asking is None or not isinstance(listed, CacheEntry) or not listed.found:
            held = _Held(self.local, path, candidates)
            return await latest_version(path, candidates, (), held, rule)
        both = _Both(asking, self.local, candidates, listed, waits=waits)
        try:
            return await latest_version(path, candidates, await both.listed(), both, rule)
        finally:
            await both.close()


class _Held:
    """What the repository alone says while a rule is followed; see remote.latest.Sides."""

    def __init__(self, local: CachedModules, path: str, candidates: list[Candidate]) -> None:
        self._local = local
        self._path = path
        self._count = len(candidates)

    async def retracted(self, version: str) -> str:
        """Return what a held version retracts."""
        return await self._local.retracted(self._path, version)

    async def go_mod(self, version: str) -> None:
        """Nothing is anywhere else."""

    async def read(self, go_mod: bytes) -> Summary:
        """Read what nobody has."""
        raise AssertionError("there is no upstream")

    async def compute(self, call: Callable[[], T], /) -> T:
        """Compute over all versions."""
        return await compute(self._count, call)


async def _ask(
    asking: Asking, file: File, version: str = "", *, waits: bool
) -> CacheEntry | Missing | None:
    """Ask the upstream, and wait as long as it takes or not for long."""
    if waits:
        return await asking.ask(file, version)
    return await asking.if_available(file, version)


async def _said_upstream(asking: Asking) -> CacheEntry | Missing:
    """Return the latest version as the upstream says it, or else by its list, as the go command would."""
    said = await asking.ask("latest")
    if not isinstance(said, Missing) or said.status == 403:
        return said
    listed = await asking.ask("list")
    chosen = None if isinstance(listed, Missing) else await newest_listed(asking, listed)
    return said if chosen is None else await asking.ask("info", chosen)


async def _chosen(both: "_Both", local: CachedModules, listed: CacheEntry) -> str | CacheEntry:
    """Return the version, "" for what is held, or what the upstream says of the latest version."""
    asking, path = both.asking, both.asking.path
    has_all, has_any = await local.merged("list has all", path, listed.state, both.compare)
    said = await asking.if_available("latest") if has_all else None
    if said is None or not said.found:
        return await local.merged("latest of both", path, listed.state, lambda: both.choose(None))
    if has_any:
        return said
    state = f"{listed.state} {said.state}" if listed.state and said.state else ""
    return await local.merged("latest of both", path, state, lambda: both.choose(said))


class _Both:
    """The versions that are held, and those that the upstream lists; see merge.Sides."""

    def __init__(
        self,
        asking: Asking,
        local: CachedModules,
        candidates: list[Candidate],
        listed: CacheEntry,
        *,
        waits: bool = False,
    ) -> None:
        self.asking = asking
        self._waits = waits
        self._local = local
        self._candidates = candidates
        self._listed = listed
        self._theirs: dict[str, None] | None = None

    async def compare(self) -> tuple[bool, bool]:
        """Say whether the upstream lists all tagged versions that are held, and whether it lists any."""
        theirs = await self.listed()

        def compare() -> bool:
            return all(c.is_pseudo or c.version in theirs for c in self._candidates)

        return await self.compute(compare), bool(theirs)

    async def choose(self, said: CacheEntry | None) -> str:
        """
        Choose one version of all; "" if only what is held is left to choose from.

        Args:
            said: What the upstream says to `@latest`, if it was asked.

        Raises:
            UpstreamFault: A go.mod that decides cannot be had.
        """
        theirs = await self.listed()
        info = parse_info(said.body) if said is not None else None
        if info is not None and is_version(self.asking.path, info.version):
            theirs[info.version] = None
        try:
            chosen = await latest_version(self.asking.path, self._candidates, theirs, self)
        except UnreadableFault as fault:
            # That is remembered: the next who asks need not fetch and read it again.
            log.info(
                "The latest version of %s is one of the repository: %s",
                self.asking.path,
                fault.line,
            )
            return ""
        return chosen or ""

    async def retracted(self, version: str) -> str:
        """Return what a held version retracts."""
        return await self._local.retracted(self.asking.path, version)

    async def go_mod(self, version: str) -> CacheEntry | Missing | None:
        """Ask the upstream for the go.mod of a version."""
        return await _ask(self.asking, "mod", version, waits=self._waits)

    async def read(self, go_mod: bytes) -> Summary:
        """Say what a go.mod of the upstream says."""
        return await self.asking.go_mods.read(go_mod)

    async def compute(self, call: Callable[[], T], /) -> T:
        """Compute over all versions."""
        size = len(self._listed.body) + _PER_VERSION * len(self._candidates)
        return await self.asking.compute(size, call)

    async def listed(self) -> dict[str, None]:
        """Return the versions that the upstream lists; the collector of garbage passes over such a dictionary."""
        if self._theirs is None:
            path, body = self.asking.path, self._listed.body

            def read() -> dict[str, None]:
                return dict.fromkeys(listed_versions(path, body))

            self._theirs = await self.compute(read)
        return self._theirs

    async def close(self) -> None:
        """Let go of the list."""
        theirs = self._theirs
        if theirs is not None:
            await self.compute(lambda: drain(theirs))
