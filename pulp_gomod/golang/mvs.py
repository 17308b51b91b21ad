"""
The module graph of a main module, or of several in a workspace, and what minimal version selection chooses of it.

Reads go.mod files as the go command does (readModGraph of cmd/go/internal/modload): all that are
required in turn, but not what is pruned from the graph since Go 1.17. Fetching them is somebody else's
work: the graph says which it needs, and is told what they hold.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from . import module, semver
from .modfile import File
from .modfile.loading import is_pruned
from .module import Version
from .workspace import Workspace, members_of

__all__ = ["Graph"]


@dataclass(frozen=True, slots=True)
class _Summary:
    """What the graph needs to know of a go.mod."""

    is_pruned: bool
    requires: tuple[Version, ...]


# Of a directory nothing can be known here.
_NOTHING: Final = _Summary(True, ())


class _Mode(Enum):
    """How far what is required is followed."""

    PRUNED = "as far as go.mod files name everything"
    UNPRUNED = "all the way"
    WORKSPACE = "one step further than pruned"


class Graph:
    """
    The graph below one go.mod, or those of a workspace.

    All versions that it gives are those to fetch: what the main module replaces by another module is
    that other module, and what it replaces by a directory is left out.

    Args:
        main: The go.mod of the main module, read by `modfile.parse`, or a workspace.

    Raises:
        GoError: Replacements in a workspace contradict each other.
    """

    def __init__(self, main: File | Workspace) -> None:
        members = list(members_of(main))
        self._is_workspace = isinstance(main, Workspace)
        self._mains = {each.module.path for each in members if each.module}
        self._excluded = {(each.path, each.version) for one in members for each in one.exclude}
        if isinstance(main, Workspace):
            self._replaced = main.replacements()
        else:
            self._replaced = {each.old: each.new for each in main.replace}
        self._selected: dict[str, str] = {}
        self._summaries: dict[Version, _Summary] = {}
        self._waiting: dict[Version, list[tuple[Version, _Mode]]] = {}
        self._seen: set[tuple[Version, _Mode]] = set()
        self._todo: list[tuple[Version, _Mode]] = []
        self._count = 0
        self._own = [self._summarize(each) for each in members]
        # Of a workspace: the modules whose requirements are followed as they are selected.
        self._followed: dict[Version, None] = {}
        self._is_pruned = len(self._own) == 1 and self._own[0].is_pruned
        self._roots = {
            root: _Mode.PRUNED if own.is_pruned else _Mode.UNPRUNED
            for own in sorted(self._own, key=lambda each: not each.is_pruned)
            for root in own.requires
        }
        self._begin()

    @property
    def size(self) -> int:
        """How many modules, go.mod files and requirements are known to belong to the graph."""
        return len(self._selected) + len(self._waiting) + self._count

    def missing(self) -> list[Version]:
        """Return the versions whose go.mod files have to be read next; none when all are."""
        while not self._waiting and self._goes_on():
            pass
        return list(self._waiting)

    def read(self, version: Version, file: File) -> None:
        """
        Take the go.mod of a version, one of `missing`.

        Args:
            file: Its go.mod, read by `modfile.parse_lax`.
        """
        summary = self._summaries[version] = self._summarize(file)
        self._count += 1 + len(summary.requires)
        self._todo += self._waiting.pop(version)
        self._expand()

    def skip(self, version: Version) -> None:
        """Go on without the go.mod of a version, one of `missing`, as if it required nothing."""
        self._summaries[version] = _NOTHING
        del self._waiting[version]

    def visited(self) -> list[Version]:
        """Return the versions whose go.mod files belong to the graph, sorted."""
        return module.sort(list(self._summaries))

    def build_list(self) -> list[Version]:
        """Return the versions that are chosen, one of each module, sorted; see the class."""
        chosen = {self._actual(Version(*each)) for each in self._selected.items()}
        return module.sort([version for version in chosen if version is not None])

    def _begin(self) -> None:
        self._selected.clear()
        self._seen.clear()
        for root, mode in self._roots.items():
            self._select(root)
            self._enqueue(root, mode)
        self._expand()

    def _goes_on(self) -> bool:
        """Go on where all that was waited for has been read; say whether there is anything to do."""
        if self._is_workspace:
            return self._follow()
        if self._raise_roots():
            self._begin()
            return True
        return False

    def _follow(self) -> bool:
        """
        Follow what modules of a workspace require, where something newer is selected.

        What that requires in turn may be needed by packages, too (readModGraph, "Reload any dependencies").
        """
        required = [each for own in self._own for each in own.requires]
        newer: dict[Version, None] = {}
        for path in dict.fromkeys(each.path for each in self._followed):
            version = Version(path, self._selected[path])
            actual = self._actual(version)
            if version not in self._followed:
                newer[version] = None
            elif actual is not None:
                required += self._summaries[actual].requires
        for path, lowest in required:
            selected = self._selected.get(path, lowest)
            if selected != lowest and Version(path, selected) not in self._followed:
                newer[Version(path, selected)] = None
        self._followed |= newer
        for version in newer:
            self._enqueue(version, _Mode.WORKSPACE)
        self._expand()
        return bool(newer)

    def _raise_roots(self) -> bool:
        """
        Say whether some requirements of the main module are below what is chosen now.

        What the chosen versions require may have been pruned so far (expandGraph of modload).
        """
        chosen = (Version(v.path, self._selected.get(v.path, v.version)) for v in self._roots)
        raised = dict.fromkeys(chosen, _Mode.PRUNED)
        if not self._is_pruned or raised == self._roots:
            return False
        self._roots = raised
        return True

    def _summarize(self, file: File) -> _Summary:
        required = (Version(each.path, each.version) for each in file.require)
        return _Summary(is_pruned(file.go), tuple(v for v in required if v not in self._excluded))

    def _actual(self, version: Version) -> Version | None:
        """Return what is fetched in place of a version; None for a directory."""
        new = self._replaced.get(version) or self._replaced.get(Version(version.path)) or version
        return new if new.version else None

    def _select(self, version: Version) -> None:
        # The main module itself is newer than any version of it.
        if version.path in self._mains:
            return
        held = self._selected.get(version.path)
        if held is None or semver.compare(version.version, held) > 0:
            self._selected[version.path] = version.version

    def _enqueue(self, version: Version, mode: _Mode) -> None:
        if (version, mode) in self._seen:
            return
        self._seen.add((version, mode))
        actual = self._actual(version)
        if actual is None:
            return
        if actual in self._summaries:
            self._todo.append((version, mode))
        else:
            self._waiting.setdefault(actual, []).append((version, mode))

    def _expand(self) -> None:
        """Follow the requirements of all versions whose go.mod has been read."""
        while self._todo:
            version, mode = self._todo.pop()
            actual = self._actual(version)
            assert actual is not None
            summary = self._summaries[actual]
            is_pruned = summary.is_pruned and mode is not _Mode.UNPRUNED
            for required in summary.requires:
                self._select(required)
                if mode is not _Mode.PRUNED or not is_pruned:
                    self._enqueue(required, _Mode.PRUNED if is_pruned else _Mode.UNPRUNED)
