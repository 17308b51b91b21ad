"""A zip on its way: on disk, with a name only for as long as somebody needs it."""

import errno
import os
import tempfile
import time
import weakref
from contextlib import suppress
from io import FileIO
from pathlib import Path

from django.conf import settings

from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.threads import Threads

PREFIX = "gomod-upstream-"
# Bytes of the file system that no zip takes: a database beside it stops when it cannot write.
RESERVE = 64 * 1024 * 1024
# Seconds after which a file is known to be left over from a process that was killed.
LEFT_OVER = 24 * 3600.0

_BUFFER = 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Spool:
    """One zip. Its file goes with the last reference to it."""

    binary = False

    def __init__(self, threads: Threads) -> None:
        """
        Args:
            threads: Where files are written.
        """
        self._threads = threads
        self._buffer = bytearray()
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=".zip", dir=directory())
        self._file = FileIO(descriptor, "wb")
        self.path = name
        self.size = 0
        weakref.finalize(self, _remove, name, self._file)

    async def start(self) -> None:
        """Begin anew."""
        self._buffer.clear()
        if self.size:
            await self._threads.write(self._file.truncate, 0)
            await self._threads.write(self._file.seek, 0)
        self.size = 0

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.size += len(chunk)
        self._buffer += chunk
        if len(self._buffer) >= _BUFFER:
            await self._flush()

    async def finish(self) -> None:
        """Bring everything to the file."""
        await self._flush()
        self._file.close()

    async def _flush(self) -> None:
        full, self._buffer = self._buffer, bytearray()
        if not full:
            return
        try:
            await self._threads.write(_write_all, self._file, full)
        except OSError as error:
            if error.errno in _FULL:
                raise UpstreamFault("this server's disk is full", status=507) from None
            raise


def directory() -> str:
    """Return where zips are spooled: where a rename brings them to the file system's storage."""
    return str(settings.FILE_UPLOAD_TEMP_DIR or settings.WORKING_DIRECTORY)


def sweep() -> None:
    """Remove what killed processes have left."""
    old = time.time() - LEFT_OVER
    for path in Path(directory()).glob(f"{PREFIX}*"):
        try:
            if path.stat().st_mtime < old:
                path.unlink()
        except OSError:
            continue


def _write_all(file: FileIO, data: bytearray) -> None:
    state = os.statvfs(file.fileno())
    if state.f_bavail * state.f_frsize < len(data) + RESERVE:
        raise OSError(errno.ENOSPC, "no space left for what the upstream sends")
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _remove(name: str, file: FileIO) -> None:
    file.close()
    with suppress(OSError):
        os.unlink(name)
