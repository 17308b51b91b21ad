"""How much work it is to check a module zip, told from its directory."""

from ..archive import Archive, Input, open_source
from ..errors import GoError
from .names import GO_MOD

# Each of these takes a processor for about a tenth of a second.
_LIGHT_DIRECTORY = 256 << 10
_LIGHT_CONTENT = 32 << 20
_LIGHT_GO_MOD = 64 << 10


def is_heavy(file: Input) -> bool:
    """
    Report whether checking a zip may take a processor for more than some tenths of a second.

    The zip itself has no say in this beyond what it declares, and no check reads more than that.

    Arguments: a path or a binary file that can seek.

    Raises OSError where the file cannot be read. An archive that does not open is not heavy.
    """
    try:
        with open_source(file) as source:
            archive = Archive(source)
            end = archive.end
            if end.record_offset - end.directory_offset > _LIGHT_DIRECTORY:
                return True
            return _is_content_heavy(archive)
    except GoError:
        return False


def _is_content_heavy(archive: Archive) -> bool:
    unpacked = 0
    for entry in archive.entries():
        unpacked += entry.uncompressed_size
        is_large = entry.uncompressed_size > _LIGHT_GO_MOD
        if unpacked > _LIGHT_CONTENT or (is_large and entry.name.endswith(f"/{GO_MOD}")):
            return True
    return False
