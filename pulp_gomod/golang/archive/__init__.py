"""
Reading zip archives with the verdicts of Go's package archive/zip.

Python's zipfile cannot be asked instead: it cuts names at NUL, decodes them as cp437, ignores entry
counts and truncated comments, and refuses archives that Go reads. Whether an archive opens, which
entries it has and whether their content can be read follows Go here.
"""

from .errors import (
    AlgorithmError,
    ArchiveError,
    ChecksumError,
    CorruptInputError,
    DirectoryTooLargeError,
    FormatError,
    UnexpectedEOFError,
)
from .reader import Archive, open_archive
from .records import DEFLATED, STORED, Entry
from .source import Input, Source, open_source

__all__ = [
    "DEFLATED",
    "STORED",
    "AlgorithmError",
    "Archive",
    "ArchiveError",
    "ChecksumError",
    "CorruptInputError",
    "DirectoryTooLargeError",
    "Entry",
    "FormatError",
    "Input",
    "Source",
    "UnexpectedEOFError",
    "open_archive",
    "open_source",
]
