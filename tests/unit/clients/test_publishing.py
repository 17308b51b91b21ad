"""What is said of where a module is published from; no server is asked."""

import subprocess
from pathlib import Path

import pytest
from pulp_glue.gomod.pack import PackError
from pulp_glue.gomod.publishing import find_tagged


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.com/m\n")
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=n@example.com", "commit", "-qm", "c"],
        ["tag", "v1.0.0"],
    ):
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://git.example.com/m.git", "https://git.example.com/m.git"),
        ("https://robot:s3cret@git.example.com/m", "https://git.example.com/m"),
        ("https://s3cret@git.example.com:8443/m", "https://git.example.com:8443/m"),
        ("https://git.example.com/m?private_token=s3cret#s3cret", "https://git.example.com/m"),
        ("ssh://git@git.example.com:22/m", "ssh://git@git.example.com:22/m"),
        ("ssh://git:s3cret@git.example.com/m", "ssh://git@git.example.com/m"),
        ("git+ssh://git:s3cret@git.example.com/m", "git+ssh://git@git.example.com/m"),
        ("git@git.example.com:team/m.git", "git@git.example.com:team/m.git"),
        # These mean nothing elsewhere.
        ("/srv/git/m.git", ""),
        ("file:///srv/git/m.git", ""),
        ("https://[s3cret/m", ""),
    ],
)
def test_no_secret_of_the_remote_is_said(repository: Path, origin: str, said: str) -> None:
    command = ["git", "-C", repository, "remote", "add", "origin", origin]
    subprocess.run(command, check=True)
    assert find_tagged(repository, "v1.0.0").url == said


def test_what_is_left_out_is_the_same_in_a_linked_working_tree(
    repository: Path, tmp_path: Path
) -> None:
    # git archive would not mention it.
    (repository / ".gitattributes").write_text("link export-ignore\n")
    (repository / "link").symlink_to("go.mod")
    linked = tmp_path / "linked"
    for arguments in (
        ["add", "link", ".gitattributes"],
        ["-c", "user.name=n", "-c", "user.email=n@example.com", "commit", "-qm", "c"],
        ["tag", "v1.1.0"],
        ["worktree", "add", "-q", str(linked), "v1.1.0"],
    ):
        subprocess.run(["git", "-C", repository, *arguments], check=True)
    for directory in (repository, linked):
        assert [path for path, _ in find_tagged(directory, "v1.1.0").left_out()] == ["link"]


def tag_major_version(repository: Path) -> None:
    """Commit and tag a module v2 in the directory of that name."""
    (repository / "v2").mkdir()
    (repository / "v2" / "go.mod").write_text("module example.com/m/v2\n")
    for arguments in (
        ["add", "v2"],
        ["-c", "user.name=n", "-c", "user.email=n@example.com", "commit", "-qm", "c"],
        ["tag", "v2.0.0"],
    ):
        subprocess.run(["git", "-C", repository, *arguments], check=True)


def test_a_tag_of_the_root_may_name_the_directory_of_its_major_version(repository: Path) -> None:
    tag_major_version(repository)
    # What is changed elsewhere is no part of it.
    (repository / "go.mod").write_text("module example.com/renamed\n")
    (repository / "v2" / "new.go").write_text("package m\n")
    tagged = find_tagged(repository, "v2.0.0")
    assert (tagged.commit.module, tagged.origin["Subdir"]) == ("example.com/m/v2", "v2")
    assert tagged.untracked() == ["new.go"]
    (repository / "v2" / "go.mod").write_text("module example.com/renamed/v2\n")
    with pytest.raises(PackError, match=r"changes that are not in the tag: v2/go\.mod"):
        find_tagged(repository, "v2.0.0")


def test_a_directory_that_is_only_in_the_tag_can_be_published(repository: Path) -> None:
    tag_major_version(repository)
    subprocess.run(["git", "-C", repository, "checkout", "-q", "v1.0.0"], check=True)
    tagged = find_tagged(repository, "v2.0.0")
    assert (tagged.commit.module, tagged.untracked()) == ("example.com/m/v2", [])
