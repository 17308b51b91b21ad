"""Packing the zip of a module version, as the go command would from the same repository."""

import os
import subprocess
from pathlib import Path

from pulp_gomod.golang import GoError, modfile, module
from pulp_gomod.golang.zip import check_upload, create_from_dir, create_from_vcs


class PackError(GoError):
    """A directory that cannot be packed."""


def pack(directory: Path, version: str, out: Path | None = None, revision: str = "") -> Path:
    """
    Write the zip of a module version, and check that it could be published.

    In a git repository the files are those of a commit; elsewhere those of the directory.

    Args:
        directory: Where the module's go.mod is.
        version: The canonical version.
        out: Where to write; without it <last element of the module path>@<version>.zip here.
        revision: What git is to take; without it the version's tag, as Go names tags.

    Returns:
        The file that was written.

    Raises:
        GoError: There is no go.mod, the version does not fit the module, git does not know the
            revision, or Go would not take the zip; nothing is left behind then.
    """
    path = _module_path(directory / "go.mod")
    module.check(path, version)
    name = module.split_path_version(path).prefix.rpartition("/")[2]
    target = out or Path(f"{name}@{version}.zip")
    partial = target.with_name(f"{target.name}.partial")
    try:
        _write(partial, directory, path, version, revision)
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


def _write(out: Path, directory: Path, path: str, version: str, revision: str) -> None:
    root = _git_root(directory)
    if root is None:
        if revision:
            raise PackError(f"{directory} is in no git repository, so it has no {revision}")
        create_from_dir(out, path, version, directory)
        return
    subdir = directory.resolve().relative_to(root).as_posix()
    subdir = "" if subdir == "." else subdir
    tag = f"{subdir}/{version}" if subdir else version
    create_from_vcs(out, path, version, root, revision or tag, subdir)


def _git_root(directory: Path) -> Path | None:
    try:
        done = subprocess.run(
            ["git", "-C", os.fspath(directory), "rev-parse", "--show-toplevel"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return Path(done.stdout.rstrip("\n")).resolve() if done.returncode == 0 else None
