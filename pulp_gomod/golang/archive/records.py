"""
The records of a zip archive: its end, its central directory, and their fields.

Source of the rules: Go's archive/zip, reader.go (readDirectoryEnd, readDirectoryHeader).
"""

import struct
from typing import NamedTuple

from .errors import FormatError, UnexpectedEOFError
from .source import Source

STORED = 0
DEFLATED = 8

MAX_UINT16 = 0xFFFF
MAX_UINT32 = 0xFFFFFFFF
MAX_INT64 = (1 << 63) - 1

_END_SIGNATURE = b"PK\x05\x06"
_END = struct.Struct("<4s4H2IH")
_END_TAILS = (1 << 10, 65 << 10)  # bytes at the end of the file in which the end record is sought
_ZIP64_LOCATOR = struct.Struct("<4sIQI")
_ZIP64_END = struct.Struct("<4sQ2H2I4Q")
_HEADER_SIGNATURE = b"PK\x01\x02"
HEADER = struct.Struct("<4s6H3I5H2I")
_LENGTHS = struct.Struct("<3H")
_ZIP64_EXTRA = 0x0001
_EXTRA = struct.Struct("<2H")
_UINT64 = struct.Struct("<Q")


class Entry(NamedTuple):
    """
    One entry of the central directory.

    `name` holds bytes that are not UTF-8 as surrogate escapes; a slash at its end marks a
    directory. Sizes are in bytes, as declared. `attributes` are the external file attributes, whose
    upper half is a Unix mode. `header_offset` is where its local header begins in the file.
    """

    name: str
    flags: int
    method: int
    crc: int
    compressed_size: int
    uncompressed_size: int
    header_offset: int
    attributes: int

    @property
    def raw_name(self) -> bytes:
        """The bytes of the name."""
        return encode_name(self.name)

    @property
    def is_dir(self) -> bool:
        """Whether the name says that this is a directory; Go does not ask the mode."""
        return self.name.endswith("/")


class DirectoryEnd(NamedTuple):
    """
    The end of central directory record, with zip64 values where they hold.

    Offsets are positions in the file. `records` is the declared number of entries, of which Go
    compares 16 bits; `base_offset` is what to add to the offsets in the headers; `record_offset` is
    where the record that `size` counts back from begins (the zip64 one if there is one);
    `comment_end` is where the archive comment ends.
    """

    records: int
    size: int
    directory_offset: int
    base_offset: int
    record_offset: int
    end_offset: int
    comment_end: int


def encode_name(name: str) -> bytes:
    """Return the bytes that a name stands for."""
    return name.encode("utf-8", "surrogateescape")


def to_int64(value: int) -> int:
    """Return an unsigned 64-bit value as Go's int64() makes it."""
    return value - (1 << 64) if value > MAX_INT64 else value


def read_directory_end(source: Source) -> DirectoryEnd:
    """
    Find and read the end of the central directory (readDirectoryEnd).

    Raises FormatError or UnexpectedEOFError where Go does not open the archive.
    """
    end_offset, record = _find_end(source)
    _, _, _, _, records, size, offset, comment = _END.unpack_from(record)
    record_offset = end_offset
    if records == MAX_UINT16 or MAX_UINT32 in (size, offset):
        zip64_offset = _find_zip64_end(source, end_offset)
        if zip64_offset >= 0:
            record_offset = zip64_offset
            records, size, offset = _read_zip64_end(source, zip64_offset)
    if size > MAX_INT64 or offset > MAX_INT64:
        raise FormatError("impossible size or offset of the central directory")
    directory_offset = record_offset - size
    if not 0 <= directory_offset < source.size:
        raise FormatError("the central directory is not inside of the file")
    base = directory_offset - offset
    # Go's guess against wrong base offsets: a valid header at the bare offset wins.
    if base > 0 and _is_header(source, offset):
        base, directory_offset = 0, offset
    return DirectoryEnd(
        records=records,
        size=size,
        directory_offset=directory_offset,
        base_offset=base,
        record_offset=record_offset,
        end_offset=end_offset,
        comment_end=end_offset + _END.size + comment,
    )


def _find_end(source: Source) -> tuple[int, bytes]:
    for tail in _END_TAILS:
        length = min(tail, source.size)
        block = source.read_at(source.size - length, length)
        found = block.rfind(_END_SIGNATURE, 0, max(0, len(block) - _END.size + 4))
        # Go stops at the last signature: when its comment is cut short, no earlier one counts.
        if found >= 0 and found + _END.size + _comment_length(block, found) <= len(block):
            return source.size - length + found, block[found:]
        if length == source.size:
            break
    raise FormatError("no end of central directory record")


def _comment_length(block: bytes, found: int) -> int:
    length: int = _END.unpack_from(block, found)[7]
    return length


def _find_zip64_end(source: Source, end_offset: int) -> int:
    """Return the offset of the zip64 end record, negative if there is none."""
    start = end_offset - _ZIP64_LOCATOR.size
    if start < 0:
        return -1
    signature, disk, offset, disks = _ZIP64_LOCATOR.unpack(
        source.read_at(start, _ZIP64_LOCATOR.size)
    )
    if signature != b"PK\x06\x07" or disk != 0 or disks != 1:
        return -1
    return to_int64(offset)


def _read_zip64_end(source: Source, offset: int) -> tuple[int, int, int]:
    record = source.read_at(offset, _ZIP64_END.size)
    if len(record) < _ZIP64_END.size:
        raise UnexpectedEOFError("in the zip64 end of central directory record")
    signature, *_, records, size, directory_offset = _ZIP64_END.unpack(record)
    if signature != b"PK\x06\x06":
        raise FormatError("no zip64 end of central directory record")
    return records, size, directory_offset


def _is_header(source: Source, offset: int) -> bool:
    """Report whether a complete, valid directory header stands at the offset."""
    head = source.read_at(offset, HEADER.size)
    length = variable_length(head)
    if length is None:
        return False
    rest = source.read_at(offset + HEADER.size, length)
    return len(rest) == length and parse_header(head, rest) is not None


def variable_length(head: bytes) -> int | None:
    """Return how many bytes follow the fixed part of a directory header; None if it is none."""
    if len(head) < HEADER.size or not head.startswith(_HEADER_SIGNATURE):
        return None
    name, extra, comment = _LENGTHS.unpack_from(head, 28)
    return int(name + extra + comment)


def parse_header(head: bytes, rest: bytes) -> Entry | None:
    """
    Parse the fixed part and the rest of a directory header (readDirectoryHeader).

    Returns None where Go says that the format is wrong. The offset is as it stands, not yet based.
    """
    (
        _, _, _, flags, method, _, _, crc, compressed, uncompressed,
        name_length, extra_length, _, _, _, attributes, offset,
    ) = HEADER.unpack(head)  # fmt: skip
    # Go trusts the zip64 extra only for values that are maxed out.
    if extra_length and MAX_UINT32 in (compressed, uncompressed, offset):
        extra = rest[name_length : name_length + extra_length]
        values = _apply_zip64(extra, uncompressed, compressed, offset)
        if values is None:
            return None
        uncompressed, compressed, offset = values
    name = rest[:name_length].decode("utf-8", "surrogateescape")
    return Entry(name, flags, method, crc, compressed, uncompressed, offset, attributes)


def _apply_zip64(
    extra: bytes, uncompressed: int, compressed: int, offset: int
) -> tuple[int, int, int] | None:
    """Replace the maxed out values by those of the zip64 extra fields; None if one is too short."""
    size64, compressed64, position = uncompressed, compressed, 0
    while len(extra) - position >= _EXTRA.size:
        tag, length = _EXTRA.unpack_from(extra, position)
        position += _EXTRA.size
        field = extra[position : position + length]
        if len(field) < length:
            break
        position += length
        if tag != _ZIP64_EXTRA:
            continue
        values = [field[i : i + 8] for i in range(0, len(field), 8)][::-1]
        try:
            if uncompressed == MAX_UINT32:
                size64 = _UINT64.unpack(values.pop())[0]
            if compressed == MAX_UINT32:
                compressed64 = _UINT64.unpack(values.pop())[0]
            if offset == MAX_UINT32:
                offset = to_int64(_UINT64.unpack(values.pop())[0])
        except (IndexError, struct.error):
            return None
    return size64, compressed64, offset
