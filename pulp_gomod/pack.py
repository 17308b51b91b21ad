"""Packing the zip of a module version, as the go command would from the same repository."""

import os
import subprocess
from pathlib import Path

from .golang import GoError, modfile, module
from .golang.zip import check_upload, create_from_dir, create_from_vcs

_NO_REPOSITORY = "fatal: not a git repository"
_DIRTY = "--dirty packs the directory as it lies there"


class PackError(GoError):
    """A directory that cannot be packed."""


def pack(
    directory: Path,
    version: str,
    out: Path | None = None,
    revision: str = "",
    *,
    dirty: bool = False,
) -> Path:
    """
    Write the zip of a module version, and check that it could be published.

    The files are those of a commit. What lies in a directory may be anything, so it is packed only
    for who says so: there is no falling back from the one to the other.

    Args:
        directory: Where the module's go.mod is.
        version: The canonical version.
        out: Where to write; without it <last element of the module path>@<version>.zip here.
        revision: What git is to take; without it the version's tag, as Go names tags.
        dirty: Take the files as they lie in the directory, and do not ask git.

    Returns:
        The file that was written.

    Raises:
        GoError: There is no go.mod, the version does not fit the module, git does not answer or does
            not know the revision, or Go would not take the zip; nothing is left behind then.
    """
    if dirty and revision:
        raise PackError(
            f"--dirty packs the directory as it is, which is not {revision}: choose one"
        )
    path = _module_path(directory / "go.mod")
    module.check(path, version)
    name = module.split_path_version(path).prefix.rpartition("/")[2]
    target = out or Path(f"{name}@{version}.zip")
    partial = target.with_name(f"{target.name}.partial")
    try:
        if dirty:
            create_from_dir(partial, path, version, directory)
        else:
            _write_commit(partial, directory, path, version, revision)
        check_upload(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _module_path(file: Path) -> str:
    try:
        parsed = modfile.parse_lax(file.read_bytes())
    except OSError as error:
        raise PackError(f"{file}: {error.strerror}: a module has a go.mod at its root") from error
    if parsed.module is None:
        raise PackError(f"{file}: missing module line")
    return parsed.module.path


def _write_commit(out: Path, directory: Path, path: str, version: str, revision: str) -> None:
    root = git_root(directory)
    subdir = directory.resolve().relative_to(root).as_posix()
    subdir = "" if subdir == "." else subdir
    tag = f"{subdir}/{version}" if subdir else version
    create_from_vcs(out, path, version, root, revision or tag, subdir)


def git_root(directory: Path) -> Path:
    """
    The root of the git working tree that a directory is in.

    Raises:
        PackError: It is in none, git is not installed, or git refuses to say.
    """
    try:
        done = subprocess.run(
            ["git", "-C", os.fspath(directory), "rev-parse", "--show-toplevel"],
            # Messages are quoted, and one of them is looked for.
            env=os.environ | {"LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise PackError(
            "git is not installed, or not on the PATH, and versions are packed from their tags; "
            f"{_DIRTY}"
        ) from error
    if done.returncode == 0:
        return Path(done.stdout.rstrip("\n")).resolve()
    said = done.stderr.strip()
    if said.startswith(_NO_REPOSITORY) and not _has_git(directory):
        raise PackError(f"{directory} is in no git repository, so it has no tags; {_DIRTY}")
    raise PackError(f"git does not answer for {directory}; it says: {said}")


def _has_git(directory: Path) -> bool:
    here = directory.resolve()
    return any((each / ".git").exists() for each in (here, *here.parents))
