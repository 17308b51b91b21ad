"""A zip on its way from an upstream to the disk."""

import weakref

from django.conf import settings

from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.storage.spool import DiskFull, SpooledFile

# Bytes of the file system that no zip takes.
RESERVE = 64 * 1024 * 1024

_BUFFER = 1024 * 1024


class Spool:
    """
    One zip. Its file goes with the last reference to it.

    Attributes:
        path: Where it is, once it is complete.
        size: Its bytes.

    Args:
        threads: Where files are written.
    """

    binary = False

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._buffer = bytearray()
        self._file = SpooledFile(directory(), RESERVE, ".zip")
        self.path = ""
        self.size = 0
        self._end = weakref.finalize(self, self._file.close)

    async def start(self) -> None:
        """Begin anew."""
        self._buffer.clear()
        if self.size:
            await self._threads.write(self._file.restart)
        self.size = 0

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.size += len(chunk)
        self._buffer += chunk
        if len(self._buffer) >= _BUFFER:
            await self._flush()

    async def finish(self) -> None:
        """Bring everything to the file, and give it a name."""
        await self._flush()
        self.path = self._file.name()
        self._file.raw.close()

    def discard(self) -> None:
        """Let the file go at once: an error refers to what it came through, until the garbage collector comes to it."""
        self._end()

    async def _flush(self) -> None:
        full, self._buffer = self._buffer, bytearray()
        try:
            if full:
                await self._threads.write(self._file.write, full)
        except DiskFull:
            raise UpstreamFault("this server's disk is full", status=507) from None


def directory() -> str:
    """Return where zips are spooled: where a rename brings them to the file system's storage."""
    return str(settings.FILE_UPLOAD_TEMP_DIR or settings.WORKING_DIRECTORY)
