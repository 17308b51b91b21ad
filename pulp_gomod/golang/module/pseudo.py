"""
Pseudo-versions: names for commits that have no tag (golang.org/x/mod/module, pseudo.go).

    vX.0.0-yyyymmddhhmmss-rev            no tag before the commit
    vX.Y.(Z+1)-0.yyyymmddhhmmss-rev      the tag before it is vX.Y.Z
    vX.Y.Z-pre.0.yyyymmddhhmmss-rev      the tag before it is vX.Y.Z-pre

The last two may end in the build metadata of that tag, in practice `+incompatible`.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from .. import semver
from ..errors import GoError
from .errors import InvalidVersionError

__all__ = [
    "is_pseudo_version",
    "is_zero_pseudo_version",
    "pseudo_version",
    "pseudo_version_base",
    "pseudo_version_rev",
    "pseudo_version_time",
    "zero_pseudo_version",
]

_PSEUDO = re.compile(
    r"v[0-9]+\.(?:0\.0-|[0-9]+\.[0-9]+-(?:[^+]*\.)?0\.)[0-9]{14}-[A-Za-z0-9]+"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_TRAILING_NINES = re.compile(r"9*\Z")
_TRAILING_ZEROS = re.compile(r"0*\Z")
_ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)


class _Pseudo(NamedTuple):
    base: str
    """vX.0.0, vX.Y.(Z+1)-0 or vX.Y.Z-pre.0"""
    timestamp: str
    rev: str
    build: str


def is_pseudo_version(v: str) -> bool:
    """
    Report whether v has the form of a pseudo-version (module.IsPseudoVersion).

    The time in it need not exist.
    """
    return v.count("-") >= 2 and semver.is_valid(v) and _PSEUDO.fullmatch(v) is not None


def is_zero_pseudo_version(v: str) -> bool:
    """Report whether `zero_pseudo_version` returns v for its major version."""
    return v == zero_pseudo_version(semver.major(v))


def _parse(v: str) -> _Pseudo:
    if not is_pseudo_version(v):
        raise InvalidVersionError(v, "syntax error", pseudo=True)
    build = semver.build(v)
    rest, _, rev = v.removesuffix(build).rpartition("-")
    # The time follows the last dot or dash: "vX.0.0-TIME", "vX.Y.Z-pre.0.TIME".
    separator = max(rest.rindex("-"), rest.rindex("."))
    return _Pseudo(rest[:separator], rest[separator + 1 :], rev, build)


def _increment(digits: str) -> str:
    # Not with int, which refuses numbers of more than 4300 digits.
    head = _TRAILING_NINES.sub("", digits)
    zeros = "0" * (len(digits) - len(head))
    return (head[:-1] + str(int(head[-1]) + 1) if head else "1") + zeros


def _decrement(digits: str) -> str | None:
    """Return the number before, or None before 0."""
    head = _TRAILING_ZEROS.sub("", digits)
    if not head:
        return None
    nines = "9" * (len(digits) - len(head))
    if head == "1" and nines:
        return nines
    return head[:-1] + str(int(head[-1]) - 1) + nines


def _timestamp(time: datetime) -> str:
    if time.tzinfo is not None:
        try:
            time = time.astimezone(UTC)
        except OverflowError as error:
            raise GoError(f"time {time.isoformat()} is outside of the years 1 to 9999") from error
    return f"{time.year:04d}{time:%m%d%H%M%S}"


def pseudo_version(major: str, older: str, time: datetime, rev: str) -> str:
    """
    Return the pseudo-version of a commit (module.PseudoVersion).

    Arguments: `major` is the major version of the module ("v1", or "" for v0), `older` the tag
    before the commit ("" if there is none), `time` that of the commit (of any time zone; one
    without is taken for UTC), and `rev` the beginning of its hash, by custom 12 digits.
    """
    segment = f"{_timestamp(time)}-{rev}"
    build = semver.build(older)
    older = semver.canonical(older)
    if not older:
        return f"{major or 'v0'}.0.0-{segment}"
    if semver.prerelease(older):
        return f"{older}.0.{segment}{build}"
    minor, _, patch = older.rpartition(".")
    return f"{minor}.{_increment(patch)}-0.{segment}{build}"


def zero_pseudo_version(major: str) -> str:
    """Return a placeholder: the pseudo-version without time and commit (ZeroPseudoVersion)."""
    return pseudo_version(major, "", _ZERO_TIME, "000000000000")


def pseudo_version_time(v: str) -> datetime:
    """
    Return the time in a pseudo-version, aware and in UTC (module.PseudoVersionTime).

    Raises InvalidVersionError if v is no pseudo-version or if the time in it does not exist. The
    year 0, which Go knows and Python does not, counts as one that does not exist.
    """
    stamp = _parse(v).timestamp
    fields = [int(stamp[:4])] + [int(stamp[at : at + 2]) for at in range(4, 14, 2)]
    year, month, day, hour, minute, second = fields
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise InvalidVersionError(v, f'malformed time "{stamp}"', pseudo=True) from error


def pseudo_version_rev(v: str) -> str:
    """
    Return the revision in a pseudo-version (module.PseudoVersionRev).

    Raises InvalidVersionError if v is no pseudo-version.
    """
    return _parse(v).rev


def pseudo_version_base(v: str) -> str:
    """
    Return the tag before the commit, "" if there is none (module.PseudoVersionBase).

    Raises InvalidVersionError if v is no pseudo-version, or one that cannot come from any tag.
    """
    base, _, _, build = _parse(v)
    pre = semver.prerelease(base)
    if not pre:
        if build:
            problem = f'lacks base version, but has build metadata "{build}"'
            raise InvalidVersionError(v, problem, pseudo=True)
        return ""
    if pre != "-0":
        return base.removesuffix(".0") + build
    release = base.removesuffix(pre)
    minor, _, patch = release.rpartition(".")
    before = _decrement(patch)
    if before is None:
        problem = f"version before {release} would have negative patch number"
        raise InvalidVersionError(v, problem, pseudo=True)
    return f"{minor}.{before}{build}"
