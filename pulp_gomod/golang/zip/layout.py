"""
Reading an archive from its first byte to its last, and allowing nothing else in it.

Bytes that belong to no entry, entries that share bytes, and names that differ between the two
places where an archive has them make readers disagree about what is inside. Go reads such archives;
a server that others trust does not take them.
"""

import struct
from collections.abc import Iterator

from ..archive import Archive, Entry
from ..archive.reader import DESCRIPTOR_SIGNATURE, HAS_DATA_DESCRIPTOR
from ..quote import printable
from .report import ZipError

_ZIP64_RECORD = struct.Struct("<4sQ")
_ZIP64_LOCATOR = struct.Struct("<4sIQI")


def read_in_order(
    archive: Archive, entries: list[Entry]
) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """
    Yield every entry with its content, in the order in which they stand in the file.

    The content must be consumed before the next entry is asked for. Once all are, every byte before
    the central directory is known to belong to one entry.

    Raises ArchiveError where the content cannot be read, ZipError where the layout is wrong.
    """
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [entry.header_offset for entry in ordered[1:]] + [archive.end.directory_offset]
    if ordered and ordered[0].header_offset != 0:
        raise ZipError(
            f"{printable(ordered[0].name)}: {ordered[0].header_offset} bytes before it belong to "
            "no entry: a module zip begins with its first file"
        )
    for entry, end in zip(ordered, ends, strict=True):
        local = archive.local_header(entry)
        if local.name != entry.raw_name:
            other = local.name.decode("utf-8", "surrogateescape")
            raise ZipError(
                f"{printable(entry.name)}: the header before the content has another name, "
                f"{printable(other)}"
            )
        body_end = local.body_offset + entry.compressed_size
        if body_end > end:
            raise ZipError(f"{printable(entry.name)}: it overlaps what follows it in the archive")
        yield entry, archive.chunks(entry, local.body_offset, crc_required=True)
        _check_end(archive, entry, body_end, end)


def _check_end(archive: Archive, entry: Entry, body_end: int, end: int) -> None:
    """Check that an entry reaches exactly to where the next thing in the file begins."""
    rest = end - body_end
    if rest == 0 and not entry.flags & HAS_DATA_DESCRIPTOR:
        return
    if entry.flags & HAS_DATA_DESCRIPTOR:
        # A checksum and two sizes of 32 or 64 bits; the signature before them is optional.
        signed = archive.source.read_at(body_end, 4) == DESCRIPTOR_SIGNATURE
        if rest in ((16, 24) if signed else (12, 20)):
            return
    raise ZipError(f"{printable(entry.name)}: {rest} bytes after it belong to no entry")


def check_archive_end(archive: Archive) -> None:
    """
    Check that after the central directory there are only the end records and the comment.

    Go forgives a wrong size or offset of the directory, other readers do not.

    The entries must have been read. Raises ZipError.
    """
    end, start = archive.end, archive.directory_end
    if end.base_offset > 0:
        raise ZipError(f"the archive begins after {end.base_offset} bytes of other data")
    if end.base_offset or end.size != start - end.directory_offset:
        raise ZipError("the central directory is not where or as large as the archive says")
    if end.comment_end != archive.source.size:
        raise ZipError(
            f"{archive.source.size - end.comment_end} bytes after the end of the archive"
        )
    if start != end.end_offset and not _is_zip64_end(archive, start):
        raise ZipError("other data between the central directory and the end of the archive")


def _is_zip64_end(archive: Archive, start: int) -> bool:
    records = archive.source.read_at(start, archive.end.end_offset - start)
    record_size = len(records) - _ZIP64_LOCATOR.size
    if record_size < _ZIP64_RECORD.size:
        return False
    signature, length = _ZIP64_RECORD.unpack_from(records)
    locator, _, offset, _ = _ZIP64_LOCATOR.unpack_from(records, record_size)
    return bool(
        signature == b"PK\x06\x06"
        and length + _ZIP64_RECORD.size == record_size
        and locator == b"PK\x06\x07"
        and offset == start
    )
