"""The files of a directory tree that may become a module."""

import os
import stat
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from .files import (
    NOT_REGULAR,
    VENDORED,
    File,
    check_files,
    is_vendored_package,
    read_go_version,
)
from .names import GO_MOD
from .report import CheckedFiles, FileError, ZipError

_VCS_DIRECTORIES = frozenset([".bzr", ".git", ".hg", ".svn"])
_VCS = "directory is a version control repository"
_SUBMODULE = "directory is in another module"


def check_dir(directory: str | os.PathLike[str]) -> CheckedFiles:
    """
    Report which files of a directory belong in its module zip (zip.CheckDir).

    The paths in the report begin with the directory. Of a directory that is left out as a whole
    only its own name is reported.

    Raises OSError where the tree cannot be read.
    """
    root = os.fspath(directory)
    files, omitted = list_files(root)
    report = check_files(files)
    return CheckedFiles(
        valid=[_join(root, path) for path in report.valid],
        omitted=[
            FileError(_join(root, each.path), each.error) for each in report.omitted + omitted
        ],
        invalid=[FileError(_join(root, each.path), each.error) for each in report.invalid],
        size_error=report.size_error,
    )


def list_files(root: str) -> tuple[list[File], list[FileError]]:
    """
    List the files below a directory, and what is left out (listFilesInDir of x/mod/zip).

    Raises OSError where the tree cannot be read.
    """
    files: list[File] = []
    omitted: list[FileError] = []
    version = _root_go_version(root)
    for path, slash_path, status in _walk(root, omitted, version):
        if is_vendored_package(slash_path, version):
            omitted.append(FileError(slash_path, ZipError(VENDORED)))
        elif not stat.S_ISREG(status.st_mode):
            omitted.append(FileError(slash_path, ZipError(NOT_REGULAR)))
        else:
            opener = partial(_open, path)
            files.append(File(slash_path, status.st_size, opener, status.st_mode))
    return files, omitted


def _open(path: str) -> BinaryIO:
    return open(path, "rb")


def _root_go_version(root: str) -> str:
    try:
        with open(os.path.join(root, GO_MOD), "rb") as file:
            return read_go_version(file.read())
    except OSError:
        return ""


def _walk(
    root: str, omitted: list[FileError], version: str
) -> Iterator[tuple[str, str, os.stat_result]]:
    """Yield path, path below the root, and status of all but directories, in Go's order."""
    waiting = [(root, ".")]
    while waiting:
        path, slash_path = waiting.pop()
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode):
            yield path, slash_path, status
            continue
        if path != root:
            if is_vendored_package(slash_path, version):
                omitted.append(FileError(slash_path, ZipError(VENDORED)))
            else:
                reason = _why_skip(path)
                if reason:
                    omitted.append(FileError(slash_path, ZipError(reason)))
                    continue
        prefix = "" if path == root else slash_path + "/"
        names = sorted(os.listdir(path), key=os.fsencode, reverse=True)
        waiting += [(os.path.join(path, name), prefix + name) for name in names]


def _why_skip(path: str) -> str | None:
    """Say why a directory, though not vendored, is left out with all that it holds."""
    if os.path.basename(path) in _VCS_DIRECTORIES:
        return _VCS
    try:
        status = os.lstat(os.path.join(path, GO_MOD))
    except OSError:
        return None
    return None if stat.S_ISDIR(status.st_mode) else _SUBMODULE


def _join(root: str, path: str) -> str:
    return os.path.normpath(os.path.join(root, path))
