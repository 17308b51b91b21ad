"""One `@latest` of what the repository holds and what the upstream has.

Go's rule for the latest version reads the go.mod of a version or two; those of the upstream are fetched
only when the rule comes to look at them.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pulp_gomod.app.goproxy.latest import Candidate, Version, latest
from pulp_gomod.app.upstream.answers import Answer
from pulp_gomod.app.upstream.results import UpstreamFault
from pulp_gomod.golang import GoError, modfile, module, semver

log = logging.getLogger(__name__)

T = TypeVar("T")

AskGoMod = Callable[[str], Awaitable[Answer | None]]


class Reckon(Protocol):
    """Runs what may take long where it stops nobody else."""

    async def __call__(self, call: Callable[[], T], /) -> T:
        """Run a call."""


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


async def latest_version(
    path: str, local: Iterable[Candidate], listed: Iterable[str], ask: AskGoMod, reckon: Reckon
) -> str | None:
    """
    Return the version that the go command would choose as the latest of all; None if there is none.

    Args:
        path: The module path.
        local: What the repository holds.
        listed: The versions that the upstream has.
        ask: Asks the upstream for the go.mod of a version.
        reckon: Runs what takes long.

    Raises:
        UpstreamFault: A go.mod that decides could not be fetched.
    """
    held = {candidate.version: candidate for candidate in local}
    known: dict[str, _GoMod] = {}

    def sort() -> list[Version]:
        candidates: list[Version] = [*held.values()]
        candidates += [_OfUpstream(name, known) for name in set(listed) - held.keys()]
        candidates.sort(key=lambda candidate: semver.db_sort_key(candidate.version))
        return candidates

    def choose() -> str | None:
        chosen = latest(candidates)
        return chosen.version if chosen else None

    candidates = await reckon(sort)
    while True:
        try:
            return await reckon(choose)
        except _UnknownGoMod as unknown:
            known[unknown.version] = await _go_mod(path, unknown.version, ask)


async def _go_mod(path: str, version: str, ask: AskGoMod) -> _GoMod:
    answer = await ask(version)
    if answer is None or not answer.found:
        raise UpstreamFault(f"the upstream lists {path}@{version}, and sends no go.mod of it")
    is_real = answer.body != modfile.legacy_go_mod(path)
    try:
        parsed = modfile.parse_lax(answer.body)
    except GoError:
        # The go command does not mind here either.
        return _GoMod(is_real, ())
    return _GoMod(is_real, [{"low": r.low, "high": r.high} for r in parsed.retract])
