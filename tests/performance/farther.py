"""A relay that has an upstream farther away than it is: `python -m tests.performance.farther UPSTREAM SECONDS`."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import aiohttp
from aiohttp import web

_PASSED_ON = ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control")
_CHUNK = 1 << 18


@contextlib.contextmanager
def farther(upstream: str, seconds: float) -> Iterator[str]:
    """
    Have each answer of an upstream begin later.

    Args:
        upstream: A GOPROXY.
        seconds: How much later.

    Yields:
        The GOPROXY to use instead.
    """
    command = [sys.executable, "-m", __name__, upstream, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdout is not None
        try:
            yield relay.stdout.readline().strip()
        finally:
            relay.terminate()


class _Relay:
    def __init__(self, upstream: str, seconds: float) -> None:
        self._upstream = upstream.rstrip("/")
        self._seconds = seconds

    async def run(self) -> None:
        app = web.Application()
        app.cleanup_ctx.append(self._connected)
        app.router.add_get("/{path:.*}", self._pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        print(f"http://{host}:{port}", flush=True)
        await asyncio.Event().wait()

    async def _connected(self, _: web.Application) -> AsyncIterator[None]:
        headers = {"Accept-Encoding": "identity"}
        async with aiohttp.ClientSession(
            headers=headers, trust_env=True, auto_decompress=False
        ) as session:
            self._session = session
            yield

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self._seconds)
        async with self._session.get(self._upstream + request.raw_path) as answer:
            headers = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_chunked(_CHUNK):
                await response.write(chunk)
            await response.write_eof()
            return response


if __name__ == "__main__":
    asyncio.run(_Relay(sys.argv[1], float(sys.argv[2])).run())
