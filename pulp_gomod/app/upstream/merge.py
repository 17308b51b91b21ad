"""One list and one `@latest` of what the repository holds and what the upstream has.

Go's rule for the latest version reads the go.mod of a version or two; those of the upstream are fetched
only when the rule comes to look at them.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pulp_gomod.app.goproxy.latest import Candidate, Version, latest
from pulp_gomod.app.upstream.answers import Answer
from pulp_gomod.app.upstream.modules import UpstreamModules, is_version
from pulp_gomod.app.upstream.results import UpstreamFault
from pulp_gomod.golang import GoError, modfile, module, semver

log = logging.getLogger(__name__)


class _UnknownGoMod(Exception):
    """The rule came to look at a go.mod that has not been fetched."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


@dataclass(frozen=True, slots=True)
class _GoMod:
    is_real: bool
    retractions: Sequence[dict[str, Any]]


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
    def retractions(self) -> Sequence[dict[str, Any]]:
        """What its go.mod retracts."""
        return self._go_mod.retractions

    @property
    def _go_mod(self) -> _GoMod:
        if self.version not in self._known:
            raise _UnknownGoMod(self.version)
        return self._known[self.version]


def listed_versions(path: str, body: bytes) -> list[str]:
    """
    Return the versions of a list that could be served, as the go command reads it.

    Args:
        path: The module path.
        body: The list.
    """
    versions = []
    for line in body.decode("utf-8", "replace").split("\n"):
        fields = line.split()
        if fields and is_version(path, fields[0]):
            versions.append(fields[0])
    return versions


def merge_lists(path: str, local: Sequence[str], upstream: bytes) -> bytes:
    """
    Return the list of all tagged versions.

    Where the upstream has them all, its list is passed on as it is.

    Args:
        path: The module path.
        local: The tagged versions that the repository holds.
        upstream: The upstream's list.
    """
    listed = set(listed_versions(path, upstream))
    if listed.issuperset(local):
        return upstream
    tagged = {version for version in listed if not module.is_pseudo_version(version)}
    ordered = sorted(tagged.union(local), key=semver.db_sort_key)
    return "".join(f"{version}\n" for version in ordered).encode()


async def latest_version(
    path: str, local: Iterable[Candidate], remote: UpstreamModules, listed: bytes, newest: str
) -> str | None:
    """
    Return the version that the go command would choose as the latest of all; None if there is none.

    Args:
        path: The module path.
        local: What the repository holds.
        remote: The upstream's modules.
        listed: The upstream's list, or b"".
        newest: The version of the upstream's `@latest`, or "".

    Raises:
        UpstreamFault: A go.mod that decides could not be fetched.
    """
    held = {candidate.version: candidate for candidate in local}
    names = set(listed_versions(path, listed))
    if newest and is_version(path, newest):
        names.add(newest)
    known: dict[str, _GoMod] = {}
    candidates: list[Version] = [*held.values()]
    candidates += [_OfUpstream(name, known) for name in names - held.keys()]
    candidates.sort(key=lambda candidate: semver.db_sort_key(candidate.version))
    while True:
        try:
            chosen = latest(candidates)
            return chosen.version if chosen else None
        except _UnknownGoMod as unknown:
            known[unknown.version] = await _go_mod(path, unknown.version, remote)


async def _go_mod(path: str, version: str, remote: UpstreamModules) -> _GoMod:
    answer: Answer = await remote.get("mod", path, version)
    if not answer.found:
        raise UpstreamFault(f"the upstream lists {path}@{version}, and has no go.mod of it")
    is_real = answer.body != modfile.legacy_go_mod(path)
    try:
        parsed = modfile.parse_lax(answer.body)
    except GoError:
        # The go command does not mind here either.
        return _GoMod(is_real, ())
    return _GoMod(is_real, [{"low": r.low, "high": r.high} for r in parsed.retract])
