"""What one client can hold at the front door, and how slow it may be."""

import asyncio
import contextlib
import logging
import random
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pulp_gomod.app.content.frontdoor import spool
from pulp_gomod.app.content.frontdoor.budget import Budget, client_key
from pulp_gomod.app.content.frontdoor.server import Connections
from pulp_gomod.app.content.http.pace import Pace
from tests.pins import AIOHTTP
from tests.unit.app.frontdoor_rig import LIMIT, Rig, request, rig
from tests.unit.app.malformed import REQUESTS, SECRET

UPLOAD = "/api/packages/go/go/upload"
MIB = 1024 * 1024

Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run a scene with a door."""

    def run(scene: Callable[[Rig], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            async with rig(tmp_path, **options) as here:
                await scene(here)

        asyncio.run(main())

    return run


def announced(length: int, body: bytes = b"") -> bytes:
    return request("PUT", UPLOAD, f"Content-Length: {length}", body=body)


def test_a_client_has_half_of_it_at_most() -> None:
    budget = Budget(100, largest=10)
    assert budget.take("a", 50)
    assert not budget.take("a", 1)
    assert budget.take("b", 50)
    assert not budget.take("c", 1)
    budget.give_back("a", 20)
    assert budget.take("c", 20)
    assert budget.held == 100


def test_the_largest_body_fits_into_what_one_client_has() -> None:
    budget = Budget(10, largest=80)
    assert budget.take("a", 80)
    assert not budget.take("b", 1)


def test_whoever_has_many_ipv6_addresses_is_one_client() -> None:
    assert client_key("2001:db8::1") == client_key("2001:db8::ffff:1") == "2001:db8::/64"
    assert client_key("2001:db8:0:1::1") != client_key("2001:db8::1")
    assert client_key("192.0.2.1") == "192.0.2.1"
    assert client_key(None) == client_key("unknown") == ""


def test_a_pace_counts_only_while_the_client_is_waited_for() -> None:
    pace = Pace(window=10, least=100)
    pace.note(6, 99)
    assert pace.left == 4
    pace.note(3, 1)
    assert pace.left == 10
    pace.note(11, 5)
    assert pace.left == 0


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readline(), 20)


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_body_that_drips_is_ended(play: Play, method: str) -> None:
    async def scene(here: Rig) -> None:
        reader, writer = await here.connect()
        writer.write(request(method, UPLOAD.replace("api", "x"), "Content-Length: 100000"))

        async def drip() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        assert (await _first_line(reader)).startswith(b"HTTP/1.1 408 ")
        # And the connection is closed, however long it goes on.
        with contextlib.suppress(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 20)
        dripping.cancel()
        writer.close()
        assert not here.api.seen

    play(scene, window=0.3)


def test_a_body_has_to_come_in_time_however_fast_it_is(play: Play) -> None:
    async def scene(here: Rig) -> None:
        reader, writer = await here.connect()
        writer.write(announced(MIB))

        async def drip() -> None:
            while True:
                writer.write(b"x" * 1000)
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        assert (await _first_line(reader)).startswith(b"HTTP/1.1 408 ")
        dripping.cancel()
        writer.close()
        assert not here.api.seen

    play(scene, timeout=0.3)


def test_all_bodies_together_have_a_bound(play: Play) -> None:
    async def scene(here: Rig) -> None:
        big = LIMIT - MIB
        holding = []
        for _ in range(2):
            reader, writer = await here.connect()
            writer.write(announced(big, b"x"))
            holding.append((reader, writer))
        while len(here.api.asked) < 2:
            await asyncio.sleep(0.01)
        answer = await here.send(announced(big))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 10\r\n" in answer
        # It was not even asked about; and small ones are still taken.
        assert len(here.api.asked) == 2
        assert (await here.send(announced(1, b"x"))).startswith(b"HTTP/1.1 200 ")
        for _, writer in holding:
            writer.close()
        # What they held is there again, once the door knows.
        for _ in range(100):
            answer = await here.send(announced(big, bytes(big)))
            if not answer.startswith(b"HTTP/1.1 503 "):
                break
            await asyncio.sleep(0.05)
        assert answer.startswith(b"HTTP/1.1 200 ")

    # Half of it is one client's: both of them.
    play(scene, total=4 * (LIMIT - MIB))


def test_small_bodies_have_a_bound_in_memory(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ALL_MEMORY", 4 * MIB)

    async def scene(here: Rig) -> None:
        holding = []
        for _ in range(2):
            reader, writer = await here.connect()
            writer.write(announced(MIB, bytes(MIB - 1)))
            await writer.drain()
            holding.append(writer)
        for _ in range(100):
            answer = await here.send(announced(MIB, bytes(MIB)))
            if answer.startswith(b"HTTP/1.1 503 "):
                break
            await asyncio.sleep(0.05)
        assert answer.startswith(b"HTTP/1.1 503 ")
        for writer in holding:
            writer.close()

    play(scene)


@pytest.mark.skipif(AIOHTTP < (3, 11), reason="aiohttp 3.10 goes on writing to such a client")
def test_a_client_that_does_not_read_is_cut_off(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connections, "window", 0.2)

    async def scene(here: Rig) -> None:
        body = bytes(LIMIT)
        here.api.answer = lambda _: (
            f"HTTP/1.1 200 OK\r\nContent-Length: {LIMIT}\r\n\r\n".encode() + body
        )
        # A client that takes its time is served all the same.
        head, _, received = (await here.get("/x")).partition(b"\r\n\r\n")
        assert received == body
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", here.port))
        client.sendall(request("GET", "/x"))
        client.settimeout(0.0)
        # The state of a connection that stands is 1.
        while client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1:
            await asyncio.sleep(0.05)
        client.close()

    play(scene)


@contextlib.asynccontextmanager
async def _unread(here: Rig, target: str) -> AsyncIterator[socket.socket]:
    """A client that sends a GET, and reads nothing yet."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    with client:
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", here.port))
        client.sendall(request("GET", target))
        yield client


async def _read_all(client: socket.socket) -> bytes:
    loop, received = asyncio.get_running_loop(), bytearray()
    while chunk := await loop.sock_recv(client, 1024 * 1024):
        received += chunk
    return bytes(received)


@pytest.mark.parametrize("limit", [LIMIT, MIB], ids=["room", "no room"])
def test_who_reads_slowly_does_not_keep_the_api_waiting(play: Play, limit: int) -> None:
    body = random.Random(1).randbytes(LIMIT)

    async def scene(here: Rig) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {LIMIT}\r\n\r\n".encode()
        here.api.answer = lambda _: head + body
        async with _unread(here, "/x") as client:
            async with asyncio.timeout(20):
                while not (here.api.finished if limit == LIMIT else here.api.seen):
                    await asyncio.sleep(0.02)
            received = await _read_all(client)
        assert received.partition(b"\r\n\r\n")[2] == body

    play(scene, limit=limit)


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the text of the next answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    found = re.search(rb"content-length: (\d+)", head.lower())
    return head, await reader.readexactly(int(found.group(1)) if found else 0)


@pytest.mark.skipif(AIOHTTP < (3, 14), reason="aiohttp ends some of them without an answer")
@pytest.mark.parametrize("first", [False, True], ids=["first", "second"])
def test_what_is_malformed_is_neither_logged_nor_repeated(
    play: Play, caplog: pytest.LogCaptureFixture, first: bool
) -> None:
    async def one(here: Rig, sent: str) -> None:
        reader, writer = await here.connect()
        if not first:
            writer.write(b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
            await _answer(reader)
        writer.write(sent.encode())
        head, text = await _answer(reader)
        writer.close()
        assert int(head.split()[1]) in range(200, 500), sent
        assert SECRET.encode() not in (head + text).lower(), sent
        assert text.count(b"\n") <= 1, sent

    async def scene(here: Rig) -> None:
        for sent in REQUESTS:
            await one(here, sent)

    with caplog.at_level(logging.DEBUG):
        play(scene)
    assert SECRET not in caplog.text.lower()
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("method", "target"),
    [
        *((method, target) for method in ("GET", "PUT") for target in ("/a%00b", "/a%0Ab", "/%7f")),
        # Below a distribution it is the distribution's guard that is asked first.
        ("PUT", "/api/packages/%00/go/upload"),
        ("PUT", "/x?a=%00"),
        ("GET", "/x?a=%00"),
    ],
)
def test_control_characters_are_no_path(play: Play, method: str, target: str) -> None:
    async def scene(here: Rig) -> None:
        answer = await here.send(request(method, target, "Content-Length: 1", body=b"x"))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert not here.api.seen

    play(scene)


def test_a_page_of_gunicorn_is_not_passed_on(play: Play) -> None:
    async def scene(here: Rig) -> None:
        page = f"<html>Invalid Header: {SECRET}</html>"
        here.api.answer = lambda _: (
            f"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/html\r\n"
            f"Content-Length: {len(page)}\r\n\r\n{page}"
        ).encode()
        answer = await here.get("/x")
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.endswith(b"\r\n\r\nThe API refused the request: Bad Request.\n")

    play(scene)


def test_the_access_log_has_paths_and_no_signatures(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(here: Rig) -> None:
        await here.get(f"/api/packages/go/go/m/@v/list?validate_token={SECRET}")

    with caplog.at_level(logging.INFO, "access"):
        play(scene, access_log=logging.getLogger("access"))
    (record,) = (each for each in caplog.records if each.name == "access")
    line = r'127\.0\.0\.1 "GET /api/packages/go/go/m/@v/list HTTP/1\.1" 200 \d+'
    assert re.fullmatch(line, record.getMessage())
    assert SECRET not in str(vars(record))
