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
    info = tarfile.TarInfo(path)
    info.size = size
    info.mode = 0o644
    info.mtime = _TIME
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


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
