"""Reading a stored object piece by piece, without having all of it in memory."""

import contextlib
import threading
from typing import Any

from django.conf import settings

from pulp_gomod.app.db.round_robin import CLIENTS
from pulp_gomod.app.storage.calls import within
from pulp_gomod.app.storage.faults import DamagedFileError

# Bytes a second that a storage may be expected to bring at least, where all of an object has to come first.
_LEAST_RATE = 100_000


class ObjectReader:
    """
    A part of an object.

    Where the backend can, it is asked for this part alone and read as it comes; others bring the whole
    object to a temporary file first.

    Args:
        name: The object.
        size: Bytes that it should have.
    """

    def __init__(self, storage: Any, name: str, size: int) -> None:
        self._storage = storage
        self._name = name
        self._size = size
        # Only this backend can be asked for a part.
        self._is_s3 = hasattr(storage, "client_config") and hasattr(storage, "cloudfront_signer")
        self._left = 0
        self._file: Any = None
        self._lock = threading.Lock()
        self._is_reading = self._is_closed = False
        # What is sent later is for them, too.
        self._clients = CLIENTS.get()

    async def open(self, offset: int, count: int) -> None:
        """
        Begin to read.

        Args:
            offset: Where.
            count: How many bytes are wanted.

        Raises:
            StorageUnavailableError: The storage failed, or did not answer in time.
            DamagedFileError: It does not have the object, or not all of it.
        """
        self._left = count
        self._file = await self._within("opening a stored zip", self._open, offset, count)

    async def read(self, most: int) -> bytes:
        """
        Return the next bytes; none only where all were read.

        Args:
            most: How many at most.

        Raises:
            StorageUnavailableError: The storage failed, broke off, or did not answer in time.
        """
        wanted = min(most, self._left)
        if not wanted:
            return b""
        chunk: bytes = await self._within("reading a stored zip", self._read, wanted)
        self._left -= len(chunk)
        return chunk

    def open_here(self, offset: int, count: int) -> None:
        """As `open`, in the calling thread, which waits as long as the backend does."""
        self._left = count
        self._file = self._open(offset, count)

    def read_here(self, most: int) -> bytes:
        """As `read`, in the calling thread."""
        wanted = min(most, self._left)
        if not wanted:
            return b""
        chunk = self._read(wanted)
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        """End reading. A thread that still waits for the storage sees to it once it comes back."""
        with self._lock:
            self._is_closed = True
            if self._is_reading:
                return
        self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            with contextlib.suppress(Exception):
                self._file.close()

    async def _within(self, doing: str, call: Any, *args: Any) -> Any:
        seconds = float(settings.GOMOD_STORAGE_TIMEOUT)
        if not self._is_s3:
            seconds += self._size / _LEAST_RATE
        return await within(seconds, doing, call, *args, clients=self._clients)

    def _open(self, offset: int, count: int) -> Any:
        file = self._storage.open(self._name, "rb")
        if file.size != self._size:
            raise DamagedFileError(
                f"{self._name} does not have the {self._size} bytes that it should have"
            )
        if not self._is_s3 or self._storage.gzip:
            file.seek(offset)
            return file
        from s3transfer.constants import ALLOWED_DOWNLOAD_ARGS  # type: ignore[import-untyped]

        parameters = self._storage.get_object_parameters(self._name)
        allowed = {key: parameters[key] for key in parameters if key in ALLOWED_DOWNLOAD_ARGS}
        span = f"bytes={offset}-{offset + count - 1}"
        return file.obj.get(Range=span, **allowed)["Body"]

    def _read(self, wanted: int) -> bytes:
        with self._lock:
            if self._is_closed:
                return b""
            self._is_reading = True
        try:
            chunk: bytes = self._file.read(wanted)
        finally:
            with self._lock:
                self._is_reading = False
                is_closed = self._is_closed
            if is_closed:
                self._close_file()
        if not chunk:
            raise OSError(f"{self._name} was cut off with {self._left} bytes missing")
        return chunk
