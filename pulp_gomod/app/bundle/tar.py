"""What stands around a file in a tar: the same bytes each time."""

import tarfile

BLOCK = 512
END = bytes(2 * BLOCK)
"""What ends a tar."""

# All files are of the same day. Zero is a day that tools warn of: the first one that a zip can hold.
_TIME = 315532800
_LONGEST = 100


def header(path: str, size: int) -> bytes:
    """
    Make what stands before a file.

    Args:
        path: The file's path.
        size: Its bytes.
    """
    name = path.encode()
    if len(name) > _LONGEST:
        return _header(path, size)
    # There are thousands, and all but the name and the size of each is the same: it takes a tenth of the time.
    length = b"%011o\0" % size
    total = b"%06o\0 " % (_SUM + sum(name) + sum(length))
    return (
        name.ljust(_LONGEST, b"\0")
        + _USUAL[_LONGEST:_SIZE]
        + length
        + _USUAL[_SIZE + len(length) : _CHECKSUM]
        + total
        + _USUAL[_CHECKSUM + len(total) :]
    )


def _header(path: str, size: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.size = size
    info.mode = 0o644
    info.mtime = _TIME
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


# Where the size and the checksum stand in a header.
_SIZE = 124
_CHECKSUM = 148
_USUAL = _header("", 0)
# The checksum is over all bytes, its own counting as blanks.
_SUM = (
    sum(_USUAL[:_SIZE])
    + sum(_USUAL[_SIZE + 12 : _CHECKSUM])
    + 8 * 32
    + sum(_USUAL[_CHECKSUM + 8 :])
)


def header_size(path: str) -> int:
    """Return how many bytes `header` makes."""
    length = len(path.encode())
    if length <= _LONGEST:
        return BLOCK
    # A header of its own for the name, with a NUL behind it.
    return 2 * BLOCK + _whole_blocks(length + 1)


def padding(size: int) -> int:
    """Return how many NULs stand behind a file."""
    return _whole_blocks(size) - size


def entry_size(path: str, size: int) -> int:
    """Return how many bytes a file takes in a tar."""
    return header_size(path) + _whole_blocks(size)


def _whole_blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
