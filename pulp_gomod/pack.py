"""Packing the zip of a module version, as the go command would from the same repository."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .golang import GoError, modfile, module, semver
from .golang.zip import check_upload, create_from_dir, create_from_vcs
from .outputs import why_not_written

_NO_REPOSITORY = "fatal: not a git repository"
_DIRTY = "--dirty packs the directory as it is"


class PackError(GoError):
    """A directory that cannot be packed."""


class NoGitError(PackError):
    """There is no git repository, or no git, to take a version from."""


@dataclass(frozen=True)
class Commit:
    """
    A module at one commit of a git repository.

    Attributes:
        root: The root of the working tree.
        subdir: The directory of the module below it, "" for the root itself.
        revision: What git knows the commit by: a tag, a branch, a digest.
        module: The module path that the go.mod in the commit declares.
    """

    root: Path
    subdir: str
    revision: str
    module: str


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
        version: The canonical version, or a tag such as `sub/v1.2.3` of a module below the directory.
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
        raise PackError(f"{_DIRTY}, which is not {revision}: choose one")
    directory, version = _named_by_tag(directory, version)
    require_version(version)
    try:
        commit = None if dirty else find_commit(directory, version, revision)
    except NoGitError as error:
        raise PackError(f"{error}; {_DIRTY}") from error
    path = commit.module if commit else _module_path(directory / "go.mod")
    module.check(path, version)
    name = module.split_path_version(path).prefix.rpartition("/")[2]
    target = out or Path(f"{name}@{version}.zip")
    partial = target.with_name(f"{target.name}.partial")
    try:
        if commit:
            pack_commit(commit, version, partial)
        else:
            create_from_dir(partial, path, version, directory)
            check_upload(partial)
        partial.replace(target)
    except OSError as error:
        raise PackError(why_not_written(target, error)) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return target


def _named_by_tag(directory: Path, tag: str) -> tuple[Path, str]:
    """The directory and the version that a tag such as `sub/v1.2.3` names."""
    prefix, _, version = tag.rpartition("/")
    named = directory / prefix
    return (named, version) if prefix and named.is_dir() else (directory, tag)


def require_version(version: str) -> None:
    """
    See to it that a version is one that Go could have, and say what was probably meant.

    Raises:
        PackError: It is none.
    """
    if semver.is_valid(version):
        return
    meant = semver.canonical(f"v{version}")
    said = f"; did you mean {meant}?" if meant else ", such as v1.2.3"
    raise PackError(f"{version!r} is not a version of a Go module{said}")


def pack_commit(commit: Commit, version: str, out: Path) -> str:
    """
    Write the zip of a module from a commit, and check that it could be published.

    Args:
        commit: The module and where it is.
        version: The canonical version.
        out: Where to write.

    Returns:
        Go's checksum of the zip.

    Raises:
        GoError: The version does not fit the module, or Go would not take the zip.
    """
    create_from_vcs(
        out,
        commit.module,
        version,
        commit.root,
        commit.revision,
        commit.subdir,
        as_fetched=True,
    )
    return check_upload(out).h1


def find_commit(directory: Path, version: str, revision: str = "") -> Commit:
    """
    Find what git has of a module version.

    Args:
        directory: Where the module's go.mod is in the working tree, or the directory above it if it is
            named after the major version (`v2`), as Go looks in both.
        version: The version; its tag is `v1.2.3`, or `sub/v1.2.3` below the root. A directory that is
            named after the major version (`v2`) is no part of it (go.dev/ref/mod#vcs-version).
        revision: Another name than that tag.

    Raises:
        PackError: There is no working tree, git does not answer, or the commit has no such module.
    """
    root = git_root(directory)
    subdir = below(root, directory)
    # Only the path says whether `v2` is a directory like others; the tag is needed to read it there.
    names = [revision] if revision else tag_names(subdir, version)
    tags = [name for name in names if _is_commit(root, name)]
    if not tags:
        raise PackError(f"there is no {'revision' if revision else 'tag'} {' or '.join(names)}")
    said = ""
    found = []
    for tag in tags:
        for place in _places(subdir, version):
            try:
                go_mod = git(root, "cat-file", "blob", f"{tag}:{place}/go.mod".replace(":/", ":"))
            except PackError as error:
                said = said or str(error)
                continue
            found.append(Commit(root, place, tag, _declared(go_mod, f"go.mod of {tag}")))
    if not found:
        raise PackError(f"{tags[0]} holds no module in {subdir or 'its root'}; {said}")
    return next((commit for commit in found if _fits(commit.module, version)), found[0])


def tag_names(subdir: str, version: str) -> list[str]:
    """The tags that a version of a module may have, as its directory says; the likely one first."""
    parent, _, last = subdir.rpartition("/")
    plain = f"{subdir}/{version}" if subdir else version
    if last and last == version.partition(".")[0] and last not in ("v0", "v1"):
        return [f"{parent}/{version}" if parent else version, plain]
    return [plain]


def _places(subdir: str, version: str) -> list[str]:
    """Where a tag may have the module of a version, as Go looks for it (codeRepo.findDir)."""
    major = version.partition(".")[0]
    return [subdir, f"{subdir}/{major}".lstrip("/")] if major not in ("v0", "v1") else [subdir]


def _fits(path: str, version: str) -> bool:
    try:
        module.check(path, version)
    except GoError:
        return False
    return True


def git_root(directory: Path) -> Path:
    """
    The root of the git working tree that a directory is in.

    Raises:
        PackError: It is in none, git is not installed, or git refuses to say.
    """
    try:
        found = git(directory, "rev-parse", "--show-toplevel")
    except PackError as error:
        if _NO_REPOSITORY in str(error) and not _has_git(directory):
            raise NoGitError(
                f"{directory} is not in a git repository, so it has no tags"
            ) from error
        raise
    return Path(os.fsdecode(found).rstrip("\n")).resolve()


def below(root: Path, directory: Path) -> str:
    """
    Where a directory is below the root of a working tree, "" for the root itself.

    Raises:
        PackError: It is elsewhere: `core.worktree` or `GIT_WORK_TREE` names another one.
    """
    try:
        found = directory.resolve().relative_to(root).as_posix()
    except ValueError:
        raise PackError(
            f"{directory} is not in {root}, the working tree that git is set to"
        ) from None
    return "" if found == "." else found


def git(directory: Path, *arguments: str) -> bytes:
    """
    What git prints.

    Args:
        directory: Where it runs.
        arguments: Its command and options.

    Raises:
        PackError: It is not installed or fails; the error has its words.
    """
    try:
        done = subprocess.run(
            ["git", "-C", os.fspath(directory), *arguments],
            # Messages are quoted, and one of them is looked for.
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise NoGitError(
            "git is not installed, or not on the PATH, and versions are packed from their tags"
        ) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise PackError(f"git failed in {directory}: {said}")
    return done.stdout


def _is_commit(root: Path, name: str) -> bool:
    try:
        git(root, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    except NoGitError:
        raise
    except PackError:
        return False
    return True


def _has_git(directory: Path) -> bool:
    here = directory.resolve()
    return any((each / ".git").exists() for each in (here, *here.parents))


def _module_path(file: Path) -> str:
    try:
        return _declared(file.read_bytes(), str(file))
    except OSError as error:
        raise PackError(f"{file}: {error.strerror}: a module has a go.mod at its root") from error


def _declared(go_mod: bytes, where: str) -> str:
    parsed = modfile.parse_lax(go_mod)
    if parsed.module is None:
        raise PackError(f"{where}: missing module line")
    return parsed.module.path
