"""
The files of a Go vulnerability database, as govulncheck asks for them.

Source of the rules: go.dev/security/vuln/database#api, and golang.org/x/vuln, internal/client.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from .osv import OSVError, parse_json, parse_time
from .quote import quote

DB: Final = "index/db.json"
MODULES: Final = "index/modules.json"
VULNS: Final = "index/vulns.json"
ARCHIVE: Final = "vulndb.zip"
"""All files of a database, as the public one has them for mirrors."""

INDEXES: Final = (DB, MODULES, VULNS)

_FILE = re.compile(r"(?:index/(?:db|modules|vulns)|ID/[A-Za-z0-9][A-Za-z0-9._-]{0,99})\.json\Z")
_REPORT = "ID/"
_END = ".json"
_GZ = ".gz"


def file_of(path: str) -> tuple[str, bool] | None:
    """
    Read what is asked for.

    Args:
        path: Below the URL of the database.

    Returns:
        The name of the file, which ends in .json unless it is the ARCHIVE, and whether it is wanted compressed; None if
        there is no such file in any database.
    """
    if path == ARCHIVE:
        return ARCHIVE, True
    name = path.removesuffix(_GZ)
    return (name, name != path) if _FILE.match(name) else None


def file_of_report(name: str) -> str:
    """
    Return the file that has a report.

    Args:
        name: The ID of the report.
    """
    return f"{_REPORT}{name}{_END}"


def report_of_file(file: str) -> str:
    """
    Return the ID of the report that a file has; "" for an index.

    Args:
        file: A name from `file_of`.
    """
    return file.removeprefix(_REPORT).removesuffix(_END) if file.startswith(_REPORT) else ""


def check_indexes(files: Mapping[str, bytes], reports: Collection[str]) -> datetime:
    """
    Check that the indexes are what govulncheck reads, and that all they name is there.

    Args:
        files: The indexes, by name.
        reports: The IDs of all reports.

    Returns:
        When the database was last modified, as it says.

    Raises:
        OSVError: They are not.
    """
    for name in (DB, MODULES):
        if name not in files:
            raise OSVError(f"{name} is missing")
    modified = _modified(parse_json(files[DB]))
    for module in _entries(files, MODULES, "path"):
        listed = module.get("vulns")
        if not isinstance(listed, list):
            raise OSVError(
                f"{MODULES} has no list of reports for {quote(str(module['path'])[:100])}"
            )
        for each in listed:
            _check_named(MODULES, each, reports)
    for each in _entries(files, VULNS, "id"):
        _check_named(VULNS, each, reports)
    return modified


def _modified(said: Any) -> datetime:
    if not isinstance(said, dict):
        raise OSVError(f"{DB} is not an object")
    return parse_time(said.get("modified"))


def _entries(files: Mapping[str, bytes], name: str, key: str) -> list[dict[str, Any]]:
    if name not in files:
        return []
    said = parse_json(files[name])
    if not isinstance(said, list):
        raise OSVError(f"{name} is not a list")
    for each in said:
        if not (isinstance(each, dict) and isinstance(each.get(key), str)):
            raise OSVError(f"{name} has an entry without {key}")
    return said


def _check_named(name: str, entry: Any, reports: Collection[str]) -> None:
    report = entry.get("id") if isinstance(entry, dict) else None
    if report not in reports:
        raise OSVError(f"{name} names {quote(str(report)[:100])}, and there is no such report")
