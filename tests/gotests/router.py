"""Stands in front of the server under test for Go's script tests.

Some scripts misuse the URL of Go's test proxy to make it misbehave (`$GOPROXY/503/...`,
`$GOPROXY/redirect/11/...`). Such paths name no module: they go to the test proxy itself. Everything
else goes to the server under test.

    python -m tests.gotests.router 127.0.0.1:9000 http://localhost:8000/mod \\
        http://localhost:24816/pulp/content/gotests [--sumdb-direct]
"""

import argparse
import re
from collections.abc import Awaitable, Callable, Collection

import aiohttp
from aiohttp import web
from yarl import URL

PREFIX = "/mod"
_MISUSED = re.compile(r"(?:invalid|[2-9][0-9]+|sumdb-[a-z0-9]+|redirect)/")
_SUMDB = "sumdb/"
_PASSED = ("Content-Type", "Location", "Content-Length")


def router(
    proxy: str, server: str, *, sumdb_direct: bool, direct: Collection[str] = ()
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """
    Make the handler.

    Args:
        proxy: URL of Go's test proxy.
        server: URL of the distribution under test.
        sumdb_direct: Whether the checksum database is asked of the test proxy, too.
        direct: Escaped paths of modules that are asked of the test proxy.
    """

    async def handle(request: web.Request) -> web.Response:
        path = request.raw_path.removeprefix(PREFIX).lstrip("/")
        misused = _MISUSED.match(path) or (sumdb_direct and path.startswith(_SUMDB))
        is_direct = misused or path.partition("/@")[0] in direct
        url = f"{proxy if is_direct else server}/{path}"
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(URL(url, encoded=True), allow_redirects=False) as answer,
        ):
            body = await answer.read()
            headers = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
            return web.Response(status=answer.status, body=body, headers=headers)

    return handle


def main() -> None:
    """Run the router until it is stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("proxy")
    parser.add_argument("server")
    parser.add_argument("--sumdb-direct", action="store_true")
    parser.add_argument("--direct", action="append", default=[], metavar="MODULE")
    chosen = parser.parse_args()
    host, _, port = chosen.address.rpartition(":")
    app = web.Application()
    handle = router(
        chosen.proxy, chosen.server, sumdb_direct=chosen.sumdb_direct, direct=set(chosen.direct)
    )
    app.router.add_get(f"{PREFIX}/{{path:.*}}", handle)
    web.run_app(app, host=host, port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main()
