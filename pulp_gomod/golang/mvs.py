"""
The module graph of a main module, and what minimal version selection chooses of it.

Reads go.mod files as the go command does (readModGraph of cmd/go/internal/modload): all that are
required in turn, but not what is pruned from the graph since Go 1.17. Fetching them is somebody else's
work: the graph says which it needs, and is told what they hold.
"""

from dataclasses import dataclass
from typing import Final

from . import module, semver
from .modfile import File
from .modfile.loading import is_pruned
from .module import Version

__all__ = ["Graph"]


@dataclass(frozen=True, slots=True)
class _Summary:
    """What the graph needs to know of a go.mod."""

    is_pruned: bool
    requires: tuple[Version, ...]


# Of a directory nothing can be known here.
_NOTHING: Final = _Summary(True, ())


class Graph:
    """
    The graph below one go.mod.

    All versions that it gives are those to fetch: what the main module replaces by another module is
    that other module, and what it replaces by a directory is left out.

    Args:
        main: The go.mod of the main module, read by `modfile.parse`.
    """

    def __init__(self, main: File) -> None:
        self._main = main.module.path if main.module else ""
        self._excluded = {(each.path, each.version) for each in main.exclude}
        self._replaced = {each.old: each.new for each in main.replace}
        self._selected: dict[str, str] = {}
        self._summaries: dict[Version, _Summary] = {}
        self._waiting: dict[Version, list[tuple[Version, bool]]] = {}
        self._seen: set[tuple[Version, bool]] = set()
        self._todo: list[tuple[Version, bool]] = []
        self._count = 0
        own = self._summarize(main)
        self._is_pruned = own.is_pruned
        self._roots = dict.fromkeys(own.requires)
        self._begin()

    @property
    def size(self) -> int:
        """How many modules, go.mod files and requirements are known to belong to the graph."""
        return len(self._selected) + len(self._waiting) + self._count

    def missing(self) -> list[Version]:
        """Return the versions whose go.mod files have to be read next; none when all are."""
        while not self._waiting and self._raise_roots():
            self._begin()
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
        for root in self._roots:
            self._select(root)
            self._enqueue(root, self._is_pruned)
        self._expand()

    def _raise_roots(self) -> bool:
        """
        Say whether some requirements of the main module are below what is chosen now.

        What the chosen versions require may have been pruned so far (expandGraph of modload).
        """
        chosen = (Version(v.path, self._selected.get(v.path, v.version)) for v in self._roots)
        raised = dict.fromkeys(chosen)
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
        if version.path == self._main:
            return
        held = self._selected.get(version.path)
        if held is None or semver.compare(version.version, held) > 0:
            self._selected[version.path] = version.version

    def _enqueue(self, version: Version, is_pruned: bool) -> None:
        if (version, is_pruned) in self._seen:
            return
        self._seen.add((version, is_pruned))
        actual = self._actual(version)
        if actual is None:
            return
        if actual in self._summaries:
            self._todo.append((version, is_pruned))
        else:
            self._waiting.setdefault(actual, []).append((version, is_pruned))

    def _expand(self) -> None:
        """Follow the requirements of all versions whose go.mod has been read."""
        while self._todo:
            version, is_pruned = self._todo.pop()
            actual = self._actual(version)
            assert actual is not None
            summary = self._summaries[actual]
            for required in summary.requires:
                self._select(required)
                if not (is_pruned and summary.is_pruned):
                    self._enqueue(required, is_pruned and summary.is_pruned)
