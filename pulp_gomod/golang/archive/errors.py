"""What can be wrong with a zip archive, in the words of Go's archive/zip."""

from ..errors import GoError
from ..quote import printable


class ArchiveError(GoError):
    """
    The archive, or one entry of it, cannot be read.

    Arguments: what Go says; the name of the entry, when it is about one; what was wrong with it.
    """

    says = "zip: not a valid zip file"

    def __init__(self, detail: str = "", *, entry: str | None = None) -> None:
        where = "" if entry is None else f"{printable(entry)}: "
        super().__init__(f"{where}{self.says}" + (f" ({detail})" if detail else ""))


class FormatError(ArchiveError):
    """The bytes are not those of a zip archive (zip.ErrFormat)."""


class AlgorithmError(ArchiveError):
    """An entry is compressed in a way that Go does not read (zip.ErrAlgorithm)."""

    says = "zip: unsupported compression algorithm"


class ChecksumError(ArchiveError):
    """The content of an entry does not have the recorded CRC-32 (zip.ErrChecksum)."""

    says = "zip: checksum error"


class CorruptInputError(ArchiveError):
    """Compressed data is broken (flate.CorruptInputError)."""

    says = "flate: corrupt input"


class UnexpectedEOFError(ArchiveError):
    """The archive or the content of an entry ends too early (io.ErrUnexpectedEOF)."""

    says = "unexpected EOF"


class DirectoryTooLargeError(ArchiveError):
    """The central directory is larger than any module's and is not read, to bound memory."""

    says = "zip: central directory too large"
