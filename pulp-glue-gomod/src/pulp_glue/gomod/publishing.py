"""What git says of a module version that is to be published."""

from dataclasses import dataclass
from pathlib import Path

from pulp_glue.gomod.golang import GoError, module, semver
from pulp_glue.gomod.golang.origin import without_credentials
from pulp_glue.gomod.golang.zip import check_vcs
from pulp_glue.gomod.pack import (
    Commit,
    PackError,
    below,
    find_commit,
    git,
    git_root,
    require_version,
    tag_names,
)

_SHOWN = 10


@dataclass(frozen=True)
class TaggedModule:
    """
    A module version that a tag names.

    Attributes:
        commit: The module, and the tag as its revision.
        version: The version.
        hash: The digest of the commit.
        time: When it was committed (RFC 3339).
        url: Where the repository comes from, without credentials; "" if it has no remote.
    """

    commit: Commit
    version: str
    hash: str
    time: str
    url: str

    def untracked(self) -> list[str]:
        """The files in the module's directory that git neither tracks nor ignores."""
        directory = self.commit.root / self.commit.subdir
        if not directory.is_dir():
            return []
        found = git(directory, "ls-files", "-z", "--others", "--exclude-standard")
        return found.decode(errors="replace").split("\0")[:-1]

    @property
    def origin(self) -> dict[str, str]:
        """The `Origin` of Go's .info files."""
        said = {
            "VCS": "git",
            "URL": self.url,
            "Subdir": self.commit.subdir,
            "Hash": self.hash,
            "Ref": f"refs/tags/{self.commit.revision}",
        }
        return {name: value for name, value in said.items() if value}

    def left_out(self) -> list[tuple[str, str]]:
        """The files of the commit that are not part of the module, each with the reason."""
        commit = self.commit
        found = check_vcs(commit.root, commit.revision, commit.subdir, as_fetched=True).omitted
        return [(each.path, str(each.error)) for each in found]


def find_tagged(directory: Path, tag: str = "", allow_dirty: bool = False) -> TaggedModule:
    """
    Find the module version to publish.

    Args:
        directory: The module's directory in a git working tree, or the root of the tree where the tag
            names the directory.
        tag: `v1.2.3`, or `sub/v1.2.3`; without it the one that the checked-out commit has.
        allow_dirty: Do not mind changes of files in the directory that are not committed.

    Raises:
        GoError: git does not answer, there is no such tag or more than one that could be meant, or
            files that git tracks have changes which would not be published.
    """
    root = git_root(directory)
    prefix, _, version = tag.rpartition("/")
    if prefix and directory.resolve() == root and (root / prefix).is_dir():
        directory = root / prefix
    subdir = below(root, directory)
    version = version or _version_here(root, subdir)
    require_version(version)
    commit = find_commit(directory, version)
    if prefix and commit.revision != tag:
        raise PackError(
            f"the tag of {version} in {subdir or 'the root'} is {commit.revision}, not {tag}"
        )
    module.check(commit.module, version)
    if not allow_dirty:
        _refuse_changes(root, commit.subdir)
    found = git(
        root, "log", "-1", "--no-show-signature", "--format=%H %cI", f"{commit.revision}^{{commit}}"
    )
    digest, time = found.decode().split()
    return TaggedModule(commit, version, digest, time, _remote_url(root))


def _version_here(root: Path, subdir: str) -> str:
    """The one version that the checked-out commit is tagged as."""
    tags = git(root, "tag", "--points-at", "HEAD").decode(errors="replace").split()
    versions = [tag.rpartition("/")[2] for tag in tags]
    meant = {
        version
        for tag, version in zip(tags, versions, strict=True)
        if semver.is_valid(version) and tag in tag_names(subdir, version)
    }
    if len(meant) == 1:
        return meant.pop()
    if not meant:
        example = tag_names(subdir, "v1.2.3")[0]
        raise PackError(
            f"the checked-out commit has no tag such as {example}; name one: --tag {example}"
        )
    raise PackError(
        f"the checked-out commit has several tags, {', '.join(sorted(meant))}: choose one with --tag"
    )


def _refuse_changes(root: Path, subdir: str) -> None:
    # What git does not track is in no tag, and may be anything, such as a zip that was packed here.
    printed = git(
        root,
        "--literal-pathspecs",
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        subdir or ".",
    )
    status = printed.decode(errors="replace").splitlines()
    if not status:
        return
    shown = ", ".join(line[3:] for line in status[:_SHOWN])
    more = f" and {len(status) - _SHOWN} more" if len(status) > _SHOWN else ""
    raise PackError(
        f"{root / subdir} has changes that are not in the tag: {shown}{more}. Commit and tag them, or publish "
        "the tag without them: --allow-dirty"
    )


def _remote_url(root: Path) -> str:
    try:
        url = git(root, "remote", "get-url", "origin").decode(errors="replace").strip()
    except GoError:
        return ""
    if "://" not in url:
        # `git@host:path`, or a path on this machine, which means nothing elsewhere.
        return url if ":" in url else ""
    try:
        return "" if url.lower().startswith("file:") else without_credentials(url)
    except ValueError:
        return ""
