"""
Checksum databases: signed notes, transparency logs, a client that proves what it believes.

One room per package of golang.org/x/mod/sumdb: `note`, `tlog`, `client` and `server` (which are
its client.go and server.go), and `gosumdb`, the syntax of the GOSUMDB variable.
"""

from .client import Client, check_sum
from .errors import (
    ChecksumMismatchError,
    ChecksumMissingError,
    ForkError,
    GoSumDBError,
    SecurityError,
    SkippedError,
    SumDBError,
    WriteConflictError,
)
from .gosumdb import (
    DEFAULT_GOSUMDB,
    KNOWN_GOSUMDB,
    GoSumDB,
    parse_gosumdb,
)
from .ops import ClientOps

__all__ = [
    "DEFAULT_GOSUMDB",
    "KNOWN_GOSUMDB",
    "ChecksumMismatchError",
    "ChecksumMissingError",
    "Client",
    "ClientOps",
    "ForkError",
    "GoSumDB",
    "GoSumDBError",
    "SecurityError",
    "SkippedError",
    "SumDBError",
    "WriteConflictError",
    "check_sum",
    "parse_gosumdb",
]
