"""Archives and trees, judged by this package and by Go's own code."""

import json
import os
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from pulp_gomod.golang import GoError, dirhash
from pulp_gomod.golang import zip as modzip
from tests import gomods
from tests.differential import go, zips
from tests.differential.zips import Judge
from tests.seeds import of_today
from tests.unit.golang.zips import MODULE, VERSION, Archive, Item, mutate
from tests.unit.golang.zips import module as module_zip

MUTANTS = int(os.environ.get("ZIP_MUTANTS", "500"))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Go's own packages, ready to answer."""
    try:
        command = go.find_go()
    except go.NoGo as reason:
        pytest.skip(str(reason))
    with zips.judge(zips.build(command, tmp_path_factory.mktemp("zips"))) as running:
        yield running


def seeds() -> list[bytes]:
    """Archives to break, one for each way of writing them."""
    text = b"package m\n" * 50
    return [
        module_zip(Item("m.go", text, method=zlib.DEFLATED), Item("a/b.go", b"package a\n")),
        module_zip(Item("m.go", text, method=zlib.DEFLATED, flags=8), Item("x", b"x", flags=8)),
        module_zip(Item("m.go", text), zip64=True),
        module_zip(Item("d/"), Item("d/a.go", text), comment=b"a comment"),
        module_zip(Item("m.go", text), before=b"#!/bin/sh\n"),
        Archive().pack(),
    ]


def compare(judge: Judge, file: Path) -> None:
    """Check one archive on both sides."""
    answer = judge.ask("check", path=MODULE, version=VERSION, file=str(file))
    try:
        report = modzip.check_zip(MODULE, VERSION, file)
    except GoError as error:
        assert not answer["Opened"], error
    else:
        assert answer["Opened"], answer["Error"]
        assert report.valid == (answer["Valid"] or [])
        invalid = [[each.path, str(each.error)] for each in report.invalid]
        assert invalid == (answer["Invalid"] or [])
        assert str(report.size_error or "") == answer["SizeError"]
        assert (report.error() is None) == (not answer["Error"])
    try:
        h1 = dirhash.hash_zip(file)
    except GoError as error:
        assert answer["HashError"], error
    else:
        assert h1 == answer["H1"], answer["HashError"]


def test_broken_archives_get_the_verdicts_of_go(judge: Judge, tmp_path: Path) -> None:
    archives = seeds()
    file = tmp_path / "broken.zip"
    for number in of_today(MUTANTS):
        random = Random(number)
        data = mutate(random.choice(archives), random)
        file.write_bytes(data)
        try:
            compare(judge, file)
        except AssertionError as error:
            raise AssertionError(f"archive {number}: {error}") from error


def test_what_the_gate_lets_in_is_as_go_reads_it(judge: Judge, tmp_path: Path) -> None:
    file = tmp_path / "broken.zip"
    accepted = 0
    for number in of_today(MUTANTS):
        random = Random(-1 - number)
        file.write_bytes(mutate(random.choice(seeds()), random))
        try:
            upload = modzip.check_upload(file)
        except GoError:
            continue
        answer = judge.ask("check", path=upload.module, version=upload.version, file=str(file))
        assert not answer["Error"]
        assert upload.h1 == answer["H1"]
        accepted += 1
    assert accepted


def test_modules_of_the_go_command_itself(judge: Judge, tmp_path: Path) -> None:
    zip_file, mod_file = tmp_path / "m.zip", tmp_path / "go.mod"
    accepted = 0
    for each in gomods.modules():
        zip_file.write_bytes(each.zip)
        where = {"path": each.path, "version": each.version, "file": str(zip_file)}
        answer = judge.ask("check", **where)
        try:
            refusal = modzip.check_zip(each.path, each.version, zip_file).error()
        except GoError as error:
            refusal = error
        assert (refusal is None) == (not answer["Error"]), each.path
        try:
            upload = modzip.check_upload(zip_file)
        except GoError as error:
            refused = str(error)
            assert answer["Error"] or refused.startswith(
                (
                    "the archive is empty",
                    "go.mod: missing module line",
                    "go.mod: module requires go",
                )
            ), refused
            continue
        assert not answer["Error"]
        assert (upload.module, upload.version, upload.h1) == (each.path, each.version, answer["H1"])
        mod_file.write_bytes(upload.go_mod)
        answer = judge.ask("gomod", file=str(mod_file))
        assert not answer["Error"]
        assert upload.module_line == answer["Module"]
        accepted += 1
    assert accepted > 200


def plant(root: Path, random: Random) -> None:
    """Grow a tree that has everything in it that module zips treat in some special way."""
    directories = ["", "a", "a/b", "vendor", "vendor/x", "vendor/x/y", "a/vendor", "a/vendor/z"]
    directories += ["sub", "sub/deep", ".git", "a/.hg", "pkg/vendor/vendor", "caf\u00e9", "x y"]
    names = ["go.mod", "m.go", "LICENSE", "modules.txt", "README.md", ".hg_archival.txt", "Go.mod"]
    names += ["\u00fcber.go", "con.go", "a:b", "b.go", "B.go", ".gitignore"]
    rare = {"Go.mod", "con.go", "a:b", "B.go"}
    for directory in random.sample(directories, random.randint(1, len(directories))):
        (root / directory).mkdir(parents=True, exist_ok=True)
        for name in random.sample(names, random.randint(0, 4)):
            if name not in rare or random.random() < 0.05:
                (root / directory / name).write_text(f"{directory}/{name}\n" * random.randint(0, 3))
        if random.random() < 0.2:
            link = root / directory / "link"
            if not link.is_symlink():
                link.symlink_to(random.choice(["m.go", "..", "nowhere"]))
    if random.random() < 0.7:
        version = random.choice(["1.13", "1.23.0", "1.24", "1.25rc1", "1.24.3"])
        (root / "go.mod").write_text(f"module {MODULE}\n\ngo {version}\n")


@pytest.mark.parametrize("number", of_today(20))
def test_zip_from_a_directory(judge: Judge, tmp_path: Path, number: int) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    plant(tree, Random(number))
    where = {"path": MODULE, "version": VERSION, "dir": str(tree)}

    report = modzip.check_dir(tree)
    answer = judge.ask("checkdir", **where)
    assert report.valid == (answer["Valid"] or [])
    omitted = [[each.path, str(each.error)] for each in report.omitted]
    assert omitted == (answer["Omitted"] or [])
    invalid = [[each.path, str(each.error)] for each in report.invalid]
    assert invalid == (answer["Invalid"] or [])

    answer = judge.ask("dir", file=str(tmp_path / "theirs.zip"), **where)
    ours = tmp_path / "ours.zip"
    if answer["Error"]:
        with pytest.raises(GoError):
            modzip.create_from_dir(ours, MODULE, VERSION, tree)
    else:
        modzip.create_from_dir(ours, MODULE, VERSION, tree)
        assert dirhash.hash_zip(ours) == answer["H1"]


def commit(repo: Path) -> None:
    """Make a repository of a tree, and a tag for what is in it."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=repo, check=True)
    subprocess.run(["git", "tag", "v1.0.0"], cwd=repo, check=True)


@pytest.mark.parametrize("number", of_today(5))
def test_zip_from_a_commit(judge: Judge, tmp_path: Path, number: int) -> None:
    repo = tmp_path / "repo"
    random = Random(number)
    plant(repo, random)
    subprocess.run(["rm", "-rf", str(repo / ".git")], check=True)
    (repo / "main.go").write_text("package main\r\n")
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    (repo / ".gitignore").write_text("*.ignored\n")
    (repo / "x.ignored").write_text("x")
    (repo / ".gitattributes").write_text("B.go export-ignore\n")
    (repo / "sub").mkdir(exist_ok=True)
    (repo / "sub/s.go").write_text("package sub\n")
    commit(repo)
    (repo / "later.go").write_text("package main\n")
    for subdir in ("", "sub"):
        where = {"path": MODULE, "version": VERSION, "dir": str(repo), "rev": "v1.0.0"}
        answer = judge.ask("vcs", file=str(tmp_path / "theirs.zip"), sub=subdir, **where)
        ours = tmp_path / "ours.zip"
        if answer["Error"]:
            with pytest.raises(GoError):
                modzip.create_from_vcs(ours, MODULE, VERSION, repo, "v1.0.0", subdir)
        else:
            modzip.create_from_vcs(ours, MODULE, VERSION, repo, "v1.0.0", subdir)
            assert dirhash.hash_zip(ours) == answer["H1"]


def test_zip_of_a_tag_as_the_go_command_makes_it(tmp_path: Path) -> None:
    """`go mod download` straight from a repository and our zip of its tag have the same h1."""
    try:
        command = go.find_go()
    except go.NoGo as reason:
        pytest.skip(str(reason))
    # A path with ".git" in it names its repository itself: nobody is asked where that is.
    path = "git.example.com/team/hosted.git"
    repo = tmp_path / "repo"
    (repo / "inner").mkdir(parents=True)
    (repo / "vendor/x").mkdir(parents=True)
    (repo / "go.mod").write_text(f"module {path}\n\ngo 1.24\n")
    (repo / "m.go").write_text("package hosted\r\n")
    (repo / "inner/i.go").write_text("package inner\n")
    (repo / "vendor/modules.txt").write_text("# x\n")
    (repo / "vendor/x/x.go").write_text("package x\n")
    (repo / "link").symlink_to("m.go")
    # `git archive` alone would leave out, and write into, what the go command takes as it is.
    (repo / "left.txt").write_text("x")
    (repo / "version.go").write_text("package hosted // $Format:%H$\n")
    (repo / "dos.txt").write_text("a\nb\n")
    (repo / ".gitattributes").write_text(
        "left.txt export-ignore\nversion.go export-subst\ndos.txt text eol=crlf\n"
    )
    commit(repo)
    ours = tmp_path / "ours.zip"
    modzip.create_from_vcs(ours, path, VERSION, repo, VERSION, as_fetched=True)
    assert dirhash.hash_zip(ours) == download_direct(command, tmp_path, path, repo)


def download_direct(command: str, scratch: Path, path: str, repo: Path) -> str:
    """Have the go command make the zip of a tag, and return its h1."""
    environment = go.environment() | {
        "GOPROXY": "direct",
        "GOFLAGS": "-modcacherw",
        "GOMODCACHE": str(scratch / "cache"),
        "GIT_ALLOW_PROTOCOL": "file:https",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{repo}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://{path.removesuffix('.git')}",
    }
    done = subprocess.run(
        [command, "mod", "download", "-json", f"{path}@{VERSION}"],
        env=environment,
        cwd=scratch,
        check=True,
        capture_output=True,
    )
    h1: str = json.loads(done.stdout)["Sum"]
    return h1
