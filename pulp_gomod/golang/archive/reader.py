"""The archive itself: its entries, and their content with sizes and checksums enforced."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from .errors import (
    AlgorithmError,
    ArchiveError,
    ChecksumError,
    CorruptInputError,
    DirectoryTooLargeError,
    FormatError,
    UnexpectedEOFError,
)
from .records import (
    DEFLATED,
    HEADER,
    MAX_UINT16,
    STORED,
    Entry,
    parse_header,
    read_directory_end,
    to_int64,
    variable_length,
)
from .source import Input, Source, open_source

MAX_DIRECTORY_SIZE = 32 << 20
"""Bytes of central directory that we read: names, and 46 bytes for each of them.

Go has no such limit, it reads whatever 500 MiB of archive hold. The largest modules known have a
few MiB; with this limit the memory for an archive is bounded whatever it claims.
"""

_CHUNK = 256 << 10
HAS_DATA_DESCRIPTOR = 0x8
DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
_SIGNED_DESCRIPTOR = 16
_LOCAL = struct.Struct("<4s5H3I2H")


class LocalHeader(NamedTuple):
    """The header that stands before the content: the raw name and where the content begins."""

    name: bytes
    body_offset: int


class Archive:
    """
    A zip archive that Go opens.

    Arguments: where its bytes are. Raises FormatError or UnexpectedEOFError where Go's
    zip.NewReader fails at the end record; a wrong directory is found while `entries` reads it.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.end = read_directory_end(source)
        self.directory_end = self.end.directory_offset
        """Where the central directory was found to end, once `entries` has read it."""
        self._stopped_by: type[ArchiveError] = FormatError

    def entries(self) -> Iterator[Entry]:
        """
        Yield the entries in the order of the central directory.

        As in Go the directory goes on until something else than a header comes, and then the
        number of entries must be the declared one in its lower 16 bits.

        Raises FormatError or UnexpectedEOFError, after the last entry, where Go's zip.NewReader
        does not open the archive, and DirectoryTooLargeError.
        """
        count = 0
        for entry in self._headers():
            count += 1
            yield entry
        if count & MAX_UINT16 != self.end.records & MAX_UINT16:
            raise self._stopped_by(
                f"the archive announces {self.end.records} entries, its directory has {count}"
            )

    def _headers(self) -> Iterator[Entry]:
        source, base = self.source, self.end.base_offset
        at = self.end.directory_offset
        limit = at + MAX_DIRECTORY_SIZE
        while True:
            head = source.read_at(at, HEADER.size)
            if not head:
                raise UnexpectedEOFError("the central directory runs to the end of the file")
            length = variable_length(head)
            if length is None:
                if len(head) < HEADER.size:
                    self._stopped_by = UnexpectedEOFError
                break
            rest = source.read_at(at + HEADER.size, length)
            if length and not rest:
                raise UnexpectedEOFError("the central directory runs to the end of the file")
            if len(rest) < length:
                self._stopped_by = UnexpectedEOFError
                break
            entry = parse_header(head, rest)
            if entry is None:
                break
            at += HEADER.size + length
            if at > limit:
                raise DirectoryTooLargeError(f"more than {MAX_DIRECTORY_SIZE} bytes")
            yield entry._replace(header_offset=entry.header_offset + base) if base else entry
        self.directory_end = at

    def local_header(self, entry: Entry) -> LocalHeader:
        """
        Read the header that stands before the content of an entry (findBodyOffset).

        Raises FormatError where none stands there, UnexpectedEOFError where the file has ended.
        """
        head = self.source.read_at(entry.header_offset, _LOCAL.size)
        if len(head) < _LOCAL.size:
            raise UnexpectedEOFError("its header is outside of the file", entry=entry.name)
        signature, *_, name_length, extra_length = _LOCAL.unpack(head)
        if signature != b"PK\x03\x04":
            raise FormatError("there is no header where the directory says", entry=entry.name)
        start = entry.header_offset + _LOCAL.size
        name = self.source.read_at(start, name_length)
        return LocalHeader(name, start + name_length + extra_length)

    def chunks(
        self, entry: Entry, body_offset: int | None = None, *, crc_required: bool = False
    ) -> Iterator[bytes]:
        """
        Yield the content of an entry piece by piece, verifying it (File.Open and its reader).

        No more than one piece (256 KiB) beyond the declared size is ever decompressed.

        Arguments: an entry of this archive; where its content begins, if that is known; whether a
        checksum must be recorded. To Go a zero without a data descriptor means that there is none.

        Raises ArchiveError where Go cannot read the content: an unknown method, broken compressed
        data, another size than declared, another checksum.
        """
        if body_offset is None:
            body_offset = self.local_header(entry).body_offset
        if entry.is_dir:
            if entry.uncompressed_size:
                raise FormatError("a directory with content", entry=entry.name)
            return
        size = to_int64(entry.compressed_size)
        # To Go's section reader a negative size means no limit.
        end = min(body_offset + size, self.source.size) if size >= 0 else self.source.size
        if entry.method == STORED:
            pieces: Iterable[bytes] = self._read(body_offset, end)
        elif entry.method == DEFLATED:
            pieces = self._inflate_at_once(entry, body_offset, end) or self._inflate(
                entry, self._read(body_offset, end)
            )
        else:
            raise AlgorithmError(f"method {entry.method}", entry=entry.name)
        crc, count = 0, 0
        for piece in pieces:
            count += len(piece)
            if count > entry.uncompressed_size:
                raise FormatError("the content is larger than declared", entry=entry.name)
            crc = zlib.crc32(piece, crc)
            yield piece
        if count != entry.uncompressed_size:
            raise UnexpectedEOFError("the content is smaller than declared", entry=entry.name)
        self._check_crc(entry, crc, body_offset + size, crc_required)

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            data = self.source.read_some(start, min(_CHUNK, end - start))
            if not data:
                return
            start += len(data)
            yield data

    def _inflate_at_once(self, entry: Entry, start: int, end: int) -> tuple[bytes, ...]:
        """
        Return the content of a small entry, as most are, in one piece.

        Nothing is returned of what is large, empty or in any way not as it should be: to say what is wrong
        is left to those who read piece by piece.
        """
        size = entry.uncompressed_size
        if end - start > _CHUNK or size > _CHUNK:
            return ()
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = stream.decompress(self.source.read_at(start, end - start), size + 1)
        except zlib.error:
            return ()
        return (content,) if content and stream.eof and len(content) == size else ()

    def _inflate(self, entry: Entry, pieces: Iterator[bytes]) -> Iterator[bytes]:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            while not stream.eof:
                data = stream.unconsumed_tail or next(pieces, b"")
                out = stream.decompress(data, _CHUNK)
                if out:
                    yield out
                elif not data:
                    raise UnexpectedEOFError("in compressed data", entry=entry.name)
        except zlib.error as error:
            raise CorruptInputError(str(error).rpartition(": ")[2], entry=entry.name) from None

    def _check_crc(self, entry: Entry, crc: int, end: int, required: bool) -> None:
        if entry.flags & HAS_DATA_DESCRIPTOR:
            descriptor = self.source.read_at(end, _SIGNED_DESCRIPTOR)
            signed = descriptor.startswith(DESCRIPTOR_SIGNATURE)
            if len(descriptor) < (_SIGNED_DESCRIPTOR if signed else _SIGNED_DESCRIPTOR - 4):
                raise UnexpectedEOFError("in the data descriptor", entry=entry.name)
            at = 4 if signed else 0
            recorded = int.from_bytes(descriptor[at : at + 4], "little")
            wrong = recorded != entry.crc or crc != entry.crc
        else:
            wrong = entry.crc != crc and (required or entry.crc != 0)
        if wrong:
            raise ChecksumError(f"recorded {entry.crc:08x}, found {crc:08x}", entry=entry.name)


@contextmanager
def open_archive(file: Input) -> Iterator[Archive]:
    """
    Open an archive: a path, closed afterwards, or a binary file that can seek, left open.

    Raises ArchiveError where Go does not open it, OSError where the file cannot be read.
    """
    with open_source(file) as source:
        yield Archive(source)
