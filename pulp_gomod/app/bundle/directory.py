"""Writing a bundle below a directory of the server's own."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from pulp_gomod.app.bundle.entries import Entry
from pulp_gomod.app.bundle.plan import ABOUT, Plan
from pulp_gomod.app.bundle.stream import with_bodies
from pulp_gomod.app.storage.reading import ZipReader
from pulp_gomod.app.storage.stored_zip import StoredZip

Method = Literal["write", "hardlink", "symlink"]

# Is there while a bundle is being written.
_UNFINISHED = "bundle/unfinished"


class NotABundleError(Exception):
    """
    A directory has something else than an older bundle.

    Attributes:
        line: For people.
    """

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


def check_directory(root: Path, since: int | None = None) -> None:
    """
    See that a bundle may be written to a directory: there is none, it is empty, or it has an older one.

    Args:
        root: The directory.
        since: The number of the repository version after which the bundle begins; None for a whole one.

    Raises:
        NotABundleError: There is something else, or an older one that lacks what came before this one begins.
    """
    if not root.exists():
        return
    if not root.is_dir():
        raise NotABundleError(f"{root} is not a directory")
    if any(root.iterdir()) and not any((root / name).is_file() for name in (ABOUT, _UNFINISHED)):
        raise NotABundleError(f"{root} has other files in it; name an empty directory or a new one")
    there = _version_in(root)
    if since is not None and there is not None and there < since:
        raise NotABundleError(
            f"{root} has a bundle of version {there}, and would lack what came between that and version {since}: "
            f"begin with since {there}, or name an empty directory"
        )


def _version_in(root: Path) -> int | None:
    """Return the number of the repository version that a directory has a bundle of, if it says so."""
    try:
        version = json.loads((root / ABOUT).read_bytes())["version"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return version if isinstance(version, int) else None


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
    writer = _Writer(root, method, zips)
    writer.put(_UNFINISHED, iter((b"",)))
    last: list[tuple[str, bytes]] = []
    for _, entries in plan.entries():
        for entry, body in with_bodies(entries):
            if entry.path == ABOUT:
                last.append((entry.path, body or b""))
            elif entry.zip is not None:
                writer.put_zip(entry.path, entry.zip)
            else:
                writer.put(entry.path, iter((body or b"",)))
            wrote(entry)
    for path, body in last:
        writer.put(path, iter((body,)))
    (root / _UNFINISHED).unlink()


class _Writer:
    """Puts files into place."""

    def __init__(self, root: Path, method: Method, zips: ZipReader) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()
        self._method = method
        self._zips = zips
        self._known: Path | None = None

    def put(self, path: str, pieces: Iterator[bytes]) -> None:
        """Write a file."""
        beside, target = self._places(path)
        with beside.open("xb") as file:
            for piece in pieces:
                file.write(piece)
        os.replace(beside, target)

    def put_zip(self, path: str, found: StoredZip) -> None:
        """Write a zip, or link to it."""
        stored = self._zips.path(found)
        if self._method == "write" or stored is None or not self._link(path, stored):
            self.put(path, self._zips.read(found, 0, found.size))

    def _link(self, path: str, stored: str) -> bool:
        beside, target = self._places(path)
        if self._method == "symlink":
            os.symlink(stored, beside)
        else:
            try:
                os.link(stored, beside)
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
                    raise
                return False
        os.replace(beside, target)
        if beside.is_symlink() or beside.exists():
            # They are the same file already.
            beside.unlink()
        return True

    def _places(self, path: str) -> tuple[Path, Path]:
        """Return where a file is written, and where it then goes: through no link out of the root."""
        target = self._root / path
        if target.parent != self._known:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.parent.resolve().is_relative_to(self._root):
                raise NotABundleError(f"{target.parent} is a link that leads out of {self._root}")
            self._known = target.parent
        # No module's file has such a name.
        beside = target.with_name(f".{target.name}.new")
        beside.unlink(missing_ok=True)
        return beside, target
