"""A view of a git repository in which nothing is left out of archives, nor written into them: what the go command sees."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

# cmd/go/internal/modfetch/codehost/git.go, ensureGitAttributes: the commit alone decides what is in the zip.
_ATTRIBUTES = "* -export-subst -export-ignore\n"
_HEAD = "ref: refs/heads/none\n"


@contextmanager
def plain_view(root: str, ask: Callable[..., bytes]) -> Iterator[Mapping[str, str]]:
    """
    Make a git directory that has the objects of a repository, and attributes that come before those of its files.

    Nothing is written into the repository. The view has no references: commits are named by their digests.

    Args:
        root: The root of a working tree.
        ask: Runs git there with arguments, and returns what it prints.

    Yields:
        The environment in which git sees the view.
    """
    kind = ask("rev-parse", "--show-object-format").decode().strip()
    config, objects = (
        _absolute(root, ask("rev-parse", "--git-path", name)) for name in ("config", "objects")
    )
    with TemporaryDirectory(prefix="pack-") as directory:
        view = Path(directory)
        (view / "refs").mkdir()
        (view / "info").mkdir()
        (view / "HEAD").write_text(_HEAD)
        (view / "info" / "attributes").write_text(_ATTRIBUTES)
        (view / "config").write_text(_config(kind, config))
        yield {
            "GIT_DIR": directory,
            # Should it be set, git would take the attributes from there.
            "GIT_COMMON_DIR": directory,
            "GIT_WORK_TREE": root,
            "GIT_OBJECT_DIRECTORY": objects,
        }


def _absolute(root: str, said: bytes) -> str:
    return os.path.abspath(os.path.join(root, os.fsdecode(said).rstrip("\n")))


def _config(kind: str, config: str) -> str:
    # The repository's own says where the objects are that a partial clone has left out.
    quoted = config.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return (
        "[core]\n\trepositoryformatversion = 1\n"
        f"[extensions]\n\tobjectFormat = {kind}\n"
        f'[include]\n\tpath = "{quoted}"\n'
    )
