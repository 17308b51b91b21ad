"""Pairs of module path and version (module.Version, Check, CanonicalVersion, Sort)."""

from functools import cmp_to_key
from typing import NamedTuple

from .. import semver
from ..unicode import text_bytes
from .errors import InvalidVersionError, ModuleError
from .major import check_path_major, split_path_version
from .paths import check_path

__all__ = ["Version", "canonical_version", "check", "sort"]


class Version(NamedTuple):
    """
    A module path and a version of that module, both unescaped.

    In go.sum the version may be followed by `/go.mod`; a replacement by a directory has none ("").
    """

    path: str
    version: str = ""

    def __str__(self) -> str:
        """Return `path@version`, or the path alone if there is no version."""
        return f"{self.path}@{self.version}" if self.version else self.path


def check(path: str, version: str) -> None:
    """
    Check that path and version are valid and belong together (module.Check).

    Short versions like `v1` and build metadata pass: what is stored must besides be equal to its
    `canonical_version`.

    Raises InvalidPathError for the path, ModuleError for the version.
    """
    check_path(path)
    try:
        if not semver.is_valid(version):
            raise InvalidVersionError(version, "not a semantic version")
        check_path_major(version, split_path_version(path).path_major)
    except InvalidVersionError as error:
        raise ModuleError(path, error) from error


def canonical_version(v: str) -> str:
    """Return semver.canonical(v), but keep `+incompatible` (module.CanonicalVersion)."""
    suffix = "+incompatible" if semver.build(v) == "+incompatible" else ""
    return semver.canonical(v) + suffix


def _compare_text(left: str, right: str) -> int:
    if left == right:
        return 0
    return -1 if text_bytes(left) < text_bytes(right) else 1


def _compare(left: tuple[str, str], right: tuple[str, str]) -> int:
    if left[0] != right[0]:
        return _compare_text(left[0], right[0])
    left_version, left_slash, left_file = left[1].partition("/")
    right_version, right_slash, right_file = right[1].partition("/")
    if left_version != right_version:
        return semver.compare(left_version, right_version)
    return _compare_text(left_slash + left_file, right_slash + right_file)


def sort(versions: list[Version]) -> list[Version]:
    """
    Sort the list in place as go.sum is sorted, and return it (module.Sort).

    By path (bytes), then by semantic version, then by what follows a slash in the version. Pairs
    that compare equal keep their order.
    """
    versions.sort(key=cmp_to_key(_compare))
    return versions
