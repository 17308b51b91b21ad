"""Which go.mod files are read because a go.mod is read."""

import pytest

from pulp_gomod.golang.modfile.loading import requirements
from pulp_gomod.golang.module import Version


@pytest.mark.parametrize(
    ("go", "is_pruned"),
    [("", False), ("1.9", False), ("1.16", False), ("1.17", True), ("1.21.3", True), ("2.0", True)],
)
def test_pruning_began_with_go_1_17(go: str, is_pruned: bool) -> None:
    lines = ["module example.com/m", *([f"go {go}"] if go else []), "require example.com/a v1.0.0"]
    found = requirements("\n".join(lines).encode(), 10)
    assert (found.is_pruned, found.versions) == (is_pruned, (Version("example.com/a", "v1.0.0"),))


def test_no_more_are_kept_than_are_of_interest() -> None:
    lines = [f"require example.com/r{number} v1.0.0" for number in range(1000)]
    found = requirements("\n".join(["module example.com/m", *lines]).encode(), 3)
    assert [each.path for each in found.versions] == [f"example.com/r{n}" for n in range(3)]


def test_of_what_go_refuses_nothing_is_read() -> None:
    found = requirements(b"module example.com/m\nrequire example.com/a\n", 10)
    assert (found.is_pruned, found.versions) == (True, ())


@pytest.mark.parametrize(
    "name",
    [
        b'"a b" v1.0.0',
        b"/a/../b v1.0.0",
        b"example.com/B!x v1.0.0",
        "example.com/caf\u00e9 v1.0.0".encode(),
        b"example.com/\xff\xfe v1.0.0",
        b"a v1.0.0",
    ],
)
def test_names_that_no_module_has_are_left_out(name: bytes) -> None:
    lines = [b"module example.com/m", b"require " + name, b"require example.com/a v1.0.0"]
    found = requirements(b"\n".join(lines) + b"\n", 10)
    assert found.versions == (Version("example.com/a", "v1.0.0"),)
