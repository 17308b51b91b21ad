"""Connections that aiohttp hears of only when it has to."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from pulp_gomod.app.content import ready
from pulp_gomod.app.content.accelerator import entrance, shortcut
from tests.unit.content.connections import (
    AGAIN,
    FORESEEN,
    HEAD,
    PIECES,
    Client,
    Memory,
    app_of,
)

pytestmark = pytest.mark.skipif(bool(shortcut.why_off()), reason=shortcut.why_off())

CLOSING = HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
OTHER = HEAD.replace(b"known", b"other")


@dataclass
class House:
    """A server with an entrance."""

    memory: Memory
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
    memory = Memory()
    app = app_of(memory)
    entrance.install(app)
    runner = web.AppRunner(app, **{"access_log": None, **arguments}, keepalive_timeout=keepalive)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ready, "of", lambda _: memory)
        await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    house = House(memory, runner, [])
    try:
        yield house
    finally:
        for client in house.clients:
            client.writer.close()
        await runner.cleanup()


def run(test: Callable[[House], Awaitable[None]], **arguments: Any) -> None:
    async def main() -> None:
        async with opened(**arguments) as house:
            await asyncio.wait_for(test(house), 30)

    asyncio.run(main())


async def is_closed(client: Client) -> bool:
    return await asyncio.wait_for(client.reader.read(1), 10) == b""


def test_what_is_known_needs_no_aiohttp() -> None:
    async def test(house: House) -> None:
        house.memory.known[HEAD] = (AGAIN,)
        client = await house.connect()
        assert [await client.ask(HEAD) for _ in range(3)] == [b"again"] * 3
        assert house.heard_of == 0
        assert await client.ask(OTHER) == b"/other "
        assert house.heard_of == 1
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_the_first_request_of_a_connection_is_learned() -> None:
    async def test(house: House) -> None:
        assert await (await house.connect()).ask(HEAD) == b"/known "
        assert await (await house.connect()).ask(HEAD) == b"again"
        assert house.heard_of == 1

    run(test)


def test_a_new_connection_is_known_by_what_others_asked() -> None:
    async def test(house: House) -> None:
        assert await (await house.connect()).ask(HEAD) == b"/known "
        house.memory.foreseen[OTHER] = (FORESEEN,)
        assert await (await house.connect()).ask(OTHER) == b"foreseen"
        house.memory.foreseen.clear()
        house.memory.looking = asyncio.get_running_loop().create_future()
        held = await house.connect()
        await held.send(OTHER)
        assert house.heard_of == 1
        house.memory.foreseen[OTHER] = (FORESEEN,)
        house.memory.looking.set_result(None)
        assert await held.receive(1) == [b"foreseen"]
        assert house.heard_of == 1

    run(test)


def test_who_has_no_other_request_is_told_so_and_let_go() -> None:
    async def test(house: House) -> None:
        first = await house.connect()
        assert await first.ask(CLOSING) == b"/known "
        assert await is_closed(first)
        assert list(house.memory.known) == [CLOSING]
        second = await house.connect()
        await second.send(CLOSING)
        response = await asyncio.wait_for(second.reader.read(), 10)
        head, body = response.split(b"\r\n\r\n")
        assert (body, head.split(b"\r\n")[1:]) == (
            b"again",
            [b"Content-Length: 5", b"Connection: close", b"Date: now"],
        )
        assert house.heard_of == 0

    run(test)


@pytest.mark.parametrize(
    "words", (b"connection: close", b"Connection: Close", b"Connection:close", b"Connection: TE")
)
def test_aiohttp_answers_who_says_so_in_other_words(words: bytes) -> None:
    async def test(house: House) -> None:
        head = HEAD.replace(b"\r\n\r\n", b"\r\n" + words + b"\r\n\r\n")
        for _ in range(2):
            assert await (await house.connect()).ask(head) == b"/known "
        assert house.memory.known == {}

    run(test)


def test_who_reads_nothing_is_answered_by_aiohttp_in_time() -> None:
    count, body = 400, b"x" * 100_000
    response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def test(house: House) -> None:
        house.memory.known[HEAD] = (response, body)
        client = await house.connect()
        for _ in range(count):
            client.writer.write(HEAD)
            await asyncio.sleep(0)
        await asyncio.sleep(0.2)
        assert house.heard_of == 1
        received = await client.receive(count)
        assert set(received) <= {body, b"/known "}
        assert b"/known " in received

    run(test)


def test_idle_connections_are_closed() -> None:
    async def test(house: House) -> None:
        house.memory.known[HEAD] = (AGAIN,)
        silent, answered = await house.connect(), await house.connect()
        assert await answered.ask(HEAD) == b"again"
        assert await is_closed(silent) and await is_closed(answered)
        # Nobody else's is.
        assert await (await house.connect()).ask(HEAD) == b"again"

    run(test, keepalive=0.4)


def test_who_leaves_is_forgotten() -> None:
    async def test(house: House) -> None:
        house.memory.known[HEAD] = (AGAIN,)
        client = await house.connect()
        assert await client.ask(HEAD) == b"again"
        client.writer.write_eof()
        assert await is_closed(client)
        server: Any = house.runner.server
        assert (server._connections, server._young) == (set(), {})

    run(test)


def test_a_server_that_ends_answers_what_it_has_taken() -> None:
    async def test(house: House) -> None:
        held = await house.connect()
        assert await held.ask(HEAD) == b"/known "
        house.memory.looking = asyncio.get_running_loop().create_future()
        new, idle = await house.connect(), await house.connect()
        for client in (held, new):
            await client.send(OTHER)
        assert len(house.memory.brought) == 2
        ending = asyncio.create_task(house.runner.cleanup())
        assert await held.receive(1) == await new.receive(1) == [b"/other "]
        assert [await is_closed(client) for client in (held, new, idle)] == [True] * 3
        await ending

    run(test)


@pytest.mark.parametrize("head", (HEAD, CLOSING))
def test_a_server_that_ends_sends_what_it_has_answered(head: bytes) -> None:
    body = b"x" * 50_000_000

    async def test(house: House) -> None:
        house.memory.known[head] = (PIECES[0].replace(b"5", b"%d" % len(body)), PIECES[1], body)
        client = await house.connect()
        await client.send(head)
        ending = asyncio.create_task(house.runner.cleanup())
        await asyncio.sleep(0.3)
        assert not ending.done()
        assert await client.receive(1) == [body]
        assert await is_closed(client)
        await ending

    run(test)


def test_a_server_that_ends_does_not_wait_for_who_says_nothing() -> None:
    async def test(house: House) -> None:
        client = await house.connect()
        await asyncio.sleep(0.05)
        server: Any = house.runner.server
        for connection in list(server._young):
            connection.hand_over()
        server.pre_shutdown()
        await asyncio.wait_for(server.shutdown(25), 10)
        assert await is_closed(client)

    run(test)


def test_connections_are_counted() -> None:
    async def test(house: House) -> None:
        house.memory.known[HEAD] = (AGAIN,)
        server: Any = house.runner.server
        for count in range(1, 4):
            assert await (await house.connect()).ask(HEAD) == b"again"
            assert server.requests_count == count

    run(test)


@pytest.mark.parametrize(
    "arguments", ({"access_log": logging.getLogger("test")}, {"keepalive": 0.0})
)
def test_there_is_none_where_aiohttp_has_to_see_everything(arguments: dict[str, Any]) -> None:
    async def test(house: House) -> None:
        assert type(house.runner.server) is web.Server
        assert await (await house.connect()).ask(OTHER) == b"/other "

    run(test, **arguments)
