"""An app as connections see it, with a cache in the hands of the test."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from pulp_gomod.app.content.accelerator import server
from pulp_gomod.app.content.accelerator.interface import PlainGet

HEAD = b"GET /known HTTP/1.1\r\nHost: x\r\n\r\n"
OTHER = HEAD.replace(b"known", b"other")
BODY = b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"

access_log = logging.getLogger("access")


@dataclass
class Wire:
    """A response."""

    pieces: tuple[bytes, ...]
    status: int = 200


def wire(body: bytes) -> Wire:
    return Wire(
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nDate: " % len(body), b"now\r\n\r\n", body)
    )


AGAIN = wire(b"again")
FETCHED = wire(b"fetched")


class Cache:
    """Knows what the test says, by path."""

    def __init__(self) -> None:
        self.on_plain_get: Callable[[web.Request, Any], None] | None = None
        self.answers: dict[str, Wire] = {}
        self.asked: list[PlainGet] = []
        self.looking: asyncio.Future[None] | None = None
        self.fetched: list[str] = []
        self.is_proxy = True
        self.sent_zips: list[str] = []

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def known(self, asked: PlainGet) -> Wire | None:
        self.asked.append(asked)
        return self.answers.get(asked.path)

    def fetch(self, asked: PlainGet) -> "asyncio.Future[None] | None":
        self.fetched.append(asked.path)
        return self.looking

    def sent(self, asked: PlainGet, status: int, transport: asyncio.Transport, head: bytes) -> None:
        self.sent_zips.append(asked.path)

    def may_ignore(self, name: str, transport: asyncio.Transport) -> bool:
        return self.is_proxy and name in ("x-forwarded-for", "traceparent")


class Client:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.02)

    async def receive(self, count: int) -> list[bytes]:
        """The bodies of so many responses."""
        return [await self._body() for _ in range(count)]

    async def _body(self) -> bytes:
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        lines = head.decode().lower().split("\r\n")
        length = next(line for line in lines if line.startswith("content-length"))
        return await self.reader.readexactly(int(length.split(":")[1]))

    async def ask(self, *pieces: bytes) -> bytes:
        await self.send(*pieces)
        return (await self.receive(1))[0]


def app_of(cache: Cache) -> web.Application:
    """An app that answers everything by its path and body, and has its cache know /known then."""

    async def handle(request: web.Request) -> web.Response:
        path = request.path.removeprefix("/")
        body = await request.read()
        if path == "known" and cache.on_plain_get is not None:
            digest = b"digest" if hdrs.AUTHORIZATION in request.headers else None
            cache.on_plain_get(request, PlainGet("default", "base", path, digest))
            cache.answers.setdefault(path, AGAIN)
        return web.Response(body=b"%s %s" % (request.path.encode(), body))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


@dataclass
class House:
    """A server with an accelerator."""

    cache: Cache
    runner: web.AppRunner
    clients: list[Client]

    @property
    def heard_of(self) -> int:
        """How many connections aiohttp has."""
        server: Any = self.runner.server
        return len(server.connections)

    async def connect(self) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.runner.addresses[0][1])
        self.clients.append(Client(reader, writer))
        return self.clients[-1]


@asynccontextmanager
async def opened(keepalive: float = 60.0, **arguments: Any) -> AsyncIterator[House]:
    cache = Cache()
    app = app_of(cache)
    server.install(app, cache)
    runner = web.AppRunner(app, **{"access_log": None, **arguments}, keepalive_timeout=keepalive)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    house = House(cache, runner, [])
    try:
        yield house
    finally:
        for client in house.clients:
            client.writer.close()
        await runner.cleanup()
