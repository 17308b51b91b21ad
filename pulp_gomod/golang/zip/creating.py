"""Making module zips."""

import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from ..quote import quote
from .directory import list_files
from .files import File, select_files
from .names import check_module
from .report import ZipError

Output = str | os.PathLike[str] | BinaryIO
"""Where an archive is written: the path of a file, or a binary file."""

_CHUNK = 256 << 10


def create(out: Output, path: str, version: str, files: Sequence[File]) -> None:
    """
    Write the zip of a module that consists of some files (zip.Create).

    Files that do not belong in it are left out: those of other modules below, of most vendored
    packages, and all that are not regular. The same files always give the same bytes.

    Arguments: where to write; module path and version; the files.

    Raises GoError, before anything is written, if version or path are not valid or `check_files`
    finds something wrong, and afterwards if a file is larger than it said; OSError where files
    cannot be read or written.
    """
    check_module(path, version)
    report, valid = select_files(files)
    wrong = report.error()
    if wrong is not None:
        raise wrong
    with _open(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in valid:
            _add(archive, f"{path}@{version}/{each.path}", each)


def create_from_dir(
    out: Output, path: str, version: str, directory: str | os.PathLike[str]
) -> None:
    """
    Write the zip of a module from a directory (zip.CreateFromDir).

    Besides what `create` leaves out, the directories of version control systems are left out.

    Arguments: where to write; module path and version; the directory.

    Raises what `create` raises.
    """
    create(out, path, version, list_files(os.fspath(directory))[0])


def _add(archive: zipfile.ZipFile, name: str, file: File) -> None:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    info.file_size = file.size
    left = file.size
    with file.open() as content, archive.open(info, "w") as entry:
        while data := content.read(_CHUNK):
            left -= len(data)
            if left < 0:
                raise ZipError(f"file {quote(file.path)} is larger than declared size")
            entry.write(data)


@contextmanager
def _open(out: Output) -> Iterator[BinaryIO]:
    if isinstance(out, str | os.PathLike):
        with open(out, "wb") as file:
            yield file
    else:
        yield out
