"""The machine's own GOPROXY, behind an upstream of the tests' own that counts and can be unplugged."""

import subprocess

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.functional.upstream_world import Upstream
from tests.gomods import find_goroot

_PASSED = ("Content-Type", "Content-Length", "ETag", "Last-Modified")


def forwarding() -> Upstream:
    """Make an upstream that passes everything on; the test is skipped if the machine has no GOPROXY."""
    goproxy = _goproxy()
    if not goproxy.startswith("http"):
        pytest.skip(f"GOPROXY of this machine is {goproxy}")

    async def forward(request: web.Request) -> web.StreamResponse:
        url = f"{goproxy}/{request.raw_path.removeprefix('/proxy/')}"
        async with (
            aiohttp.ClientSession(auto_decompress=False, trust_env=True) as session,
            session.get(URL(url, encoded=True), headers={"Accept-Encoding": "identity"}) as answer,
        ):
            body = await answer.read()
            headers = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
            return web.Response(status=answer.status, body=body, headers=headers)

    return Upstream(everything=forward)


def _goproxy() -> str:
    """Return the first GOPROXY that the machine is set up with."""
    go = str(find_goroot() / "bin" / "go")
    said = subprocess.check_output([go, "env", "GOPROXY"], text=True)
    return said.strip().replace("|", ",").split(",")[0].rstrip("/")
