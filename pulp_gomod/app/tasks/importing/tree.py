"""The files of a tar, found by what they are and read wherever they lie."""

import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, BinaryIO

from pulp_gomod.app.exceptions import ImportRefusedError
from pulp_gomod.app.tasks.importing.layout import Kind, ModulePlace, SumdbPlace, place_of

# Files that a tree may have: each is a few hundred bytes of memory.
MOST_FILES = 4_000_000
# Bytes that a file may have which is read as a whole: the tiles of records are the largest.
MOST_SMALL = 16 * 1024 * 1024
CHUNK = 1024 * 1024

Key = tuple[str, str]
Span = tuple[int, int]


@dataclass
class Tree:
    """
    Where the files of a tree are within a tar.

    Attributes:
        modules: By path and version: for each file its first byte and how many it has.
        sumdbs: The same for the files of each checksum database, by their paths.
        ignored: How many files are of neither.
    """

    _file: BinaryIO
    modules: dict[Key, dict[Kind, Span]] = field(default_factory=dict)
    sumdbs: dict[str, dict[str, Span]] = field(default_factory=dict)
    ignored: int = 0

    def small(self, span: Span) -> bytes:
        """
        Read a small file.

        Args:
            span: Where it is.

        Raises:
            ImportRefusedError: It is too large to be one.
        """
        offset, size = span
        if size > MOST_SMALL:
            raise ImportRefusedError(f"a file of {size} bytes is too large to be what it is named")
        self._file.seek(offset)
        return self._file.read(size)

    def copy(self, span: Span, target: IO[bytes]) -> None:
        """
        Copy a file to a target.

        Args:
            span: Where it is.
            target: Open for writing.
        """
        offset, left = span
        self._file.seek(offset)
        while left > 0 and (chunk := self._file.read(min(left, CHUNK))):
            target.write(chunk)
            left -= len(chunk)


def open_tree(file: BinaryIO) -> Tree:
    """
    Find what a tar holds; only the names are read.

    Args:
        file: Open for reading, and seekable; it has to stay open.

    Raises:
        ImportRefusedError: It is no tar, or a compressed one, or has too many files.
    """
    tree = Tree(file)
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for count, member in enumerate(_members(tar), start=1):
                if count > MOST_FILES:
                    raise ImportRefusedError(f"the tar has more than {MOST_FILES} files")
                _sort_in(tree, member)
    except tarfile.TarError as error:
        raise ImportRefusedError(f"it cannot be read as an uncompressed tar: {error}") from error
    return tree


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        # It would remember all of them.
        tar.members = []  # type: ignore[attr-defined]
        # Links are nothing that a tree of modules needs.
        if member.isreg() and not member.issparse():
            yield member


def _sort_in(tree: Tree, member: tarfile.TarInfo) -> None:
    span = (member.offset_data, member.size)
    match place_of(member.name):
        case ModulePlace(path, version, kind):
            tree.modules.setdefault((path, version), {})[kind] = span
        case SumdbPlace(name, path):
            tree.sumdbs.setdefault(name, {})[path] = span
        case None:
            tree.ignored += 1


class Parts(io.RawIOBase):
    """
    Files that are read as one: the chunks of an upload.

    Args:
        parts: The files, in their order; each is opened when it is read.
        sizes: Bytes of each.
    """

    def __init__(self, parts: Sequence[IO[bytes]], sizes: Sequence[int]) -> None:
        self._parts = parts
        self._ends: list[int] = []
        for size in sizes:
            self._ends.append((self._ends[-1] if self._ends else 0) + size)
        self._at = 0

    def readable(self) -> bool:
        """As RawIOBase."""
        return True

    def seekable(self) -> bool:
        """As RawIOBase."""
        return True

    def tell(self) -> int:
        """As RawIOBase."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As RawIOBase."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}
        self._at = start.get(whence, self._ends[-1] if self._ends else 0) + offset
        return self._at

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """As RawIOBase."""
        from bisect import bisect_right

        number = bisect_right(self._ends, self._at)
        if number >= len(self._parts):
            return 0
        begin = self._ends[number - 1] if number else 0
        part = self._parts[number]
        part.seek(self._at - begin)
        data = part.read(min(len(buffer), self._ends[number] - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def widest(tiles: Mapping[str, Span], path: str) -> str | None:
    """
    Return the path of the widest tile that a tree has at a place; None if it has none there.

    Args:
        tiles: The files of a checksum database.
        path: That of the full tile.
    """
    if path in tiles:
        return path
    return next((name for w in range(255, 0, -1) if (name := f"{path}.p/{w}") in tiles), None)
