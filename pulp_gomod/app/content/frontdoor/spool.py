"""Receiving a body: in memory while it is small, in a file without a name beyond that."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import StreamReader

from pulp_gomod.app.content.frontdoor.budget import Budget
from pulp_gomod.app.content.http.pace import WINDOW, Pace
from pulp_gomod.app.storage.spool import SpooledFile, check_room

#: Bytes of one body that are held in memory before they go to the file.
MEMORY = 1024 * 1024

#: Bytes of the file system that no body takes: a database beside it stops when it cannot write.
DISK_RESERVE = 32 * 1024 * 1024

#: Bytes of memory that all bodies of a process may hold together.
ALL_MEMORY = 128 * 1024 * 1024

_READ_SIZE = 256 * 1024


class BodyTooLarge(Exception):
    """The body is longer than the caller takes."""


class BodyStalled(Exception):
    """The client sent too little for too long."""


class NoRoom(Exception):
    """Other bodies hold all that bodies may hold together."""


@dataclass(frozen=True)
class Bounds:
    """
    What bodies may take.

    Attributes:
        directory: Where the files go.
        limit: The largest body, in bytes.
        total: Bytes that the files of all bodies may have together.
        timeout: Seconds that a body may take to come.
        window: Seconds within which some of a body has to come, see `Pace`.
        memory: What all bodies may hold in memory.
        disk: What all bodies may hold on disk.
    """

    directory: Path
    limit: int
    total: int = 2 * 1024**3
    timeout: float = 3600.0
    window: float = WINDOW
    memory: Budget = field(init=False)
    disk: Budget = field(init=False)

    def __post_init__(self) -> None:
        # More than MEMORY: a part of a body comes before it is written.
        object.__setattr__(self, "memory", Budget(ALL_MEMORY, 2 * MEMORY))
        object.__setattr__(self, "disk", Budget(self.total, self.limit))


class Spool:
    """
    One body, of a request or of the answer to one.

    Args:
        bounds: What it may take, with all others.
        client: Who sends it, or is to have it, as `client_key` says.
        limit: The largest body taken, in bytes, if that is less than the bounds say.
    """

    def __init__(self, bounds: Bounds, client: str = "", limit: int | None = None) -> None:
        self.size = 0
        self._bounds = bounds
        self._client = client
        self.limit = bounds.limit if limit is None else limit
        self._memory = bytearray()
        self._file: SpooledFile | None = None
        # What the budgets were asked for.
        self._memory_taken = 0
        self._disk_taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the body; calling it again does nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._memory = bytearray()
        self._bounds.memory.give_back(self._client, self._memory_taken)
        self._bounds.disk.give_back(self._client, self._disk_taken)
        self._memory_taken = self._disk_taken = 0

    def announce(self, length: int) -> None:
        """
        Refuse a body by its announced length, in bytes, before any of it is read.

        Raises:
            BodyTooLarge: It would be longer than the limit.
            DiskFull: It would not fit on the file system.
            NoRoom: Others have taken what it would need.
        """
        if length > self.limit:
            raise BodyTooLarge
        if length > MEMORY:
            check_room(self._bounds.directory, length, DISK_RESERVE)
            self._take_disk(length)

    async def receive(self, body: StreamReader) -> None:
        """
        Read the body to its end.

        Raises:
            BodyTooLarge: It is longer than the limit.
            DiskFull: The file system is full.
            NoRoom: Others have taken what it needs.
            BodyStalled: The client sent too little for too long.
        """
        try:
            async with asyncio.timeout(self._bounds.timeout):
                await self._receive(body)
        except TimeoutError:
            raise BodyStalled(
                f"The body took longer than {self._bounds.timeout:.0f} seconds."
            ) from None

    async def take(self, chunk: bytes) -> None:
        """
        Append what has come.

        Raises:
            BodyTooLarge: The body would be longer than the limit; what came before is there, as with the others.
            DiskFull: The file system is full.
            NoRoom: Others have taken what it needs.
        """
        if self.size + len(chunk) > self.limit:
            raise BodyTooLarge
        most = MEMORY if self._file is None else _READ_SIZE
        if self._memory and len(self._memory) + len(chunk) > most:
            await self._flush()
        self._take_memory(len(chunk))
        self._memory += chunk
        self.size += len(chunk)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The whole body, from its beginning."""
        if self._file is not None:
            left = self._file.size
            await asyncio.to_thread(self._file.raw.seek, 0)
            while left and (
                chunk := await asyncio.to_thread(self._file.raw.read, min(left, _READ_SIZE))
            ):
                left -= len(chunk)
                yield chunk
        if self._memory:
            yield bytes(self._memory)

    async def _receive(self, body: StreamReader) -> None:
        pace = Pace(self._bounds.window)
        while chunk := await self._next(body, pace):
            await self.take(chunk)
        if self._memory and (self._file is not None or len(self._memory) > MEMORY):
            await self._flush()

    async def _next(self, body: StreamReader, pace: Pace) -> bytes:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(pace.left):
                chunk = await body.readany()
        except TimeoutError:
            raise BodyStalled(
                f"Less than {pace.least} bytes of the body came within {pace.window:.0f} seconds."
            ) from None
        pace.note(loop.time() - begun, len(chunk))
        return chunk

    def _take_memory(self, size: int) -> None:
        if not self._bounds.memory.take(self._client, size):
            raise NoRoom
        self._memory_taken += size

    def _take_disk(self, size: int) -> None:
        """Have room on disk for so many bytes in all."""
        more = size - self._disk_taken
        if more <= 0:
            return
        if not self._bounds.disk.take(self._client, more):
            raise NoRoom
        self._disk_taken = size

    async def _flush(self) -> None:
        self._take_disk(self.size)
        # In a thread: a slow disk makes the writer wait, and others are being served meanwhile.
        await asyncio.to_thread(self._write, self._memory)
        self._memory = bytearray()
        self._bounds.memory.give_back(self._client, self._memory_taken)
        self._memory_taken = 0

    def _write(self, data: bytearray) -> None:
        if self._file is None:
            self._file = SpooledFile(self._bounds.directory, DISK_RESERVE)
        self._file.write(data)
