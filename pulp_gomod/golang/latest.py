"""
Which version `@latest` means.

Source of the rule: cmd/go/internal/modload/query.go (filterVersions, queryProxy) and
modload/modfile.go (CheckRetractions).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from . import module, semver
from .errors import GoError
from .retracted import is_retracted

__all__ = [
    "Candidate",
    "UnreadGoModError",
    "Version",
    "compatible",
    "latest",
    "latest_allowed",
    "latest_of_newest",
    "retracted_by_newest",
]

_INCOMPATIBLE = "+incompatible"


class Version(Protocol):
    """A version of a module, as `Candidate` describes it."""

    @property
    def version(self) -> str:
        """The canonical version."""

    @property
    def is_pseudo(self) -> bool:
        """Whether it is a pseudo-version."""

    @property
    def has_go_mod(self) -> bool:
        """Whether its go.mod is a real one."""

    @property
    def retracted(self) -> str | None:
        """What its go.mod retracts (see `retracted.pack`); None if that has not been read yet."""


class UnreadGoModError(Exception):
    """
    The rule came to look at a go.mod that has not been read yet.

    Attributes:
        version: Whose it is.
    """

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


V = TypeVar("V", bound=Version)


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A version of a module.

    Attributes:
        version: The canonical version.
        is_pseudo: Whether it is a pseudo-version.
        has_go_mod: Whether its go.mod is a real one, not the one that Go synthesizes.
        retracted: What its go.mod retracts (see `retracted.pack`); None if that has not been read yet.
    """

    version: str
    is_pseudo: bool
    has_go_mod: bool
    retracted: str | None = ""


def latest(candidates: Sequence[V]) -> V | None:
    """
    Choose the version that the go command would choose for `latest`.

    Retractions are read from one go.mod only: that of the version which would be chosen if nothing
    were retracted. A module that is retracted altogether still has that version as its latest.

    Args:
        candidates: All versions of one module, in semver order.

    Raises:
        UnreadGoModError: It depends on a go.mod that has not been read yet.
    """
    newest = _choose(candidates, lambda _: True)
    if newest is None:
        return None
    retracted = _retracted_by(newest)
    if not retracted:
        return newest
    return _choose(candidates, lambda c: not is_retracted(retracted, c.version)) or newest


def latest_allowed(candidates: Sequence[V], allowed: Callable[[str], bool]) -> V | None:
    """
    Choose the latest of those versions that are allowed.

    Retractions are those of the version that would be chosen if all were allowed: its author knew best.

    Args:
        candidates: All versions of one module, in semver order.
        allowed: Says whether a version is allowed.

    Raises:
        UnreadGoModError: It depends on a go.mod that has not been read yet.
    """
    newest = _choose(candidates, lambda _: True)
    if newest is None:
        return None
    retracted = _retracted_by(newest)
    return _choose(
        candidates, lambda c: allowed(c.version) and not is_retracted(retracted, c.version)
    ) or _choose(candidates, lambda c: allowed(c.version))


def newest_read(candidates: Sequence[V]) -> V | None:
    """
    Return the version whose go.mod says what is retracted; it has been read then.

    Args:
        candidates: All versions of one module, in semver order.

    Raises:
        UnreadGoModError: It has not been read yet.
    """
    newest = _choose(candidates, lambda _: True)
    if newest is not None:
        _retracted_by(newest)
    return newest


def retracted_by_newest(candidates: Sequence[Version]) -> str:
    """
    Return what a module retracts, see `retracted.pack`: what the newest version says of it.

    Args:
        candidates: All versions of one module, in semver order.

    Raises:
        UnreadGoModError: Its go.mod has not been read yet.
    """
    newest = _choose(candidates, lambda _: True)
    return "" if newest is None else _retracted_by(newest)


def latest_of_newest(newest: Sequence[V]) -> V | None:
    """
    Choose the latest version from the newest ones, if these decide it.

    Args:
        newest: The newest versions of one module, at least the newest one, in semver order.

    Returns:
        What `latest` would choose from all versions, or None if that depends on older ones.

    Raises:
        UnreadGoModError: It depends on a go.mod that has not been read yet.
    """
    if any(c.version.endswith(_INCOMPATIBLE) for c in newest):
        return None
    first = _choose(newest, lambda _: True)
    if first is None or not _is_release(first):
        return None
    retracted = _retracted_by(first)
    chosen = _choose(newest, lambda c: not is_retracted(retracted, c.version))
    return chosen if chosen is not None and _is_release(chosen) else None


def _is_release(candidate: Version) -> bool:
    return not candidate.is_pseudo and not semver.prerelease(candidate.version)


def _choose(candidates: Sequence[V], allowed: Callable[[V], bool]) -> V | None:
    """Choose without keeping any but the best: there may be a hundred thousand, made as they are looked at."""
    newest = release = None
    for candidate in compatible(candidates, allowed):
        newest = candidate
        if not semver.prerelease(candidate.version):
            release = candidate
    if newest is not None:
        return release or newest
    pseudo = (c for c in candidates if c.is_pseudo and allowed(c))
    return max(pseudo, key=_pseudo_time, default=None)


def compatible(
    candidates: Iterable[V], allowed: Callable[[V], bool], prefers_incompatible: bool = False
) -> Iterator[V]:
    """
    Yield the tagged versions that are allowed, without +incompatible ones where the module has moved on.

    A module whose last compatible version has a go.mod of its own has adopted modules: the tags of
    higher majors without one are not meant to be used, unless somebody asks for them.
    """
    last: V | None = None
    for candidate in candidates:
        if candidate.is_pseudo or not allowed(candidate):
            continue
        is_incompatible = candidate.version.endswith(_INCOMPATIBLE) and not prefers_incompatible
        if is_incompatible and last is not None and _moved_on(last):
            return
        yield candidate
        last = candidate


def _moved_on(last: Version) -> bool:
    return not last.version.endswith(_INCOMPATIBLE) and last.has_go_mod


def _retracted_by(candidate: Version) -> str:
    retracted = candidate.retracted
    if retracted is None:
        raise UnreadGoModError(candidate.version)
    return retracted


def _pseudo_time(candidate: Version) -> tuple[str, str]:
    try:
        time = module.pseudo_version_time(candidate.version).isoformat()
    except GoError:
        # A date that does not exist, such as month 13, is older than any that does.
        time = ""
    return time, semver.db_sort_key(candidate.version)
