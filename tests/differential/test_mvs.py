"""Random module graphs: what we choose and read of them, and what the go command does."""

import random
from pathlib import Path

import pytest

from pulp_gomod.golang import modfile
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.mvs import Graph
from pulp_gomod.golang.workspace import Workspace
from tests.functional.owners import Go
from tests.functional.upstream_world import Upstream, running
from tests.seeds import of_today

MODULES = 8
VERSIONS = ("v1.0.0", "v1.1.0", "v1.2.0", "v1.10.0-rc.1")
GO_VERSIONS = ("", "go 1.12", "go 1.16", "go 1.17", "go 1.21", "go 1.21")


def _path(number: int) -> str:
    return f"x.org/m{number}"


def _requirements(choice: random.Random, count: int) -> list[str]:
    modules = choice.sample(range(MODULES), count)
    return [f"require {_path(each)} {choice.choice(VERSIONS)}" for each in modules]


def _fill(upstream: Upstream, choice: random.Random) -> None:
    for number in range(MODULES):
        for version in VERSIONS:
            lines = _requirements(choice, choice.choice((0, 1, 1, 2)))
            own = [line for line in lines if f"{_path(number)} " not in line]
            upstream.add(_path(number), version, choice.choice(GO_VERSIONS), *own)


def _main(choice: random.Random) -> str:
    lines = ["module x.org/main", choice.choice(("go 1.16", "go 1.17", "go 1.21"))]
    lines += _requirements(choice, choice.choice((1, 2, 4)))
    if choice.random() < 0.3:
        lines.append(f"replace {_path(0)} => {_path(1)} {VERSIONS[0]}")
    if choice.random() < 0.3:
        lines.append(f"replace {_path(2)} {VERSIONS[1]} => {_path(2)} {VERSIONS[2]}")
    if choice.random() < 0.3:
        lines.append(f"exclude {_path(3)} {VERSIONS[2]}")
    return "\n".join([*lines, ""])


def _ours(main: modfile.File | Workspace, upstream: Upstream) -> tuple[list[str], set[str]]:
    graph = Graph(main)
    while missing := graph.missing():
        for path, version in missing:
            file = modfile.parse_lax(upstream.modules[path][version].mod)
            graph.read(Version(path, version), file)
    chosen = sorted(str(version) for version in graph.build_list())
    # The go command shows of a chosen version what its go.mod says, also where that is pruned.
    files = {*graph.visited(), *graph.build_list()}
    return chosen, {f"{path}/@v/{version}.mod" for path, version in files}


def _chosen(listed: str) -> list[str]:
    found = set()
    for line in listed.splitlines():
        # path [version] [=> path version]
        name = "@".join(line.partition(" => ")[2].split() or line.split())
        found.update({name} if "@" in name else ())
    return sorted(found)


@pytest.mark.parametrize("seed", of_today(10))
def test_the_go_command_chooses_the_same(tmp_path: Path, seed: int) -> None:
    choice = random.Random(seed)
    with running() as upstream:
        _fill(upstream, choice)
        go = Go.create(tmp_path, "package main\n\nfunc main() {}\n")
        main = _main(choice)
        (go.directory / "work" / "go.mod").write_text(main)
        listed = go.run(upstream.url, "list", "-mod=mod", "-m", "all").stdout
    chosen, files = _ours(modfile.parse(main.encode()), upstream)
    assert chosen == _chosen(listed), main
    assert {path for path in upstream.asked if path.endswith(".mod")} == files


def _member(choice: random.Random, number: int) -> str:
    lines = [f"module x.org/main{number}", choice.choice(("go 1.16", "go 1.17", "go 1.21"))]
    lines += _requirements(choice, choice.choice((0, 1, 2, 4)))
    if choice.random() < 0.2:
        lines.append(f"exclude {_path(3)} {VERSIONS[2]}")
    if number == 0 and choice.random() < 0.3:
        lines.append(f"replace {_path(0)} => {_path(1)} {VERSIONS[0]}")
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("seed", of_today(20))
def test_the_go_command_chooses_the_same_for_a_workspace(tmp_path: Path, seed: int) -> None:
    choice = random.Random(seed)
    with running() as upstream:
        _fill(upstream, choice)
        go = Go.create(tmp_path)
        work = go.directory / "work"
        (work / "go.mod").unlink()
        members = [_member(choice, number) for number in range(choice.choice((1, 2, 3)))]
        for number, text in enumerate(members):
            (work / f"m{number}").mkdir()
            (work / f"m{number}" / "go.mod").write_text(text)
        lines = ["go 1.21", *(f"use ./m{number}" for number in range(len(members)))]
        if choice.random() < 0.3:
            lines.append(f"replace {_path(2)} {VERSIONS[1]} => {_path(2)} {VERSIONS[2]}")
        (work / "go.work").write_text("\n".join([*lines, ""]))
        environment = {"GOFLAGS": "-modcacherw"}
        listed = go.run(upstream.url, "list", "-m", "all", env=environment).stdout
    parsed = tuple(modfile.parse(each.encode()) for each in members)
    workspace = Workspace(modfile.parse_work("\n".join(lines).encode()), parsed)
    workspace.check()
    chosen, files = _ours(workspace, upstream)
    assert chosen == _chosen(listed), members
    assert {path for path in upstream.asked if path.endswith(".mod")} == files
