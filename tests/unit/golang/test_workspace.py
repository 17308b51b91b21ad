"""Workspaces: what Go refuses of a go.work, and what is replaced by what."""

import pytest

from pulp_gomod.golang import GoError, modfile
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.workspace import Workspace


def workspace(work: str, *members: str) -> Workspace:
    files = tuple(modfile.parse(each.encode()) for each in members)
    return Workspace(modfile.parse_work(work.encode()), files)


def test_a_go_work_is_read():
    work = modfile.parse_work(
        b'go 1.24\ntoolchain go1.24.1\ngodebug x=y\nuse (\n\t./a\n\t"./b c"\n)\nuse /d // why\n'
        b"replace m.org/x => ./x\n"
    )
    assert (work.go.version, work.toolchain.name) == ("1.24", "go1.24.1")
    assert work.use == ["./a", "./b c", "/d"]
    assert work.replace[0].new == Version("./x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("module m.org/a\n", "go.work:1: unknown directive: module"),
        ("require m.org/a v1.0.0\n", "go.work:1: unknown directive: require"),
        ("\nuse a b\n", "go.work:2: usage: use local/dir"),
        ("require (\n\tm.org/a v1.0.0\n)\n", "go.work:1: unknown block type: require"),
        ("go 1.21\ngo 1.22\n", "go.work:2: repeated go statement"),
    ],
)
def test_what_is_no_go_work(text, said):
    with pytest.raises(GoError) as refused:
        modfile.parse_work(text.encode())
    assert str(refused.value) == said


def test_what_go_work_replaces_comes_first():
    made = workspace(
        "replace m.org/x v1.0.0 => m.org/y v1.0.0\n",
        "module m.org/a\nreplace m.org/x => m.org/z v1.0.0\nreplace m.org/w => ../w\n",
        "module m.org/b\nreplace m.org/w => ../../w\n",
    )
    made.check()
    assert made.replacements() == {
        Version("m.org/x", "v1.0.0"): Version("m.org/y", "v1.0.0"),
        Version("m.org/w"): Version("../w"),
    }


@pytest.mark.parametrize(
    ("work", "members", "said"),
    [
        ("", ["module m.org/a\n", "module m.org/a\n"], "appears multiple times"),
        ("", ["go 1.21\n"], "no module line"),
        ("replace m.org/a => ../a\n", ["module m.org/a\n"], "is replaced at all versions"),
        (
            "",
            [
                "module m.org/a\nreplace m.org/x => m.org/y v1.0.0\n",
                "module m.org/b\nreplace m.org/x => m.org/y v1.1.0\n",
            ],
            "conflicting replacements for m.org/x",
        ),
    ],
)
def test_what_go_would_not_load(work, members, said):
    with pytest.raises(GoError, match=said):
        workspace(work, *members).check()
