"""The machine's own GOPROXY as the upstream: a real program, cold, and then with the upstream gone."""

import subprocess
import time
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.functional.owners import Go
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import Mirror, Upstream, running
from tests.gomods import find_goroot

# A program of some 120 modules.
PROGRAM = "github.com/spf13/viper@v1.19.0"
PASSED = ("Content-Type", "Content-Length", "ETag", "Last-Modified")

pytestmark = pytest.mark.upstream


def _goproxy() -> str:
    """Return the first GOPROXY that the machine is set up with."""
    go = str(find_goroot() / "bin" / "go")
    said = subprocess.check_output([go, "env", "GOPROXY"], text=True)
    return said.strip().replace("|", ",").split(",")[0].rstrip("/")


def _forwarding(goproxy: str) -> Upstream:
    """Make an upstream that passes everything on, so that it can be unplugged."""

    async def forward(request: web.Request) -> web.StreamResponse:
        url = f"{goproxy}/{request.raw_path.removeprefix('/proxy/')}"
        async with (
            aiohttp.ClientSession(auto_decompress=False, trust_env=True) as session,
            session.get(URL(url, encoded=True), headers={"Accept-Encoding": "identity"}) as answer,
        ):
            body = await answer.read()
            headers = {name: answer.headers[name] for name in PASSED if name in answer.headers}
            return web.Response(status=answer.status, body=body, headers=headers)

    return Upstream(everything=forward)


def test_a_real_program_cold_and_with_the_upstream_unplugged(rest: Rest, tmp_path: Path) -> None:
    goproxy = _goproxy()
    if not goproxy.startswith("http"):
        pytest.skip(f"GOPROXY of this machine is {goproxy}")
    env = {"GONOSUMDB": "", "GOSUMDB": "sum.golang.org", "GOFLAGS": "-mod=mod -modcacherw"}
    with running(_forwarding(goproxy)) as upstream:
        mirror = Mirror.create(rest, upstream, sumdb="sum.golang.org", cache_ttl=1)
        cold = Go.create(tmp_path / "cold")
        cold.run(mirror.url, "get", PROGRAM, env=env)
        cold.run(mirror.url, "mod", "download", "all", env=env)
        asked = len(upstream.asked)
        assert asked > 100
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
