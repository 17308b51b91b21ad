"""Writing a bundle below a directory of the server's own."""

import contextlib
import errno
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pulp_gomod.app.bundle.entries import Entry
from pulp_gomod.app.bundle.plan import ABOUT, Plan
from pulp_gomod.app.bundle.stream import with_bodies
from pulp_gomod.app.storage.faults import DamagedFileError
from pulp_gomod.app.storage.reading import ZipReader
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang.quote import printable

Method = Literal["write", "hardlink", "symlink"]

# Is there while a bundle is being written.
_UNFINISHED = "bundle/unfinished"
# Directories that are open at once: those of a module, and those of its proofs.
_OPEN = 8
# Why a hard link cannot be made.
_NO_LINKS = (errno.EXDEV, errno.EMLINK, errno.EPERM)


class NotABundleError(Exception):
    """
    A directory has something else than an older bundle.

    Attributes:
        line: For people.
    """

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


def check_directory(root: Path, since: int | None = None, repository: str | None = None) -> None:
    """
    See that a bundle may be written to a directory: there is none, it is empty, or it has an older one.

    Args:
        root: The directory.
        since: The number of the repository version after which the bundle begins; None for a whole one.
        repository: The name of the repository that the bundle is of; None if that does not matter.

    Raises:
        NotABundleError: There is something else, or an older one that lacks what came before this one begins,
            or one of another repository, whose lists of versions this one would replace.
    """
    if not root.exists():
        return
    if not root.is_dir():
        raise NotABundleError(f"{root} is not a directory")
    if any(root.iterdir()) and not any((root / name).is_file() for name in (ABOUT, _UNFINISHED)):
        raise NotABundleError(f"{root} has other files in it; name an empty directory or a new one")
    about = _about_in(root)
    there, other = about.get("version"), about.get("repository")
    if repository is not None and isinstance(other, str) and other != repository:
        raise NotABundleError(
            f"{root} has a bundle of the repository {printable(other)}, whose lists of versions would be replaced: "
            "name an empty directory"
        )
    if since is not None and isinstance(there, int) and there < since:
        raise NotABundleError(
            f"{root} has a bundle of version {there}, and would lack what came between that and version {since}: "
            f"begin with since {there}, or name an empty directory"
        )


def _about_in(root: Path) -> dict[str, Any]:
    """Return what the bundle in a directory says of itself; nothing if there is none, or it says nothing."""
    try:
        about = json.loads((root / ABOUT).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def write_tree(
    plan: Plan, root: Path, method: Method, zips: ZipReader, wrote: Callable[[Entry], None]
) -> None:
    """
    Write a bundle over what is in a directory.

    Each file appears under its name when it is complete, and `bundle/about.json` last of all.

    Args:
        plan: The bundle.
        root: The directory.
        method: How zips get there. Links are made in the file system where the storage is; where a hard link
            cannot be made, the zip is written.
        zips: Reads zips.
        wrote: Is told of each file.

    Raises:
        NotABundleError: As of `check_directory`.
        ChangedError: The repository version was deleted meanwhile.
        OSError: A file cannot be written.
    """
    check_directory(root, plan.scope.since)
    with contextlib.closing(_Writer(root, method, zips)) as writer:
        writer.put(_UNFINISHED, ())
        last: list[tuple[str, bytes]] = []
        for _, entries in plan.entries():
            for entry, body in with_bodies(entries):
                if entry.path == ABOUT:
                    last.append((entry.path, body or b""))
                elif entry.zip is not None:
                    writer.put_zip(entry.path, entry.zip)
                else:
                    writer.put(entry.path, (body or b"",))
                wrote(entry)
        for path, body in last:
            writer.put(path, (body,))
    (root / _UNFINISHED).unlink()


class _Writer:
    """
    Puts files into place.

    It keeps a few directories open, and works in them by names alone: to find a directory takes the kernel longer
    than to make a small file.
    """

    def __init__(self, root: Path, method: Method, zips: ZipReader) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()
        self._method = method
        self._zips = zips
        self._open: OrderedDict[str, int] = OrderedDict()

    def close(self) -> None:
        """Close all directories."""
        for directory in self._open.values():
            os.close(directory)
        self._open.clear()

    def put(self, path: str, pieces: Iterable[bytes]) -> None:
        """Write a file."""
        with self._naming(path):
            directory, name = self._place(path)
            beside = _beside(name)
            file = _created(beside, directory)
            try:
                for piece in pieces:
                    rest = memoryview(piece)
                    while rest:
                        rest = rest[os.write(file, rest) :]
            finally:
                os.close(file)
            os.replace(beside, name, src_dir_fd=directory, dst_dir_fd=directory)

    @contextlib.contextmanager
    def _naming(self, path: str) -> Iterator[None]:
        """Have what the disk refuses name the whole path, of which the system is told a part."""
        try:
            yield
        except DamagedFileError:
            raise
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._root / path)) from error

    def put_zip(self, path: str, found: StoredZip) -> None:
        """Write a zip, or link to it."""
        stored = self._zips.path(found)
        if self._method == "write" or stored is None or not self._link(path, stored):
            self.put(path, self._zips.read(found, 0, found.size))

    def _link(self, path: str, stored: str) -> bool:
        link = os.symlink if self._method == "symlink" else os.link
        try:
            with self._naming(path):
                self._replace(link, stored, *self._place(path))
        except OSError as error:
            if self._method == "symlink" or error.errno not in _NO_LINKS:
                raise
            return False
        return True

    def _replace(self, link: Callable[..., None], stored: str, directory: int, name: str) -> None:
        where = "dir_fd" if link is os.symlink else "dst_dir_fd"
        try:
            link(stored, name, **{where: directory})
            return
        except FileExistsError:
            beside = _beside(name)
            _remove(beside, directory)
            link(stored, beside, **{where: directory})
        os.replace(beside, name, src_dir_fd=directory, dst_dir_fd=directory)
        # It is there still if they are the same file already.
        _remove(beside, directory)

    def _place(self, path: str) -> tuple[int, str]:
        """Return the directory in which a file is, and its name there: through no link out of the root."""
        parent, _, name = path.rpartition("/")
        known = self._open.get(parent)
        if known is not None:
            self._open.move_to_end(parent)
            return known, name
        directory = self._root / parent
        directory.mkdir(parents=True, exist_ok=True)
        if not directory.resolve().is_relative_to(self._root):
            raise NotABundleError(f"{directory} is a link that leads out of {self._root}")
        if len(self._open) >= _OPEN:
            os.close(self._open.popitem(last=False)[1])
        opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._open[parent] = opened
        return opened, name


def _beside(name: str) -> str:
    """Return the name of a file that is being written: no module's file has such a one."""
    return f".{name}.new"


def _created(name: str, directory: int) -> int:
    """Create a file, in place of what an ended attempt has left."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(name, flags, 0o666, dir_fd=directory)
    except FileExistsError:
        os.unlink(name, dir_fd=directory)
        return os.open(name, flags, 0o666, dir_fd=directory)


def _remove(name: str, directory: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)
