"""Reading stored zips in a thread that may wait, a piece at a time."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from pulp_gomod.app.storage.faults import DamagedFileError, storage_calls
from pulp_gomod.app.storage.objects import ObjectReader
from pulp_gomod.app.storage.stored_zip import StoredZip

PIECE = 256 * 1024
"""Bytes that are read at once."""
# Directories that are remembered: pulpcore has 256 of them in a domain.
_DIRECTORIES = 1024


class ZipReader:
    """
    Reads the zips of one storage.

    Args:
        storage: The storage, with an end to its patience (see `backends`).
    """

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        # Only file systems have paths.
        path: Callable[[str], str] = storage.path
        self._path: Callable[[str], str] | None = path
        try:
            path("x")
        except NotImplementedError:
            self._path = None
        # Where the directories of its files are: to find out takes Django longer than to read a small zip.
        self._directories: dict[str, str] = {}

    def _place(self, name: str) -> str:
        """Return where a file is in the file system."""
        assert self._path is not None
        directory, _, last = name.rpartition("/")
        if not directory or last in ("", ".", ".."):
            return self._path(name)
        known = self._directories.get(directory)
        if known is None:
            if len(self._directories) >= _DIRECTORIES:
                self._directories.clear()
            known = self._directories[directory] = self._path(directory)
        return f"{known}/{last}"

    def check(self, found: StoredZip) -> None:
        """
        See that a zip is there, where that costs nothing: in a file system.

        Args:
            found: The zip.

        Raises:
            DamagedFileError: It is lost, or is not as long as it should be.
            StorageUnavailableError: The storage failed.
        """
        if self._path is None:
            return
        with storage_calls("looking for a stored zip"):
            _check_size(os.stat(self._place(found.name)), found)

    def path(self, found: StoredZip) -> str | None:
        """
        Return where a zip is in the file system; None in other storages.

        Args:
            found: The zip.
        """
        return self._place(found.name) if self._path is not None else None

    def read(self, found: StoredZip, offset: int, count: int) -> Iterator[bytes]:
        """
        Read a part of a zip.

        Args:
            found: The zip.
            offset: Where the part begins.
            count: How many bytes it has.

        Raises:
            DamagedFileError: The zip is lost, or is not as long as it should be.
            StorageUnavailableError: The storage failed.
        """
        if self._path is None:
            yield from self._read_object(found, offset, count)
            return
        with storage_calls("reading a stored zip"):
            file = os.open(self._place(found.name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                _check_size(os.fstat(file), found)
                while count:
                    piece = os.pread(file, min(PIECE, count), offset)
                    if not piece:
                        raise DamagedFileError(f"{found.name} is shorter than it should be")
                    count -= len(piece)
                    offset += len(piece)
                    yield piece
            finally:
                os.close(file)

    @contextmanager
    def opened(self, found: StoredZip, spool_in: str) -> Iterator[int]:
        """
        Open a zip for a process of its own, as a file descriptor.

        Args:
            found: The zip.
            spool_in: The directory to which it is copied if it is in no file system.

        Raises:
            DamagedFileError: As of `read`, as is the other.
            StorageUnavailableError: The storage failed.
        """
        self.check(found)
        if self._path is not None:
            with storage_calls("opening a stored zip"):
                descriptor = os.open(self._place(found.name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
            return
        with tempfile.TemporaryFile(dir=spool_in) as file:
            for piece in self.read(found, 0, found.size):
                file.write(piece)
            file.flush()
            yield file.fileno()

    def _read_object(self, found: StoredZip, offset: int, count: int) -> Iterator[bytes]:
        reader = ObjectReader(self._storage, found.name, found.size)
        with closing(reader), storage_calls("reading a stored zip"):
            reader.open_here(offset, count)
            while piece := reader.read_here(PIECE):
                yield piece


def _check_size(status: os.stat_result, found: StoredZip) -> None:
    if status.st_size != found.size:
        raise DamagedFileError(f"{found.name} does not have {found.size} bytes")
