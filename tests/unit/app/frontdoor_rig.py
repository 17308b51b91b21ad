"""A front door between a raw client and a raw API, to see every byte on both sides."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from aiohttp import web

import tests.unit.django_set_up  # noqa: F401
from pulp_gomod.app.content.frontdoor import Bounds, FrontDoor, install_server
from pulp_gomod.standalone.server import ACCESS_LOG

LIMIT = 8 * 1024 * 1024
GO_AHEAD = b"HTTP/1.1 204 No Content\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Seen:
    """A request as the API received it."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        """The request line."""
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers, their names in lower case."""
        lines = self.head.decode().split("\r\n")[1:]
        pairs = (line.partition(": ") for line in lines if line)
        return [(name.lower(), value) for name, _, value in pairs]

    def values(self, name: str) -> list[str]:
        """All values of one header."""
        return [value for each, value in self.headers if each == name]


@dataclass
class Api:
    """
    The API behind the door.

    Attributes:
        path: Its socket.
        seen: What it received.
        asked: By what it was asked whether a body is worth receiving.
        answer: Makes its answer; an empty one closes the connection.
        verdict: Its answer to that question.
        before: Waited for before it answers.
        finished: How many answers it has got rid of, all but what the system holds for a connection.
    """

    path: Path
    seen: list[Seen] = field(default_factory=list)
    asked: list[Seen] = field(default_factory=list)
    answer: Callable[[Seen], bytes] = lambda _: OK
    verdict: bytes = GO_AHEAD
    before: Callable[[Seen], Awaitable[None]] | None = None
    finished: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        seen = Seen(head, b"")
        if length := seen.values("content-length"):
            seen.body = await reader.readexactly(int(length[0]))
        if seen.values("x-gomod-body-of"):
            self.asked.append(seen)
            writer.write(self.verdict)
        else:
            self.seen.append(seen)
            if self.before:
                await self.before(seen)
            writer.write(self.answer(seen))
        await writer.drain()
        writer.close()
        self.finished += 1

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[None]:
        """Take connections."""
        async with await asyncio.start_unix_server(self.serve, self.path):
            yield


@dataclass
class Rig:
    """A door that runs, its API, and clients for it."""

    api: Api
    port: int
    socket: Path

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the door."""
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2 * LIMIT)

    async def connect_as_proxy(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection by the door's socket, as a web server of this machine makes it."""
        return await asyncio.open_unix_connection(self.socket, limit=2 * LIMIT)

    async def send(self, request: bytes, *, as_proxy: bool = False) -> bytes:
        """Send bytes, and return all that comes until the door closes the connection."""
        reader, writer = await (self.connect_as_proxy() if as_proxy else self.connect())
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    async def get(self, target: str, *headers: str) -> bytes:
        """Send a GET."""
        return await self.send(request("GET", target, *headers))


def request(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    """A request that closes its connection."""
    lines = (f"{method} {target} HTTP/1.1", "Host: go.example.com", "Connection: close", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def chunked(body: bytes, size: int = 60_000) -> bytes:
    """A body in chunks."""
    parts = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@asynccontextmanager
async def rig(directory: Path, **options: Any) -> AsyncIterator[Rig]:
    """Run a door; `options` are those of FrontDoor and of Bounds, and the services of the app."""
    api = Api(directory / "api.sock")
    shared = options.pop("services", {})
    access_log = options.pop("access_log", None)
    names = [each.name for each in fields(Bounds) if each.init]
    bounds = {name: options.pop(name) for name in names if name in options}
    door = FrontDoor(
        f"unix:{api.path}",
        Bounds(directory, **{"limit": LIMIT} | bounds),
        **{"patience": 0.3} | options,
    )
    app = web.Application(middlewares=[_angry])
    install_server(app)
    door.attach(app)
    app.update(shared)

    async def content(_: web.Request) -> web.Response:
        return web.Response(text="content")

    app.router.add_get("/api/packages/{owner}/go/{path:.*}", content)
    # How long the bytes of a refused body are still taken, ten seconds if nothing is said.
    runner = web.AppRunner(
        app, lingering_time=0.2, access_log=access_log, access_log_format=ACCESS_LOG[-1]
    )
    await runner.setup()
    # Beside the directory, which is looked at.
    socket = directory.with_name(f"{directory.name}.sock")
    for site in (web.TCPSite(runner, "127.0.0.1", 0), web.UnixSite(runner, socket)):
        await site.start()
    try:
        async with api.listen():
            yield Rig(api, runner.addresses[0][1], socket)
    finally:
        await runner.cleanup()


@web.middleware
async def _angry(request: web.Request, handler: Any) -> web.StreamResponse:
    """Stands for Pulp's middlewares: only content may come to it."""
    assert request.method in ("GET", "HEAD")
    assert request.path.startswith("/api/packages/")
    response: web.StreamResponse = await handler(request)
    return response
