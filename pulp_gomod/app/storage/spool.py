"""
Files that are being received: on disk, and without a name for as long as they need none.

So nothing is left of one when whoever sends it goes away, the disk fills up, or this process is killed.
"""

import errno
import os
import tempfile
import time
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Final
from uuid import uuid4

#: What the system says where nothing more can be written.
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

PREFIX: Final = "gomod-spool-"
# Seconds after which a file with a name is known to be left over from a process that was killed.
LEFT_OVER: Final = 24 * 3600.0


class DiskFull(OSError):
    """The file system has no room for what is received."""

    def __init__(self) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC))


class SpooledFile:
    """
    A file that is written from its beginning, and then read or moved to where it belongs.

    Attributes:
        raw: The file, unbuffered.
        size: Its bytes.

    Args:
        directory: Where it is.
        reserve: Bytes of the file system that it does not take: a database beside it stops when it cannot
            write.
        suffix: What its name ends with, if it gets one.
    """

    def __init__(
        self, directory: str | os.PathLike[str], reserve: int = 0, suffix: str = ""
    ) -> None:
        self._directory = os.fspath(directory)
        self._reserve = reserve
        self._suffix = suffix
        self._path: str | None = None
        self.size = 0
        descriptor = _open_nameless(self._directory)
        if descriptor is None:
            # Where the system knows no such files, it has its name from the beginning.
            descriptor, self._path = tempfile.mkstemp(suffix, PREFIX, self._directory)
        self.raw = FileIO(descriptor, "r+b")

    def write(self, data: bytes | bytearray) -> None:
        """
        Append to it.

        Args:
            data: What comes next.

        Raises:
            DiskFull: There is no room.
        """
        if self._reserve:
            check_room(self._directory, len(data), self._reserve)
        try:
            view = memoryview(data)
            while view:
                view = view[self.raw.write(view) :]
        except OSError as error:
            if error.errno in FULL:
                raise DiskFull from error
            raise
        self.size += len(data)

    def restart(self) -> None:
        """Forget what was written."""
        self.raw.seek(0)
        self.raw.truncate()
        self.size = 0

    def name(self) -> str:
        """Give it a name, under which others find it; return the path."""
        if self._path is None:
            path = os.path.join(self._directory, f"{PREFIX}{uuid4()}{self._suffix}")
            _give_name(self.raw.fileno(), path)
            self._path = path
        return self._path

    def close(self) -> None:
        """Close it; it is gone then, unless it was moved away. Calling it again does nothing."""
        if self._path is not None:
            with suppress(OSError):
                os.unlink(self._path)
        self.raw.close()


def check_room(directory: str | os.PathLike[str], size: int, reserve: int) -> None:
    """
    Check that a file system has room.

    Args:
        directory: A directory on it.
        size: Bytes that are to be written.
        reserve: Bytes that have to be left.

    Raises:
        DiskFull: It has not.
    """
    state = os.statvfs(directory)
    if state.f_bavail * state.f_frsize < size + reserve:
        raise DiskFull


def sweep(directory: str | os.PathLike[str]) -> None:
    """
    Remove what killed processes have left.

    Args:
        directory: Where files are received.
    """
    old = time.time() - LEFT_OVER
    for path in Path(directory).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if path.stat().st_mtime < old:
                path.unlink()


def _open_nameless(directory: str) -> int | None:
    """Open a file without a name that can be given one; None where that is not possible."""
    if not hasattr(os, "O_TMPFILE"):
        return None
    try:
        descriptor = os.open(directory, os.O_RDWR | os.O_TMPFILE, 0o600)
    except OSError:
        return None
    if os.path.exists(f"/proc/self/fd/{descriptor}"):
        return descriptor
    os.close(descriptor)
    return None


def _give_name(descriptor: int, path: str) -> None:
    directory, name = os.path.split(path)
    target = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Only with a descriptor for the directory does Python follow the link in /proc.
        os.link(f"/proc/self/fd/{descriptor}", name, dst_dir_fd=target, follow_symlinks=True)
    finally:
        os.close(target)
