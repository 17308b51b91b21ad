"""What is said of a release beyond its bytes: when and where it was made."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from pulp_gomod.golang.origin import without_credentials

ORIGIN_FIELDS = ("VCS", "URL", "Subdir", "Hash", "TagPrefix", "TagSum", "Ref", "RepoSum")
MAX_ORIGIN = 4096

# Made once: for separators other than Python's own, `json.dumps` makes one each time.
_INFO = json.JSONEncoder(separators=(",", ":"))
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def parse_time(text: str) -> datetime:
    """
    Read a time as Go's encoding/json reads that of `.info`.

    Args:
        text: RFC 3339, for example 2020-01-02T03:04:05Z.

    Raises:
        ValueError: It is something else; the text says so.
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"time: {text[:64]!r} is not RFC 3339, such as 2020-01-02T03:04:05Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"time: {text[:64]!r} is not a date and time that exists") from None


def parse_origin(text: str) -> dict[str, str]:
    """
    Read an origin, as `.info` has it.

    Args:
        text: A JSON object of strings: VCS, URL, Subdir, Hash, TagPrefix, TagSum, Ref, RepoSum
            (cmd/go/internal/modfetch/codehost, type Origin).

    Raises:
        ValueError: It is something else; the text says what.
    """
    if len(text) > MAX_ORIGIN:
        raise ValueError(f"origin: longer than {MAX_ORIGIN} characters")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("origin: not JSON") from None
    return check_origin(value)


def check_origin(value: Any) -> dict[str, str]:
    """
    Check that a value is an origin, and take the credentials out of its URL.

    Args:
        value: What was read from JSON.

    Raises:
        ValueError: It is none; the text says why.
    """
    if not isinstance(value, dict):
        raise ValueError("origin: must be a JSON object")
    for name, member in value.items():
        if name not in ORIGIN_FIELDS:
            raise ValueError(
                f"origin: unknown member {name[:64]!r}; Go knows {', '.join(ORIGIN_FIELDS)}"
            )
        if not isinstance(member, str) or "\0" in member:
            raise ValueError(f"origin: {name} must be a string")
        if any("\ud800" <= char <= "\udfff" for char in member):
            raise ValueError(f"origin: {name} is not valid Unicode")
    return {name: _shown(member) if name == "URL" else member for name, member in value.items()}


def _shown(url: str) -> str:
    try:
        return without_credentials(url)
    except ValueError:
        # It is not repeated: it may have a password.
        raise ValueError("origin: URL is no URL") from None


def info_json(version: str, time: datetime, origin: dict[str, Any] | None) -> bytes:
    """
    Render `.info` as Go's encoding/json reads it.

    Args:
        version: The canonical version.
        time: When it was made.
        origin: Where it was made, or None.
    """
    info: dict[str, Any] = {"Version": version}
    if time.year > 1:
        info["Time"] = time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if origin:
        info["Origin"] = origin
    return _INFO.encode(info).encode()
