"""Whether an archive is a module zip, without reading the files in it."""

from .. import module
from ..archive import Archive, Entry, Input, open_source
from ..archive.records import to_int64
from ..errors import GoError
from ..quote import quote
from .limits import MAX_GO_MOD, MAX_LICENSE, MAX_ZIP_FILE
from .names import GO_MOD, LICENSE, CollisionChecker, check_module, is_clean
from .report import CheckedFiles, FileError, SizeError, ZipError

NOT_CLEAN = "file path is not clean"
GO_MOD_CASE = "go.mod files must have lowercase names"
GO_MOD_SIZE = f"go.mod file too large (max size is {MAX_GO_MOD} bytes)"
LICENSE_SIZE = f"LICENSE file too large (max size is {MAX_LICENSE} bytes)"


def check_zip(path: str, version: str, file: Input) -> CheckedFiles:
    """
    Check the names and declared sizes in a module zip with the verdict of zip.CheckZip.

    The content is not read: `check_upload` does that.

    Arguments: module path and version; the archive, a path or a binary file that can seek.

    Raises GoError where Go gives no report: the version is not canonical or does not fit the path,
    the file does not open as a zip archive. Everything else is in the report, whose `error()` is
    None for a valid module zip. Raises OSError where the file cannot be read.
    """
    check_module(path, version)
    with open_source(file) as source:
        if source.size > MAX_ZIP_FILE:
            return CheckedFiles(
                size_error=SizeError(
                    f"module zip file is too large ({source.size} bytes; "
                    f"limit is {MAX_ZIP_FILE} bytes)"
                )
            )
        checker = ZipChecker(path, version)
        for entry in Archive(source).entries():
            checker.add(entry)
        return checker.report


class ZipChecker:
    """
    Checks the entries of one archive, given in the order of its directory.

    Arguments: module path and version, which all names must begin with.
    """

    def __init__(self, path: str, version: str) -> None:
        self.report = CheckedFiles()
        self.size = 0
        self._prefix = f"{path}@{version}/"
        self._collisions = CollisionChecker()

    def add(self, entry: Entry) -> None:
        """Take in one entry."""
        try:
            valid = self._check(entry)
        except GoError as error:
            self.report.invalid.append(FileError(entry.name, error))
        else:
            if valid:
                self.report.valid.append(entry.name)

    def _check(self, entry: Entry) -> bool:
        """Raise what is wrong with an entry; return whether it is a file."""
        if not entry.name.startswith(self._prefix):
            raise ZipError(f"path does not have prefix {quote(self._prefix)}")
        name = entry.name[len(self._prefix) :]
        if not name:
            return False
        is_dir = name.endswith("/")
        if is_dir:
            name = name[:-1]
        if not is_clean(name):
            raise ZipError(NOT_CLEAN)
        module.check_file_path(name)
        self._collisions.check(name, is_dir)
        if is_dir:
            return False
        _check_go_mod_name(name)
        self._count(name, to_int64(entry.uncompressed_size))
        return True

    def _count(self, name: str, size: int) -> None:
        if 0 <= size <= MAX_ZIP_FILE - self.size:
            self.size += size
        elif self.report.size_error is None:
            self.report.size_error = SizeError(
                "total uncompressed size of module contents too large "
                f"(max size is {MAX_ZIP_FILE} bytes)"
            )
        if name == GO_MOD and size > MAX_GO_MOD:
            raise ZipError(GO_MOD_SIZE)
        if name == LICENSE and size > MAX_LICENSE:
            raise ZipError(LICENSE_SIZE)


def _check_go_mod_name(name: str) -> None:
    directory, _, base = name.rpartition("/")
    if len(base) == len(GO_MOD) and base.lower() == GO_MOD:
        if directory:
            raise ZipError("go.mod file not in module root directory")
        if base != GO_MOD:
            raise ZipError(GO_MOD_CASE)
