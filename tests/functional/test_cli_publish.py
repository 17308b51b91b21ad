"""`pulp gomod publish`: from a tag in git to a version that go installs, with one command."""

import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from pulp_gomod.golang import dirhash
from tests.functional.pulp_command import Pulp, PulpProgram
from tests.functional.serving import Server


def git(directory: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
    command = ["git", "-C", directory, *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def pulp(server: Server, tmp_path: Path) -> Pulp:
    return Pulp.create(tmp_path / "user", server)


@pytest.fixture
def name(pulp: Pulp) -> str:
    """The name of a repository, and of the distribution that serves it."""
    name = f"publish-{uuid4().hex[:12]}"
    pulp.do("repository", "create", "--name", name)
    pulp.do("distribution", "create", "--name", name, "--base-path", name, "--repository", name)
    return name


@pytest.fixture
def module() -> str:
    return f"example.com/{uuid4().hex[:12]}"


@pytest.fixture
def checkout(tmp_path: Path, module: str) -> Path:
    """A working tree with a module at its root and one below it."""
    root = tmp_path / "checkout"
    for directory, path in ((root, module), (root / "sub", f"{module}/sub")):
        directory.mkdir(parents=True)
        (directory / "go.mod").write_text(f"module {path}\n")
        (directory / "x.go").write_text("package x\n")
    (root / "link").symlink_to("x.go")
    git(root, "init", "-q")
    git(root, "remote", "add", "origin", "https://robot:s3cret@git.example.com/team/x.git")
    git(root, "add", ".")
    git(root, "commit", "-qm", "c", "--date", "2026-01-02T03:04:05Z")
    git(root, "tag", "v1.0.0")
    return root


def test_a_tag_is_published_with_one_command(
    server: Server, tmp_path: Path, name: str, checkout: Path, module: str
) -> None:
    program = PulpProgram(tmp_path / "user")
    done = program.run("gomod", "publish", str(checkout), "--repository", name)
    assert done.code == 0, done.stderr
    url = f"{server.url}/api/packages/{name}/go"
    # What it requires may be anywhere else.
    settings = f"GOPROXY={url},$(go env GOPROXY) GONOSUMDB={module}"
    assert done.stderr.endswith(f"{settings} go get {module}@v1.0.0\n")
    assert "Not all" not in done.stderr and "not part of it" not in done.stderr
    info = requests.get(f"{url}/{module}/@v/v1.0.0.info", timeout=60).json()
    assert info["Time"] == git(checkout, "log", "-1", "--format=%cd", "--date=format-local:%FT%TZ")
    assert info["Origin"] == {
        "VCS": "git",
        "URL": "https://git.example.com/team/x.git",
        "Hash": git(checkout, "rev-parse", "HEAD"),
        "Ref": "refs/tags/v1.0.0",
    }


def test_what_would_be_published_is_shown_first(
    pulp: Pulp, name: str, checkout: Path, module: str
) -> None:
    shown = pulp.get("publish", checkout, "--repository", name, "--dry-run")
    assert (shown["module"], shown["version"], shown["tag"]) == (module, "v1.0.0", "v1.0.0")
    left_out = {each["file"]: each["reason"] for each in shown["left_out"]}
    assert left_out == {
        "link": "file is a symbolic link",
        "sub/go.mod": "file is in another module",
        "sub/x.go": "file is in another module",
    }
    assert pulp.get("repository", "content", "list", "--repository", name) == []
    published = pulp.get("publish", checkout, "--repository", name)
    held = pulp.get("repository", "content", "list", "--repository", name)
    assert [unit["h1"] for unit in held] == [published["h1"]] == [shown["h1"]]
    # Once more changes nothing.
    assert pulp.get("publish", checkout, "--repository", name)["h1"] == _h1(checkout, module)
    versions = pulp.get("repository", "version", "list", "--repository", name)
    assert [version["number"] for version in versions] == [1, 0]


def _h1(checkout: Path, module: str) -> str:
    prefix = f"{module}@v1.0.0/"
    names = [f"{prefix}{name}" for name in ("go.mod", "x.go")]
    return dirhash.hash1(names, lambda name: (checkout / name.removeprefix(prefix)).open("rb"))


def test_a_module_below_the_root(pulp: Pulp, name: str, checkout: Path, module: str) -> None:
    git(checkout, "tag", "sub/v0.3.0")
    for directory in (checkout, checkout / "sub"):
        arguments = ("--repository", name, "--tag", "sub/v0.3.0", "--dry-run")
        shown = pulp.get("publish", directory, *arguments)
        assert (shown["module"], shown["version"]) == (f"{module}/sub", "v0.3.0")
        assert shown["origin"]["Subdir"] == "sub"
    assert pulp.get("publish", checkout / "sub", "--repository", name)["tag"] == "sub/v0.3.0"


def test_what_is_not_committed_is_in_the_way(pulp: Pulp, name: str, checkout: Path) -> None:
    (checkout / "x.go").write_text("package y\n")
    said = pulp.fail("publish", checkout, "--repository", name)
    assert "x.go" in said and "--allow-dirty" in said
    # What is wrong on the command line is said first.
    said = pulp.fail("publish", checkout, "--repository", name, "--tag", "v9.9.9")
    assert "there is no tag v9.9.9" in said and "x.go" not in said
    shown = pulp.get("publish", checkout, "--repository", name, "--allow-dirty", "--dry-run")
    assert shown["version"] == "v1.0.0"


def test_a_repository_that_is_not_there_is_named(pulp: Pulp, checkout: Path) -> None:
    assert "nowhere" in pulp.fail("publish", checkout, "--repository", "nowhere")


def test_what_git_does_not_track_is_in_no_tag(pulp: Pulp, name: str, checkout: Path) -> None:
    (checkout / "x@v1.0.0.zip").write_bytes(b"packed here")
    (checkout / ".gitignore").write_text("secret\n")
    (checkout / "secret").touch()
    done = pulp.run("gomod", "publish", checkout, "--repository", name)
    assert done.code == 0, done.stderr
    assert (
        "not part of it, since git does not track them: .gitignore, x@v1.0.0.zip\n" in done.stderr
    )
    assert "Not all" not in done.stderr


def test_the_line_to_install_with_names_the_database_that_proves_it(
    pulp: Pulp, name: str, checkout: Path, module: str
) -> None:
    sumdb = pulp.get("sumdb", "create", "--name", f"localhost/{name}")
    pulp.do("repository", "update", "--name", name, "--sumdb", sumdb["name"])
    done = pulp.run("gomod", "publish", checkout, "--repository", name)
    assert done.code == 0, done.stderr
    line = done.stderr.splitlines()[-1]
    assert f" GOSUMDB={sumdb['verifier_key']} go get {module}@v1.0.0" in line
    assert "GONOSUMDB" not in line


def test_which_version_has_to_be_clear(pulp: Pulp, name: str, checkout: Path) -> None:
    git(checkout, "tag", "v1.1.0")
    assert "v1.0.0, v1.1.0" in pulp.fail("publish", checkout, "--repository", name)
    said = pulp.fail("publish", checkout, "--repository", name, "--tag", "v9.0.0")
    assert "v9.0.0" in said
    git(checkout, "commit", "-qm", "later", "--allow-empty")
    assert "--tag v1.2.3" in pulp.fail("publish", checkout, "--repository", name)
    assert pulp.get("repository", "content", "list", "--repository", name) == []


def test_without_git_nothing_is_sent(
    pulp: Pulp, name: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert "git is not installed" in pulp.fail("publish", checkout, "--repository", name)


def test_what_is_in_no_repository_is_not_published(pulp: Pulp, name: str, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    said = pulp.fail("publish", tmp_path / "plain", "--repository", name)
    # `--dirty` is an option of another command.
    assert "has no tags" in said and "--dirty" not in said


def test_who_may_only_publish_does(
    server: Server, pulp: Pulp, name: str, checkout: Path, module: str, tmp_path: Path
) -> None:
    who = f"user-{uuid4().hex[:12]}"
    made = pulp.run("user", "create", "--username", who, "--password", f"{who}-secret")
    assert made.code == 0, made.stderr
    user = Pulp.create(tmp_path / who, server, username=who, password=f"{who}-secret")
    publish = ("publish", checkout, "--repository", name)
    assert "Could not find go repository" in user.fail(*publish)
    role = ("repository", "role", "add", "--name", name, "--user", who, "--role")
    pulp.do(*role, "gomod.gorepository_publisher")
    assert user.get(*publish)["module"] == module
    (release,) = pulp.get("release", "list", "--repository", name)
    assert (release["module"], release["published_by"]) == (module, who)
    assert "Could not find go repository" in user.fail("repository", "show", "--name", name)
