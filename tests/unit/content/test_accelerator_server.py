"""Connections that aiohttp hears of only when it has to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.web_log import AccessLogger

from pulp_gomod.app.content.accelerator import server as accelerator
from tests.unit.content.connections import (
    FETCHED,
    HEAD,
    OTHER,
    Client,
    House,
    opened,
    wire,
)

pytestmark = pytest.mark.skipif(bool(accelerator.why_off()), reason=accelerator.why_off())

CLOSING = HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
OLD = HEAD.replace(b"1.1", b"1.0")


def run(test: Callable[[House], Awaitable[None]], **arguments: Any) -> None:
    async def main() -> None:
        async with opened(**arguments) as house:
            await asyncio.wait_for(test(house), 30)

    asyncio.run(main())


async def warm(house: House) -> None:
    """Have the first client ask, who then leaves."""
    first = await house.connect()
    assert await first.ask(HEAD) == b"/known "
    first.writer.close()
    while house.heard_of:
        await asyncio.sleep(0.01)


async def is_closed(client: Client) -> bool:
    return await asyncio.wait_for(client.reader.read(1), 10) == b""


def test_what_is_known_needs_no_aiohttp() -> None:
    async def test(house: House) -> None:
        await warm(house)
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
        house.cache.answers["other"] = FETCHED
        assert await (await house.connect()).ask(OTHER) == b"fetched"
        del house.cache.answers["other"]
        house.cache.looking = asyncio.get_running_loop().create_future()
        held = await house.connect()
        await held.send(OTHER)
        assert house.heard_of == 1
        house.cache.answers["other"] = FETCHED
        house.cache.looking.set_result(None)
        assert await held.receive(1) == [b"fetched"]
        assert house.heard_of == 1

    run(test)


def test_who_has_no_other_request_is_told_so_and_let_go() -> None:
    async def test(house: House) -> None:
        first = await house.connect()
        assert await first.ask(CLOSING) == b"/known "
        assert await is_closed(first)
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


def test_clients_of_http_1_0_are_answered_in_it() -> None:
    async def test(house: House) -> None:
        for head in (OLD, OLD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")):
            first, second = await house.connect(), await house.connect()
            await first.send(head)
            received = await asyncio.wait_for(first.reader.read(), 10)
            assert received.startswith(b"HTTP/1.0 200 OK\r\n") and received.endswith(b"/known ")
            await second.send(head)
            received = await asyncio.wait_for(second.reader.read(), 10)
            assert received == b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nagain"
        assert house.heard_of == 0

    run(test)


@pytest.mark.parametrize("words", (b"connection: close", b"Connection: Close", b"Connection:close"))
def test_who_says_so_in_other_words_is_let_go_as_well(words: bytes) -> None:
    async def test(house: House) -> None:
        head = HEAD.replace(b"\r\n\r\n", b"\r\n" + words + b"\r\n\r\n")
        for answer in (b"/known ", b"again"):
            client = await house.connect()
            assert await client.ask(head) == answer
            assert await is_closed(client)

    run(test)


@pytest.mark.parametrize(
    "head",
    (
        HEAD.replace(b"\r\n\r\n", b"\r\nConnection: TE\r\n\r\n"),
        OLD.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"),
    ),
)
def test_aiohttp_answers_who_says_something_else_of_the_connection(head: bytes) -> None:
    async def test(house: House) -> None:
        for _ in range(2):
            assert await (await house.connect()).ask(head) == b"/known "
        assert house.cache.asked == []

    run(test)


def test_who_reads_nothing_is_answered_by_aiohttp_in_time() -> None:
    count, body = 400, b"x" * 100_000

    async def test(house: House) -> None:
        house.cache.answers["known"] = wire(body)
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
        await warm(house)
        silent, answered = await house.connect(), await house.connect()
        assert await answered.ask(HEAD) == b"again"
        assert await is_closed(silent) and await is_closed(answered)
        # Nobody else's is.
        assert await (await house.connect()).ask(HEAD) == b"again"

    run(test, keepalive=0.4)


def test_who_leaves_is_forgotten() -> None:
    async def test(house: House) -> None:
        await warm(house)
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
        house.cache.looking = asyncio.get_running_loop().create_future()
        new, idle = await house.connect(), await house.connect()
        for client in (held, new):
            await client.send(OTHER)
        assert len(house.cache.fetched) == 2
        ending = asyncio.create_task(house.runner.cleanup())
        assert await held.receive(1) == await new.receive(1) == [b"/other "]
        assert [await is_closed(client) for client in (held, new, idle)] == [True] * 3
        await ending

    run(test)


@pytest.mark.parametrize("head", (HEAD, CLOSING))
def test_a_server_that_ends_sends_what_it_has_answered(head: bytes) -> None:
    body = b"x" * 50_000_000

    async def test(house: House) -> None:
        assert await (await house.connect()).ask(head) == b"/known "
        house.cache.answers["known"] = wire(body)
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
            connection.hand_off()
        server.pre_shutdown()
        await asyncio.wait_for(server.shutdown(25), 10)
        assert await is_closed(client)

    run(test)


def test_connections_are_counted() -> None:
    async def test(house: House) -> None:
        await warm(house)
        server: Any = house.runner.server
        for count in range(3, 6):
            assert await (await house.connect()).ask(HEAD) == b"again"
            assert server.requests_count == count

    run(test)


class OtherLogger(AccessLogger):
    """An access log of somebody else's."""


@pytest.mark.parametrize(
    "arguments",
    (
        {"access_log": logging.getLogger("test"), "access_log_class": OtherLogger},
        {"keepalive": 0.0},
    ),
)
def test_there_is_none_where_aiohttp_has_to_see_everything(arguments: dict[str, Any]) -> None:
    async def test(house: House) -> None:
        assert type(house.runner.server) is web.Server
        assert await (await house.connect()).ask(OTHER) == b"/other "

    run(test, **arguments)
