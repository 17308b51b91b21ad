"""Module zips: checking and creating them (package golang.org/x/mod/zip).

`check_zip` gives Go's own verdict on an archive. `check_upload` is the stricter gate of a server
that hosts modules: what passes it works with every Go.
"""

from pulp_gomod.golang.zip.check import check_zip
from pulp_gomod.golang.zip.limits import MAX_GO_MOD, MAX_LICENSE, MAX_ZIP_FILE
from pulp_gomod.golang.zip.report import (
    CheckedFiles,
    FileError,
    FileErrorList,
    SizeError,
    ZipError,
)
from pulp_gomod.golang.zip.upload import MAX_FILES, Upload, check_upload

__all__ = [
    "MAX_FILES",
    "MAX_GO_MOD",
    "MAX_LICENSE",
    "MAX_ZIP_FILE",
    "CheckedFiles",
    "FileError",
    "FileErrorList",
    "SizeError",
    "Upload",
    "ZipError",
    "check_upload",
    "check_zip",
]
