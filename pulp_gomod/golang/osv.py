"""
Reports in the Open Source Vulnerability format, and which module versions they are about.

A version is judged as govulncheck judges it (golang.org/x/vuln, internal/semver/affects.go and
internal/vulncheck): versions are written without `v`, `introduced: 0` is before all versions, a range is
closed on the left and open on the right, a report without ranges of type SEMVER is about all versions.

What govulncheck does not read, reports about malicious modules have: lists of `versions`, and `last_affected`.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from . import semver
from .errors import GoError
from .quote import quote

ECOSYSTEM: Final = "Go"

STDLIB: Final = "stdlib"
"""What reports call the standard library."""

TOOLCHAIN: Final = "toolchain"
"""What reports call the go command, its compiler and its linker."""

TOOLCHAIN_MODULE: Final = "golang.org/toolchain"
"""The module that releases of both are versions of."""

LARGEST_REPORT: Final = 1024 * 1024
"""Bytes that a report may have; the largest of the public database have 40,000."""

MOST_AFFECTED: Final = 2000
MOST_EVENTS: Final = 5000
MOST_VERSIONS: Final = 20_000

_LONGEST_SUMMARY = 300
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_MALICIOUS = "MAL-"
_PATH = re.compile(r"[!-~]+\Z")
_VERSION = re.compile(r"[!-~]{0,256}\Z")
_TOOLCHAIN_VERSION = re.compile(r"v0\.0\.1-(go[0-9][^-]*?)\.[a-z0-9]+-[a-z0-9]+\Z")
# Names of releases of Go: the number, the patch, and what kind of prerelease it is.
_TAG = re.compile(r"go(\d+\.\d+)(\.\d+|)((beta|rc|-pre)(\d+))?\Z", re.ASCII)


class OSVError(GoError):
    """What is no report; the text says why."""


class Event(NamedTuple):
    """
    Where versions begin or end to be affected.

    Attributes:
        introduced: The first version that is; "0" for any, "" for none.
        fixed: The first version that is not any more, or "".
        last_affected: The last version that is, or "".
    """

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """
    A module that a report is about.

    Attributes:
        module: Its path; `stdlib` and `toolchain` for Go itself.
        ranges: The events of each range of type SEMVER; None if there are no ranges of that type.
        versions: Versions, one by one; empty for none.
    """

    module: str
    ranges: tuple[tuple[Event, ...], ...] | None
    versions: tuple[str, ...] = ()

    def affects(self, version: str) -> bool:
        """
        Say whether a version is affected, as govulncheck does.

        Args:
            version: The version, with or without `v` or `go`.
        """
        # govulncheck takes what has no ranges that it understands to be about everything.
        return self.ranges is None or any(contains(events, version) for events in self.ranges)

    def names(self, version: str) -> bool:
        """
        Say whether a version is affected, with regard to versions that are listed one by one.

        Args:
            version: The version, with or without `v`.
        """
        if any(same(version, each) for each in self.versions):
            return True
        return False if self.versions and self.ranges is None else self.affects(version)


@dataclass(frozen=True, slots=True)
class Report:
    """
    What is known of a vulnerability, or of malicious modules.

    Attributes:
        id: Its ID, such as GO-2024-2598.
        aliases: Its IDs elsewhere.
        summary: What it is, in one line.
        withdrawn: When it was withdrawn; None if it was not.
        is_reviewed: Whether somebody has looked at which versions and symbols are affected; reports that do not
            say anything of it were.
        affected: The Go modules that it is about.
        severity: CVSS vectors, and the severity in a word, of those who publish one.
        is_malicious: Whether it says that the module was made to do harm.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    withdrawn: datetime | None
    is_reviewed: bool
    affected: tuple[Affected, ...]
    severity: tuple[str, ...]
    is_malicious: bool


def contains(events: Sequence[Event], version: str) -> bool:
    """
    Say whether a version is in a range (x/vuln's ContainsSemver).

    Args:
        events: The events of the range, in any order.
        version: The version, with or without `v` or `go`.
    """
    if not events:
        return True
    key = _key(version)
    affected = False
    for introduced, fixed, last_affected in _in_order(tuple(events)):
        if not affected and introduced is not None:
            affected = key >= introduced
        elif affected and fixed is not None:
            affected = key < fixed
        elif affected and last_affected is not None:
            affected = key <= last_affected
    return affected


def fixed_in(affected: Iterable[Affected], version: str) -> str:
    """
    Return the version to change to: the first fix after a version, of the range that has it.

    Args:
        affected: What reports say of one module.
        version: A version that is affected, with or without `v`.

    Returns:
        The version without `v`, or "" if nothing has fixed it yet.
    """
    key, fixes = _key(version), set()
    for each in affected:
        for events in each.ranges or ():
            if contains(events, version):
                later = [event.fixed for event in events if event.fixed and _key(event.fixed) > key]
                fixes.update(sorted(later, key=_key)[:1])
    # All of them have to be fixed.
    return max(fixes, key=_key, default="")


def parse_report(data: bytes) -> Report:
    """
    Read a report.

    Args:
        data: The JSON.

    Raises:
        OSVError: It is none.
    """
    return report_of(parse_json(data))


def parse_json(data: bytes) -> Any:
    """
    Read JSON that a stranger has made.

    Args:
        data: The JSON, in UTF-8.

    Raises:
        OSVError: It is none.
    """
    try:
        return json.loads(data.decode(), parse_constant=_refuse, parse_int=_number)
    except RecursionError:
        raise OSVError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise OSVError(f"it is not JSON: {quote(str(error)[:100])}") from None


def report_of(document: Any) -> Report:
    """
    Read a report from its JSON object.

    Args:
        document: The object.

    Raises:
        OSVError: It is no report.
    """
    found = _object(document, "the report")
    name = found.get("id")
    if not (isinstance(name, str) and _ID.match(name)):
        raise OSVError(f"the report has no proper id: {quote(str(name)[:100])}")
    try:
        return _report(name, found)
    except OSVError as error:
        raise OSVError(f"{name}: {error}") from None


def _report(name: str, found: Mapping[str, Any]) -> Report:
    specific = _object(found.get("database_specific") or {}, "database_specific")
    status = specific.get("review_status", "REVIEWED")
    affected = _list(found.get("affected"), "affected")
    if len(affected) > MOST_AFFECTED:
        raise OSVError(f"it is about more than {MOST_AFFECTED} packages")
    withdrawn = found.get("withdrawn")
    return Report(
        name,
        tuple(_aliases(found)),
        _line(found.get("summary") or found.get("details") or ""),
        parse_time(withdrawn) if withdrawn else None,
        status == "REVIEWED",
        tuple(made for each in affected if (made := _affected(each)) is not None),
        tuple(_severities(found, specific)),
        name.startswith(_MALICIOUS) or "malicious-packages-origins" in specific,
    )


def _aliases(found: Mapping[str, Any]) -> Iterable[str]:
    for each in _list(found.get("aliases"), "aliases")[:100]:
        if isinstance(each, str) and _ID.match(each):
            yield each


def _affected(value: Any) -> Affected | None:
    """Read an entry of `affected`; None if it is about something else than a Go module."""
    found = _object(value, "affected")
    package = _object(found.get("package") or {}, "package")
    if package.get("ecosystem") != ECOSYSTEM:
        return None
    path = package.get("name")
    if not isinstance(path, str) or not 0 < len(path) <= 500 or not _PATH.match(path):
        raise OSVError(f"no module is called {quote(str(path)[:100])}")
    listed = _list(found.get("ranges"), "ranges")
    ranges = [
        _events(_object(each, "a range"))
        for each in listed
        if _object(each, "a range").get("type") == "SEMVER"
    ]
    if sum(map(len, ranges)) > MOST_EVENTS or len(ranges) > MOST_EVENTS:
        raise OSVError(f"it has more than {MOST_EVENTS} events for {path}")
    versions = _list(found.get("versions"), "versions")
    if len(versions) > MOST_VERSIONS:
        raise OSVError(f"it names more than {MOST_VERSIONS} versions of {path}")
    return Affected(path, tuple(ranges) or None, tuple(_text(each) for each in versions))


def _events(found: Mapping[str, Any]) -> tuple[Event, ...]:
    listed = (_object(each, "an event") for each in _list(found.get("events"), "events"))
    return tuple(Event(*(_text(said.get(name, "")) for name in _EVENTS)) for said in listed)


_EVENTS = ("introduced", "fixed", "last_affected")


def _severities(found: Mapping[str, Any], specific: Mapping[str, Any]) -> Iterable[str]:
    for each in _list(found.get("severity"), "severity")[:10]:
        yield str(_object(each, "severity").get("score", ""))[:300]
    if isinstance(word := specific.get("severity"), str):
        yield word[:20]


def parse_time(value: Any) -> datetime:
    """
    Read a time of a report.

    Args:
        value: RFC 3339.

    Raises:
        OSVError: It is none.
    """
    try:
        made = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise OSVError(f"{quote(str(value)[:50])} is not a time") from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def subjects_of(path: str, version: str) -> list[tuple[str, str]]:
    """
    Say under which names, and as which versions, reports know a module version.

    A release of Go is both the standard library and the go command.

    Args:
        path: The module path.
    """
    if path != TOOLCHAIN_MODULE:
        return [(path, version)]
    found = _TOOLCHAIN_VERSION.match(version)
    release = tag_version(found[1]) if found else ""
    return [(STDLIB, release), (TOOLCHAIN, release)] if release else []


def names_of(path: str) -> list[str]:
    """
    Say under which names reports know a module.

    Args:
        path: The module path.
    """
    return [STDLIB, TOOLCHAIN] if path == TOOLCHAIN_MODULE else [path]


def tag_version(tag: str) -> str:
    """
    Write the name of a Go release as a version (x/vuln's GoTagToSemver); "" if it is none.

    Args:
        tag: Such as go1.21.0 or go1.22rc1.
    """
    if tag == "go1":
        return "v1.0.0"
    found = _TAG.match(tag)
    if tag == "go1.0" or not found:
        return ""
    version = f"v{found[1]}{found[2] or '.0'}"
    if not found[3]:
        return version
    separator = "" if found[4].startswith("-") else "-"
    return f"{version}{separator}{found[4]}.{found[5]}"


def version_tag(version: str) -> str:
    """
    Write a version of the standard library as people call it: go1.21.0.

    Args:
        version: With `v` or without.
    """
    bare = version.removeprefix("v")
    if bare == "1.0.0":
        return "go1"
    release, _, pre = bare.partition("-")
    number, dot, patch = release.rpartition(".")
    is_old = semver.compare(f"v{bare}", "v1.21.0") < 0
    if dot and patch == "0" and number.count(".") == 1 and (pre or is_old):
        release = number
    return f"go{release}{pre.replace('.', '')}"


def same(version: str, other: str) -> bool:
    """Say whether two texts are the same version, with or without `v`."""
    return version.removeprefix("v") == other.removeprefix("v")


_Keys = tuple[str | None, str | None, str | None]


@lru_cache(maxsize=8192)
def _in_order(events: tuple[Event, ...]) -> tuple[_Keys, ...]:
    """Sort the events of a range, and write each version of them so that it is quickly compared."""
    return tuple(
        (
            "" if event.introduced == "0" else _key_if_any(event.introduced),
            _key_if_any(event.fixed),
            _key_if_any(event.last_affected),
        )
        for event in sorted(events, key=_place)
    )


def _key_if_any(version: str) -> str | None:
    return _key(version) if version else None


@lru_cache(maxsize=8192)
def _key(version: str) -> str:
    """Return a text whose order is that of versions; "" for what is none, before all others."""
    bare = version.removeprefix("v").removeprefix("go")
    return semver.precedence_key(bare if bare.startswith(("v", "go")) else f"v{bare}")


def _place(event: Event) -> tuple[bool, str]:
    """Sort events as x/vuln does: the beginning of time first, then by their versions."""
    if event.introduced == "0":
        return (False, "")
    return (True, _key(event.fixed or event.last_affected or event.introduced))


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise OSVError(f"{what} is not an object")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise OSVError(f"{what} is not a list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not _VERSION.match(value):
        raise OSVError(f"{quote(str(value)[:100])} is not a version")
    return value


def _line(value: Any) -> str:
    """Make one line of printable characters out of a text."""
    words = " ".join(str(value)[: 4 * _LONGEST_SUMMARY].split())
    shown = "".join(char for char in words if char.isprintable())
    return shown if len(shown) <= _LONGEST_SUMMARY else f"{shown[:_LONGEST_SUMMARY]}..."


def _number(text: str) -> int | float:
    # Numbers of thousands of digits take Python long, and no report has them.
    return int(text) if len(text) < 20 else math.inf


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
