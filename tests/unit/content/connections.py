"""A content app as connections see it, with what it remembers in the hands of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from aiohttp import web

from pulp_gomod.app.content.accelerator import shortcut

HEAD = b"GET /known HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
AGAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain"
PIECES = (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: ", b"now\r\n\r\n", b"again")
KEPT = SimpleNamespace(pieces=PIECES, target=SimpleNamespace(base_path="base"))
FORESEEN = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nforeseen"


class Memory:
    """The part of Ready that a Shortcut asks."""

    def __init__(self) -> None:
        self.known: dict[bytes, tuple[bytes, ...]] = {}
        self.foreseen: dict[bytes, tuple[bytes, ...]] = {}
        self.asked: list[bytes] = []
        self.looking: asyncio.Future[None] | None = None
        self.brought: list[bytes] = []
        self.wanted: list[bytes] = []
        self.pattern: Any = None

    def bring(self, head: bytes, pattern: Any) -> "asyncio.Future[None] | None":
        self.brought.append(head)
        return self.looking

    def again(self, head: bytes) -> tuple[bytes, ...] | None:
        self.asked.append(head)
        return self.known.get(head)

    def foresee(self, head: bytes, pattern: Any) -> tuple[bytes, ...] | None:
        assert pattern is not None
        self.wanted.append(head)
        return self.foreseen.get(head)

    def learn(self, head: bytes, kept: Any) -> None:
        self.known[head] = kept.pieces


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


def app_of(memory: Memory) -> web.Application:
    """An app that answers everything by its path and body, and teaches what is /known."""

    async def handle(request: web.Request) -> web.Response:
        # As the route for owners has it, whose distribution is at the root here.
        request.match_info["owner"] = ""
        connection = shortcut.of(request, memory)  # type: ignore[arg-type]
        body = await request.read()
        if connection is not None and request.path == "/known":
            connection.learn(request, KEPT)  # type: ignore[arg-type]
        return web.Response(body=b"%s %s" % (request.path.encode(), body))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


@asynccontextmanager
async def connected(memory: Memory, keepalive: float = 60.0) -> AsyncIterator[Client]:
    """A connection to an app without an entrance."""
    runner = web.AppRunner(app_of(memory), access_log=None, keepalive_timeout=keepalive)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        await runner.cleanup()
