"""Rules about the names of files that several checks share."""

from .. import module
from ..quote import quote
from ..unicode import fold
from .report import ZipError

GO_MOD = "go.mod"
LICENSE = "LICENSE"

_MAX_DIRECTORIES = 1 << 18


def check_module(path: str, version: str) -> None:
    """
    Check that the version is canonical and fits the module path, as every zip needs.

    Raises GoError (from zip.CheckZip and module.Check).
    """
    canonical = module.canonical_version(version)
    if canonical != version:
        raise ZipError(f"version {quote(version)} is not canonical (should be {quote(canonical)})")
    module.check(path, version)


def is_clean(name: str) -> bool:
    """Report whether path.Clean of Go leaves the name as it is."""
    if "//" not in name and "/." not in name and name[:1] not in ("", ".", "/"):
        return not name.endswith("/")
    if name in (".", "/"):
        return True
    rooted = name.startswith("/")
    elements = name[1:].split("/") if rooted else name.split("/")
    if "" in elements or "." in elements:
        return False
    leading = 0
    while not rooted and leading < len(elements) and elements[leading] == "..":
        leading += 1
    return ".." not in elements[leading:]


class CollisionChecker:
    """
    Finds names that differ only in case and names that are both file and directory.

    Go folds every name and every parent directory of it into one map. Here the map is a tree with
    the same verdicts, so that long names cost their length and not its square.
    """

    def __init__(self) -> None:
        # Directories are numbered twice: by their exact path and by their folded path. The root
        # is 0 in both. Those whose own parents were all found right are not looked at again.
        self._exact: dict[tuple[int, str], int] = {}
        self._exact_paths: list[tuple[int, str]] = [(0, "")]
        self._folded: dict[tuple[int, str], int] = {}
        self._folded_of: list[int] = [0]
        self._right = bytearray(b"\x01")
        self._seen: dict[tuple[int, str], tuple[int, str, bool]] = {}
        self._known: dict[str, tuple[int, int]] = {"": (0, 0)}

    def check(self, path: str, is_dir: bool) -> None:
        """
        Take in one clean relative path, and its parents as directories.

        Raises ZipError where Go does: a collision when case is ignored, a file given twice, a path
        that is both a file and a directory; and for more directories than any module has.
        """
        parent, _, base = path.rpartition("/")
        place = self._known.get(parent)
        if place is not None:
            self._take(*place, base, is_dir)
            return
        directory = self._number(parent)
        place = directory, self._folded_of[directory]
        self._take(*place, base, is_dir)
        line = []
        while not self._right[directory]:
            line.append(directory)
            above, element = self._exact_paths[directory]
            self._take(above, self._folded_of[above], element, True)
            directory = above
        for number in line:
            self._right[number] = True
        self._known[parent] = place

    def _number(self, directory: str) -> int:
        """Return the exact number of a directory; it and its parents get numbers if need be."""
        number = 0
        elements = directory.split("/")
        known = self._exact.get
        for depth, element in enumerate(elements):
            found = known((number, element))
            if found is None:
                return self._add(number, elements[depth:])
            number = found
        return number

    def _add(self, number: int, elements: list[str]) -> int:
        folded = self._folded_of[number]
        for element in elements:
            key = (number, element)
            number = len(self._exact_paths)
            if number > _MAX_DIRECTORIES:
                raise ZipError(f"more than {_MAX_DIRECTORIES} directories")
            self._exact[key] = number
            self._exact_paths.append(key)
            folded = self._folded.setdefault((folded, fold(element)), len(self._folded) + 1)
            self._folded_of.append(folded)
            self._right.append(False)
        return number

    def _take(self, exact: int, folded: int, base: str, is_dir: bool) -> None:
        mine = (exact, base, is_dir)
        other = self._seen.setdefault((folded, fold(base)), mine)
        if other is mine:
            return
        if other[:2] != mine[:2]:
            raise ZipError(
                "case-insensitive file name collision: "
                f"{quote(self._path(*other[:2]))} and {quote(self._path(exact, base))}"
            )
        if other[2] != is_dir:
            raise ZipError(f"entry {quote(self._path(exact, base))} is both a file and a directory")
        if not is_dir:
            raise ZipError(f"multiple entries for file {quote(self._path(exact, base))}")

    def _path(self, directory: int, base: str) -> str:
        elements = [base]
        while directory:
            directory, element = self._exact_paths[directory]
            elements.append(element)
        return "/".join(reversed(elements))
