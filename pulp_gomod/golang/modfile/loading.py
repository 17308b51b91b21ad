"""
Which go.mod files the go command reads because it reads this one.

Since Go 1.17 a go.mod names all that its packages need, and what a dependency of that kind requires is pruned from
the module graph (https://go.dev/ref/mod#graph-pruning). Below an older one everything is read.
"""

import re
from dataclasses import dataclass
from typing import Final

from ..errors import GoError
from ..module import Version, canonical_version, check
from .file import File, Go, Require
from .rules import read_lax

# From this go version on a go.mod names everything that its packages need.
_PRUNING: Final = 17
_GO_VERSION: Final = re.compile(r"([0-9]+)\.([0-9]+)")
# More digits than any version has; Python converts no number of thousands.
_MOST_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Requirements:
    """
    What a go.mod requires.

    Attributes:
        is_pruned: Whether the go command leaves out what is required, where this is the go.mod of a dependency.
        versions: The first ones, in the order of the file, without those that can be of no module.
    """

    is_pruned: bool
    versions: tuple[Version, ...]


class _Some(list[Require]):
    """Keeps so many and no more."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def append(self, each: Require, /) -> None:
        if len(self) < self._most:
            super().append(each)


def requirements(data: bytes, most: int) -> Requirements:
    """
    Read what the go.mod of a dependency requires; nothing where Go would refuse the file.

    Args:
        data: The file.
        most: How many are of interest.
    """
    file = File(require=_Some(most))
    try:
        read_lax(data, file)
    except GoError:
        return Requirements(True, ())
    named = (Version(each.path, each.version) for each in file.require)
    return Requirements(is_pruned(file.go), tuple(each for each in named if _is_possible(each)))


def _is_possible(version: Version) -> bool:
    """Say whether there can be such a module version: authors may write anything between quotes."""
    try:
        check(*version)
    except GoError:
        return False
    return canonical_version(version.version) == version.version


def is_pruned(go: Go | None) -> bool:
    """
    Say whether a go.mod with this go directive names everything that its packages need.

    Args:
        go: The directive, None without one.
    """
    found = _GO_VERSION.match(go.version) if go else None
    if found is None:
        return False
    major, minor = (each.lstrip("0") for each in found.groups())
    if major != "1":
        return major != ""
    return len(minor) > _MOST_DIGITS or int(minor or "0") >= _PRUNING
