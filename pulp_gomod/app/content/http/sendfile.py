"""Sending files, or parts of them, without reading them into memory."""

import asyncio
import logging
import os
import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Protocol

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from pulp_gomod.app.content.http.pace import Pace, cut_off
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.storage.faults import DamagedFileError, storage_calls

log = logging.getLogger(__name__)

# Bytes that are copied at once where the kernel cannot send the file itself.
CHUNK = 1024 * 1024
# Bytes of an object that are in memory for a client.
OBJECT_CHUNK = 256 * 1024
# Bytes whose sending is timed.
_AT_ONCE = 64 * 1024
# Milliseconds that a thread waits for a client to take more, and seconds that it sends to one before it has time for
# others: there are few threads, and a client may take a little all the time, for as long as it likes.
PATIENCE = 2
TURN = 0.02


class BrokenOff(ConnectionResetError):
    """
    What was begun cannot be finished: all that HTTP allows is to end the connection.

    aiohttp takes it for a client that has gone, and closes the connection without a word.
    """


class OpenedResponse(web.StreamResponse):
    """
    A response whose body comes from somewhere that may fail.

    It is opened before it is handed to aiohttp: until then something else can be answered.
    """

    async def open(self) -> None:
        """
        Make sure that the body can be sent, or at least begun.

        Raises:
            StorageUnavailableError: The storage failed, or did not answer in time.
            DamagedFileError: It does not have the file, or not all of it.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Give back what was opened; nothing is to be sent any more."""
        raise NotImplementedError


class FileResponse(OpenedResponse):
    """
    Sends a part of a file.

    aiohttp's own FileResponse takes the file's time and size for its validators; ours come from the
    checksum, so that every replica of the server says the same.

    Args:
        path: The file.
        offset: Where in it the part begins.
        count: Bytes of the part.
        status: The HTTP status.
        headers: All headers but the length.
    """

    def __init__(
        self, path: str, offset: int, count: int, status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(status=status, headers=headers)
        self._file_path = path
        self._offset = offset
        self._count = count
        self._file: IO[bytes] | None = None

    async def open(self) -> None:
        """Open the file; see `OpenedResponse.open`."""
        loop = asyncio.get_running_loop()
        with storage_calls("opening a stored zip"):
            self._file = await loop.run_in_executor(None, self._open)

    def _open(self) -> IO[bytes]:
        if os.stat(self._file_path).st_size < self._offset + self._count:
            raise DamagedFileError(f"{self._file_path} is shorter than it should be")
        return open(self._file_path, "rb")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers and the part of the file."""
        self.content_length = self._count
        if request.method == hdrs.METH_HEAD or not self._count or self._file is None:
            self.close()
            return await super().prepare(request)
        try:
            writer = await super().prepare(request)
            transport = request.transport
            if writer is None or transport is None:
                raise ConnectionResetError("the client is gone")
            part = _Part(self._file, self._offset, self._count)
            if transport.get_extra_info("sslcontext") or not hasattr(os, "sendfile"):
                await part.copy(writer)
            else:
                await part.send(transport, writer)
            await super().write_eof()
            return writer
        except ConnectionError:
            raise
        except OSError as error:
            log.error("A stored zip was sent only in part: %s", error)
            raise BrokenOff from error
        finally:
            await asyncio.get_running_loop().run_in_executor(None, self._file.close)


class Reader(Protocol):
    """What brings bytes piece by piece."""

    async def open(self, offset: int, count: int, /) -> None:
        """Begin to read `count` bytes from a place on."""

    async def read(self, most: int, /) -> bytes:
        """Return the next bytes; none only where all were read."""

    def close(self) -> None:
        """End reading."""


class ObjectResponse(OpenedResponse):
    """
    Sends a part of what comes piece by piece, such as an object of an object storage.

    Args:
        reader: What brings it, not opened yet.
        offset: Where in it the part begins.
        count: Bytes of the part.
        status: The HTTP status.
        headers: All headers but the length.
    """

    def __init__(
        self, reader: Reader, offset: int, count: int, status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(status=status, headers=headers)
        self._reader = reader
        self._offset = offset
        self._count = count
        self._first = b""

    async def open(self) -> None:
        """Ask for the object, and wait for its first bytes; see `OpenedResponse.open`."""
        try:
            await self._reader.open(self._offset, self._count)
            self._first = await self._reader.read(OBJECT_CHUNK)
        except BaseException:
            self._reader.close()
            raise

    def close(self) -> None:
        """End reading."""
        self._reader.close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers and the part of the object."""
        self.content_length = self._count
        try:
            writer = await super().prepare(request)
            if request.method == hdrs.METH_HEAD or not self._count:
                return writer
            pace = Pace()
            chunk, self._first = self._first, b""
            while chunk:
                await self._send(request, chunk, pace)
                chunk = await self._reader.read(OBJECT_CHUNK)
            await super().write_eof()
            return writer
        except (StorageUnavailableError, DamagedFileError) as error:
            # The log has it already.
            raise BrokenOff from error
        finally:
            self._reader.close()

    async def _send(self, request: web.BaseRequest, chunk: bytes, pace: Pace) -> None:
        """Send some bytes, as long as the client takes them at a least rate."""
        loop = asyncio.get_running_loop()
        for start in range(0, len(chunk), _AT_ONCE):
            piece = chunk[start : start + _AT_ONCE]
            begun = loop.time()
            try:
                async with asyncio.timeout(pace.left):
                    await self.write(piece)
            except TimeoutError:
                log.info("Disconnected a client that does not read what it is sent.")
                if request.transport is not None:
                    cut_off(request.transport)
                raise ConnectionResetError("the client reads too slowly") from None
            pace.note(loop.time() - begun, len(piece))


class _Part:
    """What is still to be sent of a file."""

    def __init__(self, file: IO[bytes], offset: int, count: int) -> None:
        self._file = file
        self._offset = offset
        self._end = offset + count

    async def send(self, transport: asyncio.Transport, writer: AbstractStreamWriter) -> None:
        """
        Let the kernel send it.

        uvloop has no sendfile of its own. Threads call it, since a file that has to be read from a slow
        disk would hold up everybody; none of them waits for a client that is slow itself.
        """
        with _all_written_at_once(transport):
            # What comes before has to have left.
            await writer.drain()
        loop = asyncio.get_running_loop()
        pace = Pace()
        with _socket_of(transport) as socket:
            while self._offset < self._end:
                count = self._end - self._offset
                call = loop.run_in_executor(
                    None, _send_while_taken, socket, self._file.fileno(), self._offset, count
                )
                try:
                    sent = await asyncio.shield(call)
                except asyncio.CancelledError:
                    # The descriptors may be closed, and used for something else, only after it.
                    await asyncio.wait((call,))
                    raise
                except EOFError:
                    raise self._too_short() from None
                self._offset += sent
                pace.note(0.0, sent)
                if sent < count:
                    await _wait_for_client(transport, socket, pace)

    async def copy(self, writer: AbstractStreamWriter) -> None:
        """Read the next piece while the last one is sent; both in memory, and no more."""
        loop = asyncio.get_running_loop()

        def read(offset: int) -> asyncio.Future[bytes]:
            count = min(CHUNK, self._end - offset)
            return loop.run_in_executor(None, os.pread, self._file.fileno(), count, offset)

        following = read(self._offset)
        while self._offset < self._end:
            chunk = await following
            if not chunk:
                raise self._too_short()
            self._offset += len(chunk)
            if self._offset < self._end:
                following = read(self._offset)
            await writer.write(chunk)

    def _too_short(self) -> OSError:
        return OSError(f"{self._file.name} is shorter than it should be")


def _send_while_taken(socket: int, file: int, offset: int, count: int) -> int:
    """
    Send a part of a file until all is sent, the client is slow or others have to have their turn.

    Returns:
        How many bytes it took.
    """
    end = time.monotonic() + TURN
    writable = select.poll()
    writable.register(socket, select.POLLOUT)
    sent = 0
    while sent < count and time.monotonic() < end:
        try:
            more = os.sendfile(socket, file, offset + sent, min(count - sent, CHUNK))
        except BlockingIOError:
            if not writable.poll(PATIENCE):
                break
        else:
            if not more:
                raise EOFError
            sent += more
    return sent


@contextmanager
def _all_written_at_once(transport: asyncio.Transport) -> Iterator[None]:
    """Let `drain` wait until nothing at all is left to be written."""
    transport.set_write_buffer_limits(high=0)
    try:
        yield
    finally:
        transport.set_write_buffer_limits()


@contextmanager
def _socket_of(transport: asyncio.Transport) -> Iterator[int]:
    """Give a descriptor of its own for the connection: an event loop wants to have its own alone."""
    socket = os.dup(transport.get_extra_info("socket").fileno())
    try:
        yield socket
    finally:
        os.close(socket)


async def _wait_for_client(transport: asyncio.Transport, socket: int, pace: Pace) -> None:
    """
    Wait until a client takes more, as long as it is not too slow.

    Raises:
        ConnectionResetError: It was, and is cut off.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with asyncio.timeout(pace.left):
            await _writable(loop, socket)
    except TimeoutError:
        log.info("Disconnected a client that does not read the file that it is sent.")
        cut_off(transport)
        raise ConnectionResetError("the client reads too slowly") from None
    pace.note(loop.time() - begun, 0)


async def _writable(loop: asyncio.AbstractEventLoop, socket: int) -> None:
    """Wait until a socket takes more, or is closed."""
    ready = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_writer(socket, tell)
    try:
        await ready
    finally:
        loop.remove_writer(socket)
