"""Checksum databases: signed notes, transparency logs, a client that proves what it believes.

One room per package of golang.org/x/mod/sumdb: `note`, `tlog`, `client` and `server` (which are
its client.go and server.go), and `gosumdb`, the syntax of the GOSUMDB variable.
"""

from pulp_gomod.golang.sumdb.client import Client, check_sum
from pulp_gomod.golang.sumdb.errors import (
    ChecksumMismatchError,
    ChecksumMissingError,
    ForkError,
    GoSumDBError,
    SecurityError,
    SkippedError,
    SumDBError,
    WriteConflictError,
)
from pulp_gomod.golang.sumdb.gosumdb import (
    DEFAULT_GOSUMDB,
    KNOWN_GOSUMDB,
    GoSumDB,
    parse_gosumdb,
)
from pulp_gomod.golang.sumdb.ops import ClientOps

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
