"""Which go.mod files are the same to those who require their module."""

import pytest

from pulp_gomod.golang.modfile.dependents import lines_for_dependents

FILE = b"module example.com/m\n\nrequire example.com/n v1.0.0\n"


@pytest.mark.parametrize(
    "other",
    [
        FILE + b"exclude example.com/n v1.0.1\n",
        FILE + b"\nreplace example.com/n v1.0.0 => ../n\n",
        FILE + b"go 1.16\n",
        FILE.replace(b"\n", b"\r\n"),
    ],
)
def test_what_only_the_main_module_obeys_makes_no_difference(other: bytes) -> None:
    assert lines_for_dependents(other) == lines_for_dependents(FILE)


@pytest.mark.parametrize(
    "other",
    [
        FILE + b"go 1.17\n",
        FILE + b"require example.com/o v1.0.0\n",
        FILE + b"// Deprecated: by another.\n",
        FILE + b"retract v1.0.0\n",
        FILE + b"exclude (\n\texample.com/n v1.0.1\n)\n",
        FILE.replace(b"v1.0.0", b"v1.0.0 // indirect"),
        FILE.replace(b"example.com/m", b"example.com/l"),
        b"",
    ],
)
def test_everything_else_does(other: bytes) -> None:
    assert lines_for_dependents(other) != lines_for_dependents(FILE)
