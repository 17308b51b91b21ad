"""Which versions of golang.org/toolchain somebody means."""

import pytest

from pulp_gomod.golang import GoError, modfile

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.tasks.sync.toolchains import (  # isort: skip
    WantedToolchain,
    read_platforms,
    read_toolchains,
    toolchains_of,
)


def test_names_of_toolchains() -> None:
    names = ["go1.26.8 linux-amd64", " go1.26.8.linux-amd64 ", "go1.27rc1 windows-arm64"]
    found = read_toolchains([*names, "go1.26.x darwin-arm64"])
    assert [each.version for each in found] == [
        "v0.0.1-go1.26.8.linux-amd64",
        "v0.0.1-go1.27rc1.windows-arm64",
        "",
    ]
    for wrong in ("1.26.8 linux-amd64", "go1.26.8", "go1.26.8 linux/amd64", "go1.026.8 a-b", ""):
        with pytest.raises(GoError, match="^1: .* is no toolchain"):
            read_toolchains([wrong])
    with pytest.raises(GoError, match="^2: .* is no platform"):
        read_platforms(["linux-amd64", "linux/amd64"])


def test_the_newest_of_a_release() -> None:
    wanted = WantedToolchain("1.26.x", "linux-amd64")
    names = ("1.26.9.linux-amd64", "1.26.10.linux-amd64", "1.26.11.linux-arm64")
    names += ("1.26rc2.linux-amd64", "1.260.1.linux-amd64", "1.26.9-x.linux-amd64")
    listed = [f"v0.0.1-go{name}" for name in names]
    assert wanted.newest(listed) == "v0.0.1-go1.26.10.linux-amd64"
    assert wanted.newest(listed[2:]) is None


@pytest.mark.parametrize(
    "lines, go",
    [
        ("go 1.25.4", "1.25.4"),
        # As cmd/go: a language version has no release of its own name.
        ("go 1.25", "1.25.0"),
        ("go 1.25\ntoolchain go1.26.1", "1.26.1"),
        ("go 1.26.2\ntoolchain go1.26.1", "1.26.2"),
        ("go 1.26rc1\ntoolchain go1.26.0", "1.26.0"),
        ("go 1.26.10\ntoolchain go1.26.9", "1.26.10"),
        ("go 1.25.4\ntoolchain default", "1.25.4"),
        ("go 1.20", ""),
        ("", ""),
    ],
)
def test_the_toolchain_of_a_go_mod(lines: str, go: str) -> None:
    main = modfile.parse(f"module example.com/a\n\n{lines}\n".encode())
    found = toolchains_of(main, ["linux-amd64", "darwin-arm64"])
    platforms = ["linux-amd64", "darwin-arm64"] if go else []
    assert found == [WantedToolchain(go, platform) for platform in platforms]
