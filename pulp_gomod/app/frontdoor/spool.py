"""Receiving a request body: in memory while it is small, in a file without a name beyond that."""

import asyncio
import errno
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from aiohttp import StreamReader

#: Bytes of one body that are held in memory before they go to the file.
MEMORY = 1024 * 1024

#: Bytes of the file system that no body takes: a database beside it stops when it cannot write.
DISK_RESERVE = 32 * 1024 * 1024

_READ_SIZE = 256 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class BodyTooLarge(Exception):
    """The body is longer than the caller takes."""


class DiskFull(Exception):
    """The file system has no room for the body."""


class BodyStalled(Exception):
    """The client sent nothing for too long."""


class Spool:
    """One request body.

    The file has no name (O_TMPFILE where the kernel has it), so that nothing is left of it when the
    client goes away, the disk fills up, or this process is killed.

    Args:
        directory: Where the file goes.
        limit: The largest body taken, in bytes.
        stall: The longest silence of the client, in seconds.
    """

    def __init__(self, directory: Path, limit: int, stall: float) -> None:
        self.size = 0
        self._directory = directory
        self._limit = limit
        self._stall = stall
        self._memory = bytearray()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def announce(self, length: int) -> None:
        """Refuse a body by its announced length, in bytes, before any of it is read.

        Raises:
            BodyTooLarge: It would be longer than the limit.
            DiskFull: It would not fit on the file system.
        """
        if length > self._limit:
            raise BodyTooLarge
        if length > MEMORY:
            self._check_room(length)

    async def receive(self, body: StreamReader) -> None:
        """Read the body to its end.

        Raises:
            BodyTooLarge: It is longer than the limit.
            DiskFull: The file system is full.
            BodyStalled: The client sent nothing for too long.
        """
        while chunk := await self._next(body):
            self.size += len(chunk)
            if self.size > self._limit:
                raise BodyTooLarge
            self._memory += chunk
            if len(self._memory) > MEMORY:
                await self._flush()
        if self._file is not None:
            await self._flush()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The whole body, from its beginning."""
        if self._file is None:
            yield bytes(self._memory)
            return
        await asyncio.to_thread(self._file.seek, 0)
        while chunk := await asyncio.to_thread(self._file.read, _READ_SIZE):
            yield chunk

    async def _next(self, body: StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._stall):
                return await body.readany()
        except TimeoutError:
            raise BodyStalled from None

    async def _flush(self) -> None:
        full, self._memory = self._memory, bytearray()
        # In a thread: a slow disk makes the writer wait, and others are being served meanwhile.
        await asyncio.to_thread(self._write, full)

    def _write(self, data: bytearray) -> None:
        self._check_room(len(data))
        try:
            if self._file is None:
                # Closed in __exit__.
                self._file = tempfile.TemporaryFile(dir=self._directory, buffering=0)  # noqa: SIM115
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            if error.errno in _FULL:
                raise DiskFull from error
            raise

    def _check_room(self, length: int) -> None:
        state = os.statvfs(self._directory)
        if state.f_bavail * state.f_frsize < length + DISK_RESERVE:
            raise DiskFull
