"""
One `@latest` of what the repository holds and what the upstream has.

Go's rule for the latest version reads the go.mod of a version or two; those of the upstream are fetched
only when the rule comes to look at them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol, TypeVar, overload

from pulp_gomod.app.db.executors import drain
from pulp_gomod.app.remote.cache.entries import CacheEntry
from pulp_gomod.app.remote.go_mods import UnreadableError
from pulp_gomod.app.remote.http.results import Missing, UpstreamFault
from pulp_gomod.golang import modfile, module, semver
from pulp_gomod.golang.latest import Candidate, UnreadGoModError, Version, latest
from pulp_gomod.golang.modfile.summary import Summary

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _GoMod:
    is_real: bool
    retracted: str


class _OfUpstream:
    """A version that only the upstream has; its go.mod may not be known yet."""

    def __init__(self, version: str, known: dict[str, _GoMod]) -> None:
        self.version = version
        self.is_pseudo = module.is_pseudo_version(version)
        self._known = known

    @property
    def has_go_mod(self) -> bool:
        """Whether its go.mod is a real one."""
        return self._go_mod.is_real

    @property
    def retracted(self) -> str | None:
        """What its go.mod retracts."""
        return self._go_mod.retracted

    @property
    def _go_mod(self) -> _GoMod:
        if self.version not in self._known:
            raise UnreadGoModError(self.version)
        return self._known[self.version]


class _All(Sequence[Version]):
    """
    The versions of both sides in semver order, each made when it is looked at.

    The collector of garbage looks at all objects that are there, and all clients wait for it, in whatever thread
    that is: a hundred thousand versions take it fifty milliseconds, their names as good as nothing.

    Args:
        held: What the repository holds, by the version.
        names: All versions.
        known: What has been read of the upstream's go.mod files.
    """

    def __init__(
        self, held: dict[str, Candidate], names: list[str], known: dict[str, _GoMod]
    ) -> None:
        self.held = held
        self._names = names
        self._known = known

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> Version: ...

    @overload
    def __getitem__(self, index: slice) -> list[Version]: ...

    def __getitem__(self, index: int | slice) -> Version | list[Version]:
        if isinstance(index, slice):
            return [self._made(name) for name in self._names[index]]
        return self._made(self._names[index])

    def __iter__(self) -> Iterator[Version]:
        return map(self._made, self._names)

    def drain(self) -> None:
        """Forget them all, see executors.drain."""
        drain(self._names)

    def _made(self, name: str) -> Version:
        return self.held.get(name) or _OfUpstream(name, self._known)


class UnreadableFault(UpstreamFault):
    """A go.mod that decides takes too long to read."""


class Sides(Protocol):
    """What is asked of both sides while the rule is followed."""

    async def retracted(self, version: str) -> str:
        """Return what a held version retracts, see golang.retracted."""

    async def go_mod(self, version: str) -> CacheEntry | Missing | None:
        """Ask the upstream for the go.mod of a version; None if it was not waited for."""

    async def read(self, go_mod: bytes) -> Summary:
        """Say what a go.mod of the upstream says."""

    async def compute(self, call: Callable[[], T], /) -> T:
        """Run what may take long where it stops nobody else."""


async def latest_version(
    path: str,
    local: Iterable[Candidate],
    listed: Iterable[str],
    sides: Sides,
    rule: Callable[[Sequence[Version]], Version | None] = latest,
) -> str | None:
    """
    Return the version that the go command would choose as the latest of all; None if there is none.

    Args:
        path: The module path.
        local: What the repository holds.
        listed: The versions that the upstream has.
        sides: Whom to ask.
        rule: Chooses among all versions, in semver order.

    Raises:
        UnreadableFault: A go.mod that decides takes too long to read.
        UpstreamFault: It could not be fetched.
    """
    known: dict[str, _GoMod] = {}

    def sort() -> _All:
        held = {candidate.version: candidate for candidate in local}
        names = dict.fromkeys(chain(held, listed))
        return _All(held, sorted(names, key=semver.db_sort_key), known)

    def choose() -> str | None:
        chosen = rule(candidates)
        return chosen.version if chosen else None

    candidates = await sides.compute(sort)
    try:
        while True:
            try:
                return await sides.compute(choose)
            except UnreadGoModError as unread:
                version = unread.version
            candidate = candidates.held.get(version)
            if candidate is not None:
                retracted = await sides.retracted(version)
                candidates.held[version] = replace(candidate, retracted=retracted)
            else:
                known[version] = await _go_mod(path, version, sides)
    finally:
        await sides.compute(candidates.drain)


async def _go_mod(path: str, version: str, sides: Sides) -> _GoMod:
    answer = await sides.go_mod(version)
    if answer is None:
        raise UpstreamFault(f"the go.mod of {path}@{version} decides, and the upstream is too slow")
    if isinstance(answer, Missing) or not answer.found:
        raise UpstreamFault(f"the upstream lists {path}@{version}, and sends no go.mod of it")
    is_real = answer.body != modfile.legacy_go_mod(path)
    try:
        # What Go would refuse retracts nothing: the go command does not mind here either.
        return _GoMod(is_real, (await sides.read(answer.body)).retracted)
    except UnreadableError as error:
        raise UnreadableFault(f"the go.mod of {path}@{version} decides, and {error}") from error
