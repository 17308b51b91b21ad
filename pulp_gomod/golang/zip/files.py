"""Which files of a tree belong in a module zip."""

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from .. import modfile, module
from ..errors import GoError
from .check import GO_MOD_CASE, GO_MOD_SIZE, LICENSE_SIZE, NOT_CLEAN
from .goversion import is_at_least
from .limits import MAX_GO_MOD, MAX_LICENSE, MAX_ZIP_FILE
from .names import GO_MOD, LICENSE, CollisionChecker, is_clean
from .report import CheckedFiles, FileError, SizeError, ZipError

VENDORED = "file is in vendor directory"
NOT_REGULAR = "not a regular file"
_IN_SUBMODULE = "file is in another module"
_HG_ARCHIVAL = "file is inserted by 'hg archive' and is always omitted"
_SYMLINK = "file is a symbolic link"
_VENDOR = "vendor/"
_IN_VENDOR = "/vendor/"


@dataclass(frozen=True)
class File:
    """
    A file that may become part of a module zip (zip.File).

    `path` is slash-separated and relative to the module's root; `size` is in bytes; `open` gives
    the content; `mode` is as in os.stat_result, of a symbolic link itself.
    """

    path: str
    size: int
    open: Callable[[], BinaryIO]
    mode: int = stat.S_IFREG | 0o644

    @property
    def is_regular(self) -> bool:
        """Whether it is an ordinary file."""
        return stat.S_ISREG(self.mode)


def check_files(files: Sequence[File]) -> CheckedFiles:
    """
    Report which files belong in a module zip, and which must not be there (zip.CheckFiles).

    Only the go.mod in the root is read: its go line decides how vendored packages are told apart.

    Raises OSError where that go.mod cannot be read.
    """
    return select_files(files)[0]


def select_files(files: Sequence[File]) -> tuple[CheckedFiles, list[File]]:
    """Do what `check_files` does, and return the valid files, too."""
    selection = _Selection(files)
    for file in files:
        selection.add(file)
    return selection.report, selection.valid


def read_go_version(go_mod: bytes) -> str:
    """Return the version of a go.mod's go line as `go1.21`, "" if there is none or no valid one."""
    try:
        parsed = modfile.parse_lax(go_mod)
    except GoError:
        return ""
    return f"go{parsed.go.version}" if parsed.go else ""


def is_vendored_package(name: str, go_version: str) -> bool:
    """
    Report whether a file belongs to a vendored package, which modules leave out.

    Before Go 1.24 `vendor/modules.txt` was kept, and for vendor directories further down the wrong
    part of the name was looked at. Modules that ask for an older Go keep it so, or their hashes
    would change (golang.org/issue/37397; isVendoredPackage in x/mod/zip).

    Arguments: slash-separated name; Go version as `go1.21`, or "".
    """
    version = go_version.partition("-")[0]
    fixed = version.startswith("go") and is_at_least(version[2:], "1.24")
    if fixed and name == "vendor/modules.txt":
        return True
    if name.startswith(_VENDOR):
        start = len(_VENDOR)
    elif _IN_VENDOR in name:
        start = len(_IN_VENDOR) + (name.index(_IN_VENDOR) if fixed else 0)
    else:
        return False
    return "/" in name[start:]


class _Omitted(ZipError):
    """A file is left out."""


class _Selection:
    def __init__(self, files: Sequence[File]) -> None:
        self.report = CheckedFiles()
        self.valid: list[File] = []
        self._checked: set[str] = set()
        self._collisions = CollisionChecker()
        self._room = MAX_ZIP_FILE
        self._go_version = ""
        self._modules: set[str] = set()
        for file in files:
            directory, slash, base = file.path.rpartition("/")
            if base.lower() == GO_MOD and file.is_regular:
                self._modules.add(directory + slash)
                if file.path == GO_MOD:
                    with file.open() as content:
                        self._go_version = read_go_version(content.read())

    def add(self, file: File) -> None:
        try:
            self._check(file)
        except _Omitted as error:
            self._refuse(self.report.omitted, file.path, ZipError(str(error)))
        except GoError as error:
            self._refuse(self.report.invalid, file.path, error)
        else:
            self.report.valid.append(file.path)
            self.valid.append(file)

    def _refuse(self, where: list[FileError], path: str, error: GoError) -> None:
        if path not in self._checked:
            self._checked.add(path)
            where.append(FileError(path, error))

    def _check(self, file: File) -> None:
        path = file.path
        self._check_place(path)
        module.check_file_path(path)
        if path.lower() == GO_MOD and path != GO_MOD:
            raise ZipError(GO_MOD_CASE)
        self._collisions.check(path, stat.S_ISDIR(file.mode))
        if stat.S_ISLNK(file.mode):
            raise _Omitted(_SYMLINK)
        if not file.is_regular:
            raise _Omitted(NOT_REGULAR)
        self._count(file)

    def _check_place(self, path: str) -> None:
        if not is_clean(path):
            raise ZipError(NOT_CLEAN)
        if path.startswith("/"):
            raise ZipError("file path is not relative")
        if is_vendored_package(path, self._go_version):
            raise _Omitted(VENDORED)
        if self._in_submodule(path):
            raise _Omitted(_IN_SUBMODULE)
        if path == ".hg_archival.txt":
            raise _Omitted(_HG_ARCHIVAL)

    def _in_submodule(self, path: str) -> bool:
        if not self._modules - {""}:
            return False
        end = path.rfind("/")
        while end >= 0:
            if path[: end + 1] in self._modules:
                return True
            end = path.rfind("/", 0, end)
        return False

    def _count(self, file: File) -> None:
        if 0 <= file.size <= self._room:
            self._room -= file.size
        elif self.report.size_error is None:
            self.report.size_error = SizeError(
                f"module source tree too large (max size is {MAX_ZIP_FILE} bytes)"
            )
        if file.path == GO_MOD and file.size > MAX_GO_MOD:
            raise ZipError(GO_MOD_SIZE)
        if file.path == LICENSE and file.size > MAX_LICENSE:
            raise ZipError(LICENSE_SIZE)
