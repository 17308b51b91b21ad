"""Which module paths are a repository's own: no upstream is asked for them, nor for what is below them."""

from collections.abc import Iterable

from pulp_gomod.golang import GoError, module

_GOPKG_IN = "gopkg.in/"


def root_of(path: str) -> str:
    """Return a module path without its major version: all majors of a module have one owner."""
    try:
        return module.split_path_version(path).prefix
    except GoError:
        return path


class OwnPaths:
    """
    The paths of all modules that were ever published to one repository, without their major versions.

    They are the same if their revisions are.

    Attributes:
        revision: Changes whenever there is another path; b"" where there never was one.

    Args:
        revision: See above.
    """

    __slots__ = ("_paths", "revision")

    def __init__(self, revision: bytes = b"", paths: Iterable[str] = ()) -> None:
        self.revision = revision
        self._paths = frozenset(paths)

    def __eq__(self, other: object) -> bool:
        """Compare what they are, by their revisions."""
        return isinstance(other, OwnPaths) and self.revision == other.revision

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash(self.revision)

    def above(self, path: str) -> str:
        """
        Return the own path that a path is or is below; "" if it is not own.

        Args:
            path: A path that somebody asks for: a module path, or that of a package, which the go command
                tries as one.
        """
        if not self._paths:
            return ""
        end = len(path)
        while end > 0:
            if (found := self._own(path[:end])) is not None:
                return found
            end = path.rfind("/", 0, end)
        return ""

    def _own(self, path: str) -> str | None:
        if path in self._paths:
            return path
        # Elsewhere a major version is an element of the path, so that what is without it is above.
        if path.startswith(_GOPKG_IN) and (root := root_of(path)) in self._paths:
            return root
        return None


NONE = OwnPaths()
"""Of a repository to which nothing was ever published."""
