"""Module zips: checking and creating them (package golang.org/x/mod/zip).

`check_zip` gives Go's own verdict on an archive. `check_upload` is the stricter gate of a server
that hosts modules: what passes it works with every Go.
"""

from pulp_gomod.golang.zip.check import check_zip
from pulp_gomod.golang.zip.creating import create, create_from_dir
from pulp_gomod.golang.zip.directory import check_dir
from pulp_gomod.golang.zip.files import File, check_files, is_vendored_package
from pulp_gomod.golang.zip.limits import MAX_GO_MOD, MAX_LICENSE, MAX_ZIP_FILE
from pulp_gomod.golang.zip.report import (
    CheckedFiles,
    FileError,
    FileErrorList,
    SizeError,
    ZipError,
)
from pulp_gomod.golang.zip.upload import MAX_FILES, Upload, check_upload
from pulp_gomod.golang.zip.vcs import UnrecognizedVCSError, VCSError, create_from_vcs
from pulp_gomod.golang.zip.weight import is_heavy

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
    "check_zip",
    "create",
    "create_from_dir",
    "create_from_vcs",
    "is_heavy",
    "is_vendored_package",
]
