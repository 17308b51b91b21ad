"""The machine's own GOPROXY as the upstream: a real program, cold, and then with the upstream gone."""

import time
from pathlib import Path

import pytest

from tests.functional.owners import Go
from tests.functional.real_upstream import forwarding
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import Mirror, running

# With dozens of modules that are small: large ones go the same ways, and take longer.
PROGRAM = "github.com/charmbracelet/bubbletea@v0.24.0"

pytestmark = pytest.mark.upstream


def test_a_real_program_cold_and_with_the_upstream_unplugged(rest: Rest, tmp_path: Path) -> None:
    env = {"GONOSUMDB": "", "GOSUMDB": "sum.golang.org", "GOFLAGS": "-mod=mod -modcacherw"}
    with running(forwarding()) as upstream:
        mirror = Mirror.create(rest, upstream, sumdb="sum.golang.org", cache_ttl=1)
        cold = Go.create(tmp_path / "cold")
        cold.run(mirror.url, "get", PROGRAM, env=env)
        cold.run(mirror.url, "mod", "download", "all", env=env)
        asked = len(upstream.asked)
        assert asked > 60
    time.sleep(3)
    again = Go.create(tmp_path / "again")
    again.run(mirror.url, "get", PROGRAM, env=env)
    again.run(mirror.url, "mod", "download", "all", env=env)
    first, second = cold.directory / "work", again.directory / "work"
    assert (first / "go.mod").read_text() == (second / "go.mod").read_text()
    # The newest go.mod of each module is only looked at for retractions: where that fails, go says nothing
    # and has a line less.
    lines, more = ((each / "go.sum").read_text().splitlines() for each in (first, second))
    assert set(lines) <= set(more)
    version = rest.get(mirror.owner.repository)["latest_version_href"]
    assert int(version.rstrip("/").split("/")[-1]) <= 10
