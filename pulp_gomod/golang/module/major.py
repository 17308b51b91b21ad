"""The major version that a module path carries (SplitPathVersion, CheckPathMajor)."""

import re
from typing import NamedTuple

from .. import semver
from ..errors import GoError
from ..quote import quote, replace_invalid
from .errors import InvalidPathError, InvalidVersionError

__all__ = [
    "SplitPath",
    "check_path_major",
    "match_path_major",
    "path_major_prefix",
    "split_path_version",
    "try_split_path_version",
]

_GOPKG_IN = "gopkg.in/"
_UNSTABLE = "-unstable"
_GOPKG_SUFFIX = re.compile(r"\.v(?:0|[1-9][0-9]*|(?:[1-9][0-9]*)?-unstable)\Z")
_VERSION_LIKE = re.compile(r"/v[0-9.]+\Z")
_SUFFIX = re.compile(r"/v(?!1\Z)[1-9][0-9]*")


class SplitPath(NamedTuple):
    """A module path in two parts that make it up again: prefix + path_major."""

    prefix: str
    path_major: str


def try_split_path_version(path: str) -> SplitPath | None:
    """Split path as `split_path_version` does, but return None where that raises."""
    if path.startswith(_GOPKG_IN):
        found = _GOPKG_SUFFIX.search(path)
        return SplitPath(path[: found.start()], found[0]) if found else None
    found = _VERSION_LIKE.search(path)
    if found is None:
        return SplitPath(path, "")
    if _SUFFIX.fullmatch(found[0]) is None:
        return None
    return SplitPath(path[: found.start()], found[0])


def split_path_version(path: str) -> SplitPath:
    """
    Split path into its prefix and its major version suffix (module.SplitPathVersion).

    The suffix is `/vN` with N >= 2, or empty; paths that begin with `gopkg.in/` need one of the
    form `.vN` with any N, or `.vN-unstable` with N >= 1 (or, as Go has it, with no N at all).

    Raises InvalidPathError if path ends in something like a suffix that is none ("/v1", "/v2.3").
    """
    split = try_split_path_version(path)
    if split is None:
        raise InvalidPathError("module", path, "invalid version")
    return split


def _without_unstable(path_major: str) -> str:
    return path_major.removesuffix(_UNSTABLE) if path_major.startswith(".v") else path_major


def _path_major_problem(v: str, path_major: str) -> str | None:
    path_major = _without_unstable(path_major)
    # An old bug made v0.0.0- pseudo-versions for gopkg.in paths that end in .v1.
    if path_major == ".v1" and v.startswith("v0.0.0-"):
        return None
    major = semver.major(v)
    if not path_major:
        fits = major in ("v0", "v1") or semver.build(v) == "+incompatible"
        expected = "v0 or v1"
    elif path_major[0] in "/.":
        expected = path_major[1:]
        fits = major == expected
    else:
        expected = path_major
        fits = False
    return None if fits else f"should be {replace_invalid(expected)}, not {major}"


def check_path_major(v: str, path_major: str) -> None:
    """
    Check that version v fits the major version suffix of a path (module.CheckPathMajor).

    Raises InvalidVersionError if it does not.
    """
    problem = _path_major_problem(v, path_major)
    if problem:
        raise InvalidVersionError(v, problem)


def match_path_major(v: str, path_major: str) -> bool:
    """Report whether `check_path_major` accepts the pair (module.MatchPathMajor)."""
    return _path_major_problem(v, path_major) is None


def path_major_prefix(path_major: str) -> str:
    """
    Return the beginning of the versions that a suffix implies (module.PathMajorPrefix).

    That is `v2` for `/v2`, and "" for "", which allows v0 and v1.

    Raises GoError (Go panics) if path_major is no suffix that `split_path_version` returns.
    """
    if not path_major:
        return ""
    if path_major[0] not in "/.":
        raise GoError(f"path major suffix {quote(path_major)} lacks separator")
    major = _without_unstable(path_major)[1:]
    if major != semver.major(major):
        raise GoError(f"path major suffix {quote(path_major)} is not a valid major version")
    return major
