"""
Module zips: checking and creating them (package golang.org/x/mod/zip).

`check_zip` gives Go's own verdict on an archive. `check_upload` is the stricter gate of a server
that hosts modules: what passes it works with every Go.
"""

from .check import check_zip
from .creating import create, create_from_dir
from .directory import check_dir
from .files import File, check_files, is_vendored_package
from .limits import MAX_GO_MOD, MAX_LICENSE, MAX_ZIP_FILE
from .report import (
    CheckedFiles,
    FileError,
    FileErrorList,
    SizeError,
    ZipError,
)
from .upload import MAX_FILES, Upload, check_upload
from .vcs import UnrecognizedVCSError, VCSError, check_vcs, create_from_vcs
from .weight import is_heavy

__all__ = [
    "MAX_FILES",
    "MAX_GO_MOD",
    "MAX_LICENSE",
    "MAX_ZIP_FILE",
    "CheckedFiles",
    "File",
    "FileError",
    "FileErrorList",
    "SizeError",
    "UnrecognizedVCSError",
    "Upload",
    "VCSError",
    "ZipError",
    "check_dir",
    "check_files",
    "check_upload",
    "check_vcs",
    "check_zip",
    "create",
    "create_from_dir",
    "create_from_vcs",
    "is_heavy",
    "is_vendored_package",
]
