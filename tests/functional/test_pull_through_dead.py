"""An upstream that is gone, and a repository that holds all that is needed: the go command works on."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.owners import Go
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import Mirror, Upstream, running

MAIN = """package main

import (
\t_ "example.com/dep"
\t_ "example.com/dep/deep/er"
)

func main() {}
"""


def _fill(upstream: Upstream) -> None:
    upstream.add("example.com/base", "v1.0.0")
    for version in ("v1.0.0", "v1.1.0"):
        files = {
            "deep/er/a.go": "package er\n",
            "cmd/tool/main.go": "package main\nfunc main() {}\n",
        }
        upstream.add("example.com/dep", version, "require example.com/base v1.0.0", **files)
    upstream.add("example.com/dep/nested", "v1.0.0")


@pytest.fixture(scope="module")
def orphaned(rest: Rest) -> Iterator[Mirror]:
    """A repository that was synced from an upstream which is gone."""
    with running() as upstream:
        _fill(upstream)
        mirror = Mirror.create(rest, upstream, policy="immediate")
        wanted = ["example.com/base", "example.com/dep@v1.0.0", "example.com/dep@v1.1.0"]
        order = {"remote": mirror.remote, "modules": wanted}
        rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=order))
        # Asked for once while the upstream was there.
        assert mirror.get("example.com/dep/nested/@v/list").text == "v1.0.0\n"
    yield mirror


def test_modules_are_updated_from_what_is_held(orphaned: Mirror, tmp_path: Path) -> None:
    go = Go.create(tmp_path, MAIN)
    go.run(orphaned.url, "get", "example.com/dep@v1.0.0")
    go.run(orphaned.url, "get", "-u", "./...")
    assert "example.com/dep v1.1.0" in (go.directory / "work" / "go.mod").read_text()
    go.run(orphaned.url, "mod", "tidy")
    go.run(orphaned.url, "build", "./...")


def test_a_command_of_a_held_version_is_installed(orphaned: Mirror, tmp_path: Path) -> None:
    go = Go.create(tmp_path)
    for version in ("v1.0.0", "latest"):
        go.run(orphaned.url, "install", f"example.com/dep/cmd/tool@{version}")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("example.com/dep/deep/@v/list", 404),
        ("example.com/dep/deep/er/@v/list", 404),
        ("example.com/dep/deep/@latest", 404),
        ("example.com/dep/deep/@v/v1.1.0.info", 404),
        # The held module has no such version, so it can have nothing of the package there.
        ("example.com/dep/deep/@v/v1.2.0.info", 502),
        # What builds read is named in a go.mod: somebody knows that it is there.
        ("example.com/dep/deep/@v/v1.1.0.mod", 502),
        ("example.com/dep/deep/@v/v1.1.0.zip", 502),
        ("example.com/dep/deep/@v/main.info", 502),
        # Nothing above it is held.
        ("example.com/else/@v/list", 502),
        ("example.com/depth/@v/list", 502),
        ("example.com/dep/v2/@v/list", 502),
        # It is known to be a module.
        ("example.com/dep/nested/@v/list", 200),
        ("example.com/dep/nested/@latest", 502),
        ("example.com/dep/nested/@v/v1.0.0.info", 502),
        # What is held is answered as ever.
        ("example.com/dep/@v/list", 200),
        ("example.com/dep/@latest", 200),
    ],
)
def test_what_cannot_be_known_is_told_apart(orphaned: Mirror, path: str, status: int) -> None:
    answer = orphaned.get(path)
    assert answer.status_code == status, answer.text
    if status == 404:
        assert answer.text.endswith(
            "cannot be reached, is not known to have it; the repository has example.com/dep\n"
        )
        assert answer.headers["Cache-Control"] == "no-cache"


def test_it_is_answered_at_once(orphaned: Mirror) -> None:
    # Whichever process is asked has found out before long.
    for number in range(20):
        assert orphaned.get(f"example.com/else{number}/@v/list").status_code == 502
    began = time.monotonic()
    for number in range(100):
        answer = orphaned.get(f"example.com/other{number}/@v/list")
        assert (answer.status_code, "cannot be reached" in answer.text) == (502, True)
    # Each took nearly a second before.
    assert time.monotonic() - began < 40
