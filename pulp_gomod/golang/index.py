"""
The module index: which module versions there are, in the order in which they came.

Source of the rules: what the public proxy says of its index (go.dev/ref/mod#goproxy-protocol names none): a
line of JSON for each module version. Times have nanoseconds, and are whole numbers of them here, since 1970: Python's own times
have no more than microseconds.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from .errors import GoError

__all__ = ["MOST", "Entry", "format_time", "parse_line", "parse_time"]

MOST: Final = 2000
"""Entries that an index tells at once."""

_NANOSECONDS: Final = 10**9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Times that 64 bits have room for, as of Go's.
_LATEST: Final = 2**63 - 1
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:[.,]([0-9]+))?"
    # In a query a plus sign that nobody has escaped is a blank.
    r"(?:Z|([+ -])([0-9]{2}):([0-9]{2}))"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A module version, and when it came.

    Attributes:
        path: The module path.
        version: The canonical version.
        time: Nanoseconds since 1970.
    """

    path: str
    version: str
    time: int

    def line(self) -> str:
        """Say it as an index does, with the newline."""
        said = {"Path": self.path, "Version": self.version, "Timestamp": format_time(self.time)}
        return json.dumps(said, separators=(",", ":")) + "\n"


def parse_line(line: str) -> Entry:
    """
    Read a line of an index, which may be of a module version that Go would refuse.

    Raises:
        GoError: It is none.
    """
    try:
        said = json.loads(line)
        path, version, time = said["Path"], said["Version"], said["Timestamp"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise GoError(f"not a line of a module index: {line[:200]!r}") from None
    if not (isinstance(path, str) and isinstance(version, str) and isinstance(time, str)):
        raise GoError(f"not a line of a module index: {line[:200]!r}")
    return Entry(path, version, parse_time(time))


def parse_time(text: str) -> int:
    """
    Read an RFC 3339 time.

    What is beyond nanoseconds is cut off; what is before 1970 is 1970, and what is after 2262 is 2262.

    Args:
        text: The time.

    Returns:
        Nanoseconds since 1970.

    Raises:
        GoError: It is none.
    """
    found = _RFC3339.fullmatch(text)
    if not found:
        raise GoError(f"{text[:80]!r} is not an RFC 3339 time, such as 2019-04-10T19:08:52.997264Z")
    seconds, fraction, sign, hours, minutes = found.groups()
    try:
        zone = UTC
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            zone = timezone(-offset if sign == "-" else offset)
        since_epoch = datetime.fromisoformat(seconds).replace(tzinfo=zone) - _EPOCH
    except (ValueError, OverflowError) as error:
        raise GoError(f"{text!r} is not a time: {error}") from None
    whole = (since_epoch.days * 86_400 + since_epoch.seconds) * _NANOSECONDS
    return min(max(whole + int((fraction or "0")[:9].ljust(9, "0")), 0), _LATEST)


def format_time(time: int) -> str:
    """
    Write a time as Go writes RFC 3339 times with nanoseconds: without zeros at the end.

    Args:
        time: Nanoseconds since 1970.
    """
    seconds, nanoseconds = divmod(time, _NANOSECONDS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
    return f"{text}{fraction}Z"
