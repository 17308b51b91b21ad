"""Module zips are made of the files that Go takes, and of no others."""

import os
import stat
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from pulp_gomod.golang import GoError, dirhash
from pulp_gomod.golang import zip as modzip
from pulp_gomod.golang.zip import CheckedFiles, File
from tests.unit.golang.vectors import load
from tests.unit.golang.zips import MODULE, PREFIX, VERSION

GO_1_24 = b"module example.com/m\n\ngo 1.24\n"


@pytest.mark.parametrize(("name", "go", "vendored"), load("is_vendored"))
def test_is_vendored_package(name: str, go: str, vendored: bool) -> None:
    assert modzip.is_vendored_package(name, go) is vendored


def text(path: str, data: bytes = b"", mode: int = stat.S_IFREG | 0o644) -> File:
    """A file with some content."""
    return File(path, len(data), lambda: BytesIO(data), mode)


def reasons(report: CheckedFiles) -> dict[str, str]:
    """What is said of each file that is not valid."""
    return {each.path: str(each.error) for each in report.omitted + report.invalid}


def test_check_files() -> None:
    link = stat.S_IFLNK | 0o777
    files = [
        text("go.mod", GO_1_24),
        text("m.go"),
        text("sub/Go.mod"),
        text("sub/deep/x.go"),
        text("dirmod/go.mod/x.go"),
        text("vendor/modules.txt"),
        text("vendor/x/x.go"),
        text("link", mode=link),
        text("pipe", mode=stat.S_IFIFO),
        text(".hg_archival.txt"),
        text("a/.hg_archival.txt"),
        text("a//b"),
        text("/abs"),
        text("con.go"),
        text("M.go"),
        text("m.go"),
        text("m.go/x"),
    ]
    report = modzip.check_files(files)
    assert report.valid == ["go.mod", "m.go", "dirmod/go.mod/x.go", "a/.hg_archival.txt"]
    assert [each.path for each in report.omitted] == [
        "sub/Go.mod", "sub/deep/x.go", "vendor/modules.txt", "vendor/x/x.go", "link", "pipe",
        ".hg_archival.txt",
    ]  # fmt: skip
    assert reasons(report) == {
        "sub/Go.mod": "file is in another module",
        "sub/deep/x.go": "file is in another module",
        "vendor/modules.txt": "file is in vendor directory",
        "vendor/x/x.go": "file is in vendor directory",
        "link": "file is a symbolic link",
        "pipe": "not a regular file",
        ".hg_archival.txt": "file is inserted by 'hg archive' and is always omitted",
        "a//b": "file path is not clean",
        "/abs": "file path is not relative",
        "con.go": 'malformed file path "con.go": '
        '"con" disallowed as path element component on Windows',
        "M.go": 'case-insensitive file name collision: "m.go" and "M.go"',
        "m.go": 'multiple entries for file "m.go"',
        "m.go/x": 'entry "m.go" is both a file and a directory',
    }


def test_limits() -> None:
    def nothing() -> BytesIO:
        return BytesIO()

    report = modzip.check_files(
        [
            File("go.mod", modzip.MAX_GO_MOD + 1, nothing),
            File("LICENSE", modzip.MAX_LICENSE + 1, nothing),
            File("x", modzip.MAX_ZIP_FILE - modzip.MAX_GO_MOD - modzip.MAX_LICENSE - 2, nothing),
        ]
    )
    assert report.size_error is None
    assert reasons(report) == {
        "go.mod": "go.mod file too large (max size is 16777216 bytes)",
        "LICENSE": "LICENSE file too large (max size is 16777216 bytes)",
    }
    report = modzip.check_files([File("x", modzip.MAX_ZIP_FILE, nothing), File("y", 1, nothing)])
    assert str(report.error()) == "module source tree too large (max size is 524288000 bytes)"


def test_create(tmp_path: Path) -> None:
    files = [text("b.go", b"package m\n"), text("a.go", b"package m\n" * 9), text("d/x", b"\0")]
    modzip.create(tmp_path / "m.zip", MODULE, VERSION, files)
    out = BytesIO()
    modzip.create(out, MODULE, VERSION, files)
    assert out.getvalue() == (tmp_path / "m.zip").read_bytes()
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == [PREFIX + file.path for file in files]
        assert archive.read(f"{PREFIX}a.go") == b"package m\n" * 9
    upload = modzip.check_upload(out)
    assert (upload.module, upload.version, upload.file_count) == (MODULE, VERSION, 3)


@pytest.mark.parametrize(
    ("path", "version", "files", "says"),
    [
        (MODULE, "v1", [text("a")], 'version "v1" is not canonical (should be "v1.0.0")'),
        (MODULE, "v2.0.0", [text("a")], "should be v0 or v1, not v2"),
        (MODULE, VERSION, [text("a:b")], 'a:b: malformed file path "a:b": invalid char'),
        (MODULE, VERSION, [text("Go.mod")], "Go.mod: go.mod files must have lowercase names"),
    ],
)
def test_nothing_is_written_when_files_are_wrong(
    path: str, version: str, files: list[File], says: str, tmp_path: Path
) -> None:
    with pytest.raises(GoError) as refused:
        modzip.create(tmp_path / "m.zip", path, version, files)
    assert says in str(refused.value)
    assert not (tmp_path / "m.zip").exists()


def test_a_file_that_grows() -> None:
    files = [File("a", 1, lambda: BytesIO(b"ab"))]
    with pytest.raises(GoError, match='file "a" is larger than declared size'):
        modzip.create(BytesIO(), MODULE, VERSION, files)


def plant(root: Path, files: dict[str, bytes]) -> None:
    """Write files."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


TREE = {
    "go.mod": GO_1_24,
    "m.go": b"package m\r\n",
    "a/a.go": b"package a\n",
    "a/vendor.go": b"package a\n",
    "LICENSE": b"MIT\n",
}
LEFT_OUT = {
    "sub/go.mod": b"module example.com/m/sub\n",
    "sub/s.go": b"package sub\n",
    "vendor/modules.txt": b"# x\n",
    "vendor/x/x.go": b"package x\n",
}


def h1_of(files: dict[str, bytes]) -> str:
    """The h1 of a module with these files."""
    return dirhash.hash1(
        [PREFIX + name for name in files], lambda name: BytesIO(files[name.removeprefix(PREFIX)])
    )


def test_create_from_dir(tmp_path: Path) -> None:
    plant(tmp_path, TREE | LEFT_OUT | {".git/config": b"", "a/.hg/x": b""})
    (tmp_path / "link").symlink_to("m.go")
    (tmp_path / "linked").symlink_to("a")
    (tmp_path / "empty").mkdir()
    out = BytesIO()
    modzip.create_from_dir(out, MODULE, VERSION, tmp_path)
    assert dirhash.hash_zip(out) == h1_of(TREE)
    assert modzip.check_upload(out).h1 == h1_of(TREE)


def test_check_dir(tmp_path: Path) -> None:
    plant(tmp_path, TREE | LEFT_OUT | {".git/config": b"", "a/b:c": b""})
    report = modzip.check_dir(tmp_path)
    assert report.valid == sorted(str(tmp_path / name) for name in TREE)
    assert reasons(report) == {
        str(tmp_path / ".git"): "directory is a version control repository",
        str(tmp_path / "sub"): "directory is in another module",
        str(tmp_path / "vendor/modules.txt"): "file is in vendor directory",
        str(tmp_path / "vendor/x/x.go"): "file is in vendor directory",
        str(tmp_path / "a/b:c"): "malformed file path \"a/b:c\": invalid char ':'",
    }


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        modzip.create_from_dir(BytesIO(), MODULE, VERSION, tmp_path / "nowhere")


def git(repo: Path, *args: str) -> None:
    """Run git as somebody."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    subprocess.run(["git", *identity, *args], cwd=repo, check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with a tag, and more in the working tree than in the tag."""
    root = tmp_path / "repo"
    plant(root, TREE | LEFT_OUT | {".gitignore": b"ignored\n", "ignored": b"x"})
    (root / "link").symlink_to("m.go")
    (root / "a/a.go").chmod(0o755)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    git(root, "tag", "v1.0.0")
    git(root, "tag", "sub/v1.0.0")
    plant(root, {"later.go": b"package m\n", "m.go": b"changed"})
    return root


def test_create_from_vcs(repo: Path) -> None:
    out = BytesIO()
    modzip.create_from_vcs(out, MODULE, VERSION, repo, "v1.0.0")
    assert dirhash.hash_zip(out) == h1_of(TREE | {".gitignore": b"ignored\n"})


def test_create_from_a_subdirectory(repo: Path) -> None:
    """It gets the LICENSE of the root."""
    out = BytesIO()
    modzip.create_from_vcs(out, f"{MODULE}/sub", VERSION, repo, "sub/v1.0.0", "sub")
    with zipfile.ZipFile(out) as archive:
        contents = {
            name.partition("/sub@v1.0.0/")[2]: archive.read(name) for name in archive.namelist()
        }
    assert contents == {
        "go.mod": LEFT_OUT["sub/go.mod"],
        "s.go": LEFT_OUT["sub/s.go"],
        "LICENSE": TREE["LICENSE"],
    }


def test_no_repository(repo: Path, tmp_path: Path) -> None:
    for root in (tmp_path, repo / "a"):
        with pytest.raises(modzip.UnrecognizedVCSError, match="could not find a recognized"):
            modzip.create_from_vcs(BytesIO(), MODULE, VERSION, root, "v1.0.0")


@pytest.mark.parametrize(
    ("revision", "subdir", "says"),
    [
        ("v9.9.9", "", 'error running `git archive` for "v9.9.9": fatal: not a valid object name'),
        ("v1.0.0", "nowhere", "did not match any files"),
        ("--output=x", "", "begins with a dash"),
        ("v1.0.0", "--remote=x", "begins with a dash"),
    ],
)
def test_git_refuses(repo: Path, revision: str, subdir: str, says: str) -> None:
    before = os.listdir(repo)
    with pytest.raises(modzip.VCSError) as refused:
        modzip.create_from_vcs(BytesIO(), MODULE, VERSION, repo, revision, subdir)
    assert says in str(refused.value)
    assert os.listdir(repo) == before


def test_no_git(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(modzip.VCSError, match="cannot run git"):
        modzip.create_from_vcs(BytesIO(), MODULE, VERSION, repo, "v1.0.0")
