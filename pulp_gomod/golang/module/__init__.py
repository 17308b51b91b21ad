"""
Module paths and versions as Go defines them (package golang.org/x/mod/module).

Every function carries the name that it has there. Whatever breaks a rule raises a GoError.
"""

from .errors import InvalidPathError, InvalidVersionError, ModuleError
from .escape import (
    escape_path,
    escape_version,
    unescape_path,
    unescape_version,
)
from .major import (
    SplitPath,
    check_path_major,
    match_path_major,
    path_major_prefix,
    split_path_version,
)
from .paths import check_file_path, check_import_path, check_path
from .patterns import match_prefix_patterns
from .pseudo import (
    is_pseudo_version,
    is_zero_pseudo_version,
    pseudo_version,
    pseudo_version_base,
    pseudo_version_rev,
    pseudo_version_time,
    zero_pseudo_version,
)
from .versions import Version, canonical_version, check, sort

__all__ = [
    "InvalidPathError",
    "InvalidVersionError",
    "ModuleError",
    "SplitPath",
    "Version",
    "canonical_version",
    "check",
    "check_file_path",
    "check_import_path",
    "check_path",
    "check_path_major",
    "escape_path",
    "escape_version",
    "is_pseudo_version",
    "is_zero_pseudo_version",
    "match_path_major",
    "match_prefix_patterns",
    "path_major_prefix",
    "pseudo_version",
    "pseudo_version_base",
    "pseudo_version_rev",
    "pseudo_version_time",
    "sort",
    "split_path_version",
    "unescape_path",
    "unescape_version",
    "zero_pseudo_version",
]
