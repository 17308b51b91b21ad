"""Random access to the bytes of an archive, whether it is a path or an open file."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

Input = str | os.PathLike[str] | BinaryIO
"""An archive: the path of a file, or a binary file that can seek."""

_READ_AHEAD = 256 << 10
_NEAR = 64 << 10


class Source:
    """
    Reads at any offset, ahead when the reads go forward.

    Arguments: a binary file that can seek. Its position moves; it is not closed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0, io.SEEK_END)
        self.size = file.tell()
        self._start = 0
        self._buffer = b""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes at `offset`; fewer, or none, where the file has no more."""
        start = offset - self._start
        if start >= 0 and start + count <= len(self._buffer):
            return self._buffer[start : start + count]
        if not 0 <= offset < self.size or count <= 0:
            return b""
        # A jump reads only what was asked for: an archive whose entries are in some other order
        # must not make us read the file many times over.
        forward = 0 <= start <= len(self._buffer) + _NEAR
        self._buffer = self._read(offset, max(count, _READ_AHEAD) if forward else count)
        self._start = offset
        return self._buffer[:count]

    def read_some(self, offset: int, count: int) -> bytes:
        """Return one to `count` bytes at `offset`, what is at hand first; none at the end."""
        start = offset - self._start
        if 0 <= start < len(self._buffer):
            return self._buffer[start : start + count]
        return self.read_at(offset, count)

    def _read(self, offset: int, count: int) -> bytes:
        self._file.seek(offset)
        count = min(count, self.size - offset)
        data = self._file.read(count)
        if len(data) == count:
            return data
        parts = [data]
        count -= len(data)
        while data and count > 0:
            data = self._file.read(count)
            parts.append(data)
            count -= len(data)
        return b"".join(parts)


@contextmanager
def open_source(file: Input) -> Iterator[Source]:
    """
    Open a path, which is closed afterwards, or take an open file as it is.

    Raises OSError where the path cannot be opened or read.
    """
    if isinstance(file, str | os.PathLike):
        with open(file, "rb", buffering=0) as opened:
            yield Source(opened)
    else:
        yield Source(file)
