"""The latest version by an upstream's list, where nothing is held and `@latest` says none that may be had."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from pulp_gomod.app.remote.cache.entries import CacheEntry, File
from pulp_gomod.app.remote.cache.lists import listed_versions, newest_pseudo_version
from pulp_gomod.app.remote.go_mods import GoMods
from pulp_gomod.app.remote.http.results import Missing
from pulp_gomod.app.remote.latest import latest_version
from pulp_gomod.golang import module
from pulp_gomod.golang.modfile.summary import Summary

T = TypeVar("T")


class Asks(Protocol):
    """
    Asks an upstream about one module; see asking.Asking.

    Attributes:
        path: The module path.
        go_mods: Reads go.mod files.
    """

    path: str

    @property
    def go_mods(self) -> GoMods:
        """Reads go.mod files."""

    async def ask(self, file: File, version: str = "") -> CacheEntry | Missing:
        """Ask, and wait."""

    async def compute(self, size: int, call: Callable[[], T]) -> T:
        """Compute over a list, beside all else if it is long."""


async def newest_tagged(asking: Asks, listed: CacheEntry) -> str | None:
    """
    Return the tagged version that the go command would choose, retractions included; None if there is none.

    Args:
        asking: Asks for the go.mod files that decide.
        listed: The upstream's list.

    Raises:
        UpstreamFault: A go.mod that decides cannot be had.
    """
    path, body = asking.path, listed.body

    def tagged() -> list[str]:
        found = listed_versions(path, body)
        return [version for version in found if not module.is_pseudo_version(version)]

    versions = await asking.compute(len(body), tagged)
    return await latest_version(path, (), versions, _Upstream(asking, len(body)))


async def newest_listed(asking: Asks, listed: CacheEntry) -> str | None:
    """
    Return the version that the go command would choose of all that are listed; None if none are.

    Args:
        asking: Asks for the go.mod files that decide.
        listed: The upstream's list.

    Raises:
        UpstreamFault: A go.mod that decides cannot be had.
    """
    tagged = await newest_tagged(asking, listed)
    if tagged is not None:
        return tagged
    path, body = asking.path, listed.body
    return await asking.compute(len(body), lambda: newest_pseudo_version(path, body))


class _Upstream:
    """What an upstream alone says while the rule for the latest version is followed; see merge.Sides."""

    def __init__(self, asking: Asks, size: int) -> None:
        self._asking = asking
        self._size = size

    async def retracted(self, version: str) -> str:
        """Nothing is held."""
        return ""

    async def go_mod(self, version: str) -> CacheEntry | Missing:
        """Ask the upstream for the go.mod of a version: there is nothing to answer with instead."""
        return await self._asking.ask("mod", version)

    async def read(self, go_mod: bytes) -> Summary:
        """Say what a go.mod of the upstream says."""
        return await self._asking.go_mods.read(go_mod)

    async def compute(self, call: Callable[[], T], /) -> T:
        """Compute over all versions."""
        return await self._asking.compute(self._size, call)
