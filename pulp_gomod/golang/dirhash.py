"""
Hashes over directory trees: the h1 of go.sum and of the checksum database.

One hash covers the names and the contents of all files of a module and nothing else: not the
compression, the order, the times or the modes. Source of the rules: golang.org/x/mod/sumdb/dirhash.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from .archive import Archive, Entry, Input, open_archive
from .errors import GoError
from .quote import printable

__all__ = ["DirhashError", "hash1", "hash_dir", "hash_go_mod", "hash_zip", "summarize"]

_CHUNK = 256 << 10


class DirhashError(GoError):
    """A tree has no hash."""


def summarize(files: Iterable[tuple[bytes, str]]) -> str:
    """
    Return the h1 of files whose content is hashed already.

    Arguments: name and SHA-256 of the content in hexadecimal of each file, in any order.

    Raises DirhashError if a name holds a newline.
    """
    summary = hashlib.sha256()
    for name, digest in sorted(files):
        _check_name(name)
        summary.update(b"%s  %s\n" % (digest.encode(), name))
    return "h1:" + base64.b64encode(summary.digest()).decode()


def hash1(names: Iterable[str], open_file: Callable[[str], BinaryIO]) -> str:
    """
    Return the h1 of named files (dirhash.Hash1).

    Arguments: the names; a function that opens one of them for reading bytes.

    Raises DirhashError if a name holds a newline, and whatever opening and reading raise.
    """

    def digests() -> Iterator[tuple[bytes, str]]:
        for raw, name in sorted((_encode(name), name) for name in names):
            _check_name(raw)
            with open_file(name) as file:
                yield raw, _file_digest(file)

    return summarize(digests())


def hash_zip(file: Input) -> str:
    """
    Return the h1 of a module zip, reading every file in it (dirhash.HashZip).

    As in Go directory entries count as empty files, and of entries with one name each is hashed
    with the content of the last. Memory stays flat however large the files are; time is bounded by
    the declared sizes, which `check_zip` limits.

    Arguments: a path or a binary file that can seek.

    Raises ArchiveError where Go cannot read the archive or one of its files, DirhashError if a name
    holds a newline.
    """
    with open_archive(file) as archive:
        entries = list(archive.entries())
        latest = {entry.name: entry for entry in entries}
        names = sorted((entry.raw_name, entry.name) for entry in entries)
        return summarize(_zip_digests(archive, names, latest))


def _zip_digests(
    archive: Archive, names: list[tuple[bytes, str]], latest: dict[str, Entry]
) -> Iterator[tuple[bytes, str]]:
    previous, digest = None, ""
    for raw, name in names:
        _check_name(raw)
        if name != previous:
            content = hashlib.sha256()
            for chunk in archive.chunks(latest[name]):
                content.update(chunk)
            previous, digest = name, content.hexdigest()
        yield raw, digest


def hash_dir(directory: str | os.PathLike[str], prefix: str) -> str:
    """
    Return the h1 of the files below a directory (dirhash.HashDir).

    Arguments: the directory; the name that stands for it in the hash, `module@version`.

    Raises DirhashError if it is no directory or a file name holds a newline, OSError where a file
    cannot be read (a symbolic link is read as what it points at, which fails for a directory).
    """
    root = os.fspath(directory)
    if os.path.islink(root) or not os.path.isdir(root):
        raise DirhashError(f"{printable(root)} is not a directory")
    paths = {
        os.path.normpath(os.path.join(prefix, name)).replace(os.sep, "/"): path
        for name, path in _walk(root)
    }
    return hash1(paths, lambda name: open(paths[name], "rb"))


def _walk(root: str) -> Iterator[tuple[str, str]]:
    waiting = [("", root)]
    while waiting:
        base, directory = waiting.pop()
        with os.scandir(directory) as found:
            for item in found:
                name = os.path.join(base, item.name)
                if item.is_dir(follow_symlinks=False):
                    waiting.append((name, item.path))
                else:
                    yield name, item.path


def hash_go_mod(data: bytes) -> str:
    """Return the h1 of a go.mod, as in the `/go.mod` lines of go.sum."""
    return summarize([(b"go.mod", hashlib.sha256(data).hexdigest())])


def _file_digest(file: BinaryIO) -> str:
    content = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        content.update(chunk)
    return content.hexdigest()


def _encode(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _check_name(name: bytes) -> None:
    if b"\n" in name:
        raise DirhashError(
            "dirhash: filenames with newlines are not supported: "
            + printable(name.decode("utf-8", "surrogateescape"))
        )
