"""Making the zip of a module from a commit in a repository."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BytesIO, RawIOBase
from types import MappingProxyType
from typing import BinaryIO, Final, cast

from ..archive import Archive, Entry, Source
from ..quote import printable, quote
from .creating import Output, create
from .files import File, check_files
from .names import LICENSE
from .plain_git import plain_view
from .report import CheckedFiles, ZipError

# The repository as it is.
_NO_VIEW: Final[Mapping[str, str]] = MappingProxyType({})


class UnrecognizedVCSError(ZipError):
    """A directory is not the root of a repository of a known kind."""


class VCSError(ZipError):
    """The version control system did not give out the files."""


def create_from_vcs(
    out: Output,
    path: str,
    version: str,
    repo_root: str | os.PathLike[str],
    revision: str,
    subdir: str = "",
    *,
    as_fetched: bool = False,
) -> None:
    """
    Write the zip of a module from a commit of a git repository (zip.CreateFromVCS).

    The files are those that `git archive` gives; a module in a subdirectory without a LICENSE gets
    the one from the root of the repository.

    Arguments: where to write; module path and version; the root of a working tree; what git is to
    take (a tag, a branch, a commit); the directory of the module below the root; whether the files
    are to be those that the go command gets when it fetches from the repository, which differ
    where attributes of git say `export-ignore` or `export-subst`. The root may then also be that of
    a linked working tree or a submodule.

    Raises UnrecognizedVCSError where the root is not that of a git working tree (then
    `create_from_dir` may be what is wanted), VCSError where git fails, and what `create` raises.
    """
    with _files_of_commit(repo_root, revision, subdir, as_fetched) as files:
        create(out, path, version, files)


def check_vcs(
    repo_root: str | os.PathLike[str], revision: str, subdir: str = "", *, as_fetched: bool = False
) -> CheckedFiles:
    """
    Report which files of a commit belong in a module zip, and what is left out of it and why.

    Arguments and exceptions: as of `create_from_vcs`.
    """
    with _files_of_commit(repo_root, revision, subdir, as_fetched) as files:
        return check_files(files)


@contextmanager
def _files_of_commit(
    repo_root: str | os.PathLike[str], revision: str, subdir: str, as_fetched: bool
) -> Iterator[list[File]]:
    root = os.fspath(repo_root)
    for argument in (revision, subdir):
        if argument.startswith("-"):
            raise VCSError(f"{quote(argument)} begins with a dash, git would take it for an option")
    if not as_fetched and not _is_git_repo(root):
        raise UnrecognizedVCSError(
            f"could not find a recognized version control system at {quote(root)}"
        )
    with tempfile.TemporaryFile() as scratch:
        if as_fetched:
            commit = _ask(root, "rev-parse", "--verify", f"{revision}^{{commit}}").decode().strip()
            with plain_view(root, partial(_ask, root)) as view:
                _git_archive(root, commit, subdir, scratch, view)
        else:
            _git_archive(root, revision, subdir, scratch)
        files = _files(Archive(Source(scratch)), subdir)
        if subdir and not any(file.path == LICENSE for file in files):
            files += _root_license(root, revision)
        yield files


def _git(
    root: str, *args: str, out: BinaryIO | int, view: Mapping[str, str] = _NO_VIEW
) -> "subprocess.CompletedProcess[bytes]":
    # git must see the directory as the caller names it, for a root that is a symbolic link.
    environment = {**os.environ, "PWD": root, **view}
    try:
        return subprocess.run(
            ["git", *args],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            check=False,
        )
    except FileNotFoundError as error:
        raise VCSError(f"cannot run git in {printable(root)}: {error.strerror}") from error


def _is_git_repo(root: str) -> bool:
    done = _git(root, "rev-parse", "--git-dir", out=subprocess.PIPE)
    if done.returncode:
        return False
    found = os.path.join(root, os.fsdecode(done.stdout).strip())
    return os.path.normpath(found) == os.path.normpath(os.path.join(root, ".git"))


def _git_archive(
    root: str, revision: str, subdir: str, out: BinaryIO, view: Mapping[str, str] = _NO_VIEW
) -> None:
    # Line ends are to be the same on every system: translated on the way in, not on the way out.
    settings = ("-c", "core.autocrlf=input", "-c", "core.eol=lf")
    where = (subdir,) if subdir else ()
    done = _git(root, *settings, "archive", "--format=zip", revision, *where, out=out, view=view)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise VCSError(f"error running `git archive` for {quote(revision)}: {said}")


def _ask(root: str, *args: str) -> bytes:
    done = _git(root, *args, out=subprocess.PIPE)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise VCSError(f"error running `git {args[0]}`: {said}")
    return done.stdout


def _files(archive: Archive, subdir: str) -> list[File]:
    files = []
    for entry in archive.entries():
        name = entry.name
        if not name.startswith(subdir) or entry.is_dir or name == subdir:
            continue
        kind = stat.S_IFMT(entry.attributes >> 16) or stat.S_IFREG
        opener = partial(_open_entry, archive, entry)
        path = name.removeprefix(subdir).removeprefix("/")
        files.append(File(path, entry.uncompressed_size, opener, kind | 0o644))
    return files


def _root_license(root: str, revision: str) -> list[File]:
    # Whether there is one is asked first: that reading it failed does not mean that there is none.
    if not _ask(root, "ls-tree", "--name-only", revision, "--", LICENSE).strip():
        return []
    blob = _ask(root, "cat-file", "blob", f"{revision}:{LICENSE}")
    return [File(LICENSE, len(blob), lambda: BytesIO(blob))]


def _open_entry(archive: Archive, entry: Entry) -> BinaryIO:
    return cast(BinaryIO, _EntryReader(archive, entry))


class _EntryReader(RawIOBase):
    """The content of an entry as a file, one piece per read."""

    def __init__(self, archive: Archive, entry: Entry) -> None:
        self._chunks = archive.chunks(entry)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            data, self._rest = b"".join([self._rest, *self._chunks]), b""
            return data
        self._rest = self._rest or next(self._chunks, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        return data
