"""Reading the archive that a database of vulnerabilities comes in, within bounds."""

from collections.abc import Iterator
from typing import Final

from cvss import CVSS2, CVSS3, CVSS4, CVSSError

from pulp_gomod.golang.archive import Archive, ArchiveError, Entry, Input, open_archive
from pulp_gomod.golang.osv import LARGEST_REPORT, OSVError, Report
from pulp_gomod.golang.quote import quote
from pulp_gomod.golang.vulndb import INDEXES, file_of

LARGEST_ARCHIVE: Final = 256 * 1024 * 1024
"""Bytes of an archive; the public database has 10 MB, all malicious packages of all ecosystems 150 MB."""

LARGEST_INDEX: Final = 32 * 1024 * 1024
MOST_BYTES: Final = 1024 * 1024 * 1024
"""Bytes of all files that are read, decompressed."""

MOST_FILES: Final = 500_000

_JSON = ".json"
_WORDS = {"LOW": 3.9, "MODERATE": 6.9, "MEDIUM": 6.9, "HIGH": 8.9, "CRITICAL": 10.0}
_CVSS = {"CVSS:3.": CVSS3, "CVSS:4.": CVSS4, "AV:": CVSS2}


def read_database(file: Input) -> Iterator[tuple[str, bytes]]:
    """
    Yield the files of a Go vulnerability database; those that are no part of one are left out.

    Args:
        file: The `vulndb.zip`.

    Raises:
        GoError: It is none; the text says why.
    """
    seen = set()
    for archive, entry, name in _entries(file):
        found = file_of(name)
        # A file that is there compressed, too, is the same.
        if found is None or found[1]:
            continue
        if name in seen:
            raise OSVError(f"{name} is in the archive twice")
        seen.add(name)
        yield name, _read(archive, entry, LARGEST_INDEX if name in INDEXES else LARGEST_REPORT)


def read_reports(file: Input) -> Iterator[tuple[str, bytes]]:
    """
    Yield all JSON files of an archive, wherever they are in it; what is larger than any report is left out.

    Args:
        file: The archive.

    Raises:
        GoError: It is none; the text says why.
    """
    for archive, entry, name in _entries(file):
        if name.endswith(_JSON) and entry.uncompressed_size <= LARGEST_REPORT:
            yield name, _read(archive, entry, LARGEST_REPORT)


def _entries(file: Input) -> Iterator[tuple[Archive, Entry, str]]:
    count = size = 0
    try:
        with open_archive(file) as archive:
            for entry in archive.entries():
                count += 1
                if count > MOST_FILES:
                    raise OSVError(f"the archive has more than {MOST_FILES} files")
                name = entry.name
                if not name.endswith(_JSON):
                    continue
                size += entry.uncompressed_size
                if size > MOST_BYTES:
                    raise OSVError(f"the files of the archive have more than {MOST_BYTES} bytes")
                yield archive, entry, name
    except ArchiveError as error:
        raise OSVError(f"it is not a proper zip archive: {error}") from None


def _read(archive: Archive, entry: Entry, limit: int) -> bytes:
    if entry.uncompressed_size > limit:
        raise OSVError(f"{quote(entry.name[:200])} has more than {limit} bytes")
    return b"".join(archive.chunks(entry))


def severity_of(report: Report) -> float | None:
    """
    Return how severe a report is: the highest that anybody says.

    Returns:
        From 0 to 10, as CVSS has it; None if nobody says.
    """
    return max(
        (found for each in report.severity if (found := _score(each)) is not None), default=None
    )


def _score(text: str) -> float | None:
    if (known := _WORDS.get(text.upper())) is not None:
        return known
    for beginning, vector in _CVSS.items():
        if text.startswith(beginning):
            try:
                return float(vector(text).scores()[0])
            except (CVSSError, ValueError, ArithmeticError, LookupError):
                return None
    return None
