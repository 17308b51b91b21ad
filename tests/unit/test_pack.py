"""Packing a module version for publishing."""

import subprocess
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from pulp_gomod.golang import GoError
from pulp_gomod.golang.zip import check_upload
from pulp_gomod.pack import pack
from pulp_gomod.standalone.cli import main


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
    subprocess.run(["git", "-C", directory, *identity, *arguments], check=True, capture_output=True)


def write_module(directory: Path, path: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "go.mod").write_text(f"module {path}\n")
    (directory / "x.go").write_text("package x\n")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a module at its root and one in a directory, and changes after them."""
    root = tmp_path / "repository"
    write_module(root, "example.com/m")
    write_module(root / "sub", "example.com/m/sub")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "c")
    git(root, "tag", "v1.0.0")
    git(root, "tag", "sub/v1.2.0")
    (root / "later.go").write_text("package x\n")
    return root


def test_a_tag_is_packed_as_it_is(repository: Path, tmp_path: Path) -> None:
    out = pack(repository, "v1.0.0", tmp_path / "m.zip")
    upload = check_upload(out)
    assert (upload.module, upload.version, upload.file_count) == ("example.com/m", "v1.0.0", 2)


@pytest.mark.parametrize("common", ["", ".git"])
def test_attributes_of_git_change_nothing_of_a_module(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, common: str
) -> None:
    git(repository, "add", ".")
    (repository / "sub" / "id.go").write_text("package x // $Format:%H$\n")
    (repository / "sub" / "left.txt").write_text("x\n")
    (repository / ".gitattributes").write_text("left.txt export-ignore\nid.go export-subst\n")
    mine = repository / ".git" / "info" / "attributes"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("go.mod export-ignore\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "c")
    git(repository, "tag", "sub/v1.3.0")
    if common:
        monkeypatch.setenv("GIT_COMMON_DIR", str(repository / common))
        monkeypatch.setenv("GIT_DIR", str(repository / common))
        monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    with zipfile.ZipFile(pack(repository / "sub", "v1.3.0", tmp_path / "m.zip")) as packed:
        found = {name.partition("@v1.3.0/")[2]: packed.read(name) for name in packed.namelist()}
    assert sorted(found) == ["go.mod", "id.go", "left.txt", "x.go"]
    assert found["id.go"] == b"package x // $Format:%H$\n"
    assert mine.read_text() == "go.mod export-ignore\n"


@pytest.mark.parametrize("kind", ["linked", "submodule", "sha256", "packed", "shallow", "blobless"])
def test_a_repository_may_be_of_any_kind(repository: Path, tmp_path: Path, kind: str) -> None:
    here = tmp_path / 'with "quotes"\nhere'
    origin = repository.as_uri()
    git(repository, "config", "uploadpack.allowFilter", "true")
    match kind:
        case "linked":
            git(repository, "worktree", "add", "-q", str(here), "v1.0.0")
        case "submodule":
            write_module(here, "example.com/outer")
            git(here, "init", "-q")
            git(here, "-c", "protocol.file.allow=always", "submodule", "-q", "add", origin, "in")
            here /= "in"
        case "sha256":
            write_module(here, "example.com/m")
            git(here, "init", "-q", "--object-format=sha256")
            git(here, "add", ".")
            git(here, "commit", "-qm", "c")
            git(here, "tag", "v1.0.0")
        case "packed":
            here = repository
            git(repository, "gc", "-q")
        case "shallow":
            git(tmp_path, "clone", "-q", "--depth=1", origin, str(here))
        case "blobless":
            git(tmp_path, "clone", "-q", "-n", "--filter=blob:none", origin, str(here))
    (tmp_path / "out").mkdir()
    upload = check_upload(pack(here, "v1.0.0", tmp_path / "out" / "m.zip"))
    assert (upload.module, upload.file_count) == ("example.com/m", 2)


def test_a_module_below_the_root_has_tags_of_its_own(repository: Path, tmp_path: Path) -> None:
    upload = check_upload(pack(repository / "sub", "v1.2.0", tmp_path / "sub.zip"))
    assert (upload.module, upload.version) == ("example.com/m/sub", "v1.2.0")


def test_a_directory_named_after_the_major_version_is_no_part_of_the_tag(
    repository: Path, tmp_path: Path
) -> None:
    for directory, path, tag in (
        ("v2", "example.com/m/v2", "v2.0.0"),
        ("sub/v3", "example.com/m/sub/v3", "sub/v3.0.0"),
    ):
        write_module(repository / directory, path)
        git(repository, "add", directory)
        git(repository, "commit", "-qm", "c")
        git(repository, "tag", tag)
        out = pack(repository / directory, tag.rpartition("/")[2], tmp_path / "m.zip")
        assert check_upload(out).module == path


def test_a_tag_finds_the_directory_of_its_major_version_from_above(
    repository: Path, tmp_path: Path
) -> None:
    write_module(repository / "v2", "example.com/m/v2")
    write_module(repository / "sub" / "v3", "example.com/m/sub/v3")
    git(repository, "add", "v2", "sub")
    git(repository, "commit", "-qm", "c")
    for tag, directory, path in (
        ("v1.1.0", "", "example.com/m"),
        ("v2.0.0", "", "example.com/m/v2"),
        ("sub/v3.0.0", "sub", "example.com/m/sub/v3"),
    ):
        git(repository, "tag", tag)
        version = tag.rpartition("/")[2]
        out = pack(repository / directory, version, tmp_path / "m.zip")
        assert check_upload(out).module == path


def test_a_major_version_that_is_nowhere_is_still_refused(repository: Path, tmp_path: Path) -> None:
    git(repository, "tag", "v2.0.0")
    with pytest.raises(GoError, match="should be v0 or v1, not v2"):
        pack(repository, "v2.0.0", tmp_path / "m.zip")


def test_a_tag_may_name_the_directory_too(repository: Path, tmp_path: Path) -> None:
    upload = check_upload(pack(repository, "sub/v1.2.0", tmp_path / "sub.zip"))
    assert (upload.module, upload.version) == ("example.com/m/sub", "v1.2.0")


def test_the_module_path_is_the_one_of_the_commit(repository: Path, tmp_path: Path) -> None:
    (repository / "go.mod").write_text("module example.com/renamed\n")
    assert check_upload(pack(repository, "v1.0.0", tmp_path / "m.zip")).module == "example.com/m"


def test_a_revision_may_be_named(repository: Path, tmp_path: Path) -> None:
    upload = check_upload(pack(repository, "v1.1.0", tmp_path / "m.zip", revision="HEAD"))
    assert upload.version == "v1.1.0"


def test_a_directory_is_packed_as_it_lies_there_for_who_says_so(tmp_path: Path) -> None:
    write_module(tmp_path / "plain", "example.com/plain")
    upload = check_upload(pack(tmp_path / "plain", "v0.1.0", tmp_path / "p.zip", dirty=True))
    assert (upload.module, upload.file_count) == ("example.com/plain", 2)
    with pytest.raises(GoError, match="not in a git repository.*--dirty"):
        pack(tmp_path / "plain", "v0.1.0", tmp_path / "q.zip")
    assert not (tmp_path / "q.zip").exists()


def test_what_is_not_committed_is_packed_for_who_says_so(repository: Path, tmp_path: Path) -> None:
    upload = check_upload(pack(repository, "v1.0.0", tmp_path / "m.zip", dirty=True))
    assert upload.file_count == 3
    with pytest.raises(GoError, match="--dirty.*HEAD"):
        pack(repository, "v1.0.0", tmp_path / "m.zip", revision="HEAD", dirty=True)


def test_without_git_nothing_is_packed_in_silence(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GoError, match="git is not installed.*--dirty"):
        pack(repository, "v1.0.0", tmp_path / "m.zip")
    assert not (tmp_path / "m.zip").exists()


@pytest.mark.parametrize("where", ["", "sub"])
def test_what_git_says_instead_of_an_answer_is_quoted(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    # As in a container, where the checkout is somebody else's.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GoError, match="git failed in.*dubious ownership"):
        pack(repository / where, "v1.0.0", tmp_path / "m.zip")
    assert not (tmp_path / "m.zip").exists()


def test_a_working_tree_that_is_elsewhere_is_named(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "core.worktree", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(GoError, match="is not in .*elsewhere, the working tree"):
        pack(repository, "v1.0.0", tmp_path / "m.zip")


def test_a_broken_repository_is_no_reason_to_pack_what_lies_there(
    repository: Path, tmp_path: Path
) -> None:
    (repository / ".git" / "HEAD").unlink()
    with pytest.raises(GoError, match="git failed in.*not a git repository"):
        pack(repository, "v1.0.0", tmp_path / "m.zip")
    assert not (tmp_path / "m.zip").exists()


def test_what_cannot_be_packed_leaves_nothing(repository: Path, tmp_path: Path) -> None:
    for version, said in (("v9.0.0", "v9"), ("v1.5.0", "v1.5.0"), ("1.0", "1.0")):
        with pytest.raises(GoError, match=said):
            pack(repository, version, tmp_path / "m.zip")
    with pytest.raises(GoError, match=r"go\.mod"):
        pack(tmp_path, "v1.0.0", tmp_path / "m.zip", dirty=True)
    assert not list(tmp_path.glob("*.zip*"))


def test_a_tag_that_is_not_there_is_said_to_be_missing(repository: Path, tmp_path: Path) -> None:
    (repository / "v3").mkdir()
    for directory, version, revision, said in (
        ("", "v9.9.9", "", "there is no tag v9.9.9"),
        ("v3", "v3.1.0", "", "there is no tag v3.1.0 or v3/v3.1.0"),
        ("", "v1.0.0", "nowhere", "there is no revision nowhere"),
        ("", "0.2.0", "", "'0.2.0' is not a version of a Go module; did you mean v0.2.0?"),
        ("", "next", "", "'next' is not a version of a Go module, such as v1.2.3"),
    ):
        with pytest.raises(GoError) as refused:
            pack(repository / directory, version, tmp_path / "m.zip", revision)
        assert str(refused.value) == said
    with pytest.raises(GoError, match="v1.0.0 holds no module in v3"):
        pack(repository / "v3", "v3.0.0", tmp_path / "m.zip", revision="v1.0.0")


def test_a_file_that_cannot_be_written_is_one_line(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for output, code, said in (
        (tmp_path / "nowhere" / "m.zip", 1, f"there is no directory {tmp_path / 'nowhere'}"),
        (tmp_path / "file" / "m.zip", 1, f"{tmp_path / 'file' / 'm.zip'}: Not a directory"),
        (tmp_path, 2, "is a directory"),
    ):
        for more in ([], ["--dirty"]):
            words = ["pack", "v1.0.0", str(repository), "--output", str(output), *more]
            done = CliRunner().invoke(main, words)
            printed = done.output + capsys.readouterr().err
            assert done.exit_code == code and said in printed, printed
            assert not isinstance(done.exception, OSError) and "partial" not in printed


def test_the_command_says_what_it_wrote(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["pack", "v1.0.0", str(repository)])
    assert (done.exit_code, done.output) == (0, "m@v1.0.0.zip\n")
    assert (tmp_path / "m@v1.0.0.zip").exists()
    failed = CliRunner().invoke(main, ["pack", "v3.0.0", str(repository)])
    assert failed.exit_code == 1
