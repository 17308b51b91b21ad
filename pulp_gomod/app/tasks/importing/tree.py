"""The files of a tar, found by what they are and read wherever they lie."""

import io
import tarfile
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import IO, BinaryIO

from pulp_gomod.app.exceptions import ImportRefusedError
from pulp_gomod.app.tasks.importing.layout import (
    AboutPlace,
    Kind,
    ModulePlace,
    SumdbPlace,
    place_of,
)

# Files that a tar may have: where each lies is 300 to 600 bytes of memory.
MOST_FILES = 1_000_000
# Checksum databases that it may have: each module version is looked up in all of them.
MOST_DATABASES = 100
# Bytes that a header may have: names, and whatever else a program writes beside them.
MOST_HEADER = 1024 * 1024
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
        about: What a bundle says of itself; None if it is no bundle.
        ignored: How many files are nothing of these.
    """

    _file: BinaryIO
    modules: dict[Key, dict[Kind, Span]] = field(default_factory=dict)
    sumdbs: dict[str, dict[str, Span]] = field(default_factory=dict)
    about: Span | None = None
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
        ImportRefusedError: It is no tar, or a compressed one, or has too many files or checksum databases.
    """
    tree = Tree(file)
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        with tarfile.open(fileobj=_Headers(file), mode="r:") as tar:
            for count, member in enumerate(_members(tar), start=1):
                if count > MOST_FILES:
                    raise ImportRefusedError(f"the tar has more than {MOST_FILES} files")
                if member.size < 0 or member.offset_data + member.size > end:
                    raise ImportRefusedError("the tar is cut off, or says wrong sizes")
                _sort_in(tree, member)
                if len(tree.sumdbs) > MOST_DATABASES:
                    raise ImportRefusedError(
                        f"the tree has more than {MOST_DATABASES} checksum databases"
                    )
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        # tarfile has errors of its own for most of what may be wrong with a header, not for all.
        raise ImportRefusedError(f"it cannot be read as an uncompressed tar: {error}") from error
    return tree


class _Headers(io.RawIOBase):
    """
    A tar whose headers are read, whatever size they say that they have.

    tarfile reads long names and the like into memory as a whole.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """As RawIOBase."""
        if not 0 <= size <= MOST_HEADER:
            raise tarfile.ReadError(f"a header has more than {MOST_HEADER} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As RawIOBase."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As RawIOBase."""
        return self._file.tell()


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
        case AboutPlace():
            tree.about = span
        case None:
            tree.ignored += 1


class Parts(io.RawIOBase):
    """
    Files that are read as one: the chunks of an upload. One of them is open at a time.

    Args:
        openers: Open the files, in their order.
        sizes: Bytes of each.
    """

    def __init__(self, openers: Sequence[Callable[[], IO[bytes]]], sizes: Sequence[int]) -> None:
        self._openers = openers
        self._ends = list(accumulate(sizes))
        self._at = 0
        self._number = -1
        self._part: IO[bytes] | None = None

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
        number = bisect_right(self._ends, self._at)
        if number >= len(self._openers):
            return 0
        begin = self._ends[number - 1] if number else 0
        part = self._opened(number)
        part.seek(self._at - begin)
        data = part.read(min(len(buffer), self._ends[number] - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """As RawIOBase."""
        if self._part is not None:
            self._part.close()
            self._part = None
        super().close()

    def _opened(self, number: int) -> IO[bytes]:
        if self._part is None or number != self._number:
            if self._part is not None:
                self._part.close()
            self._part, self._number = self._openers[number](), number
        return self._part


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
