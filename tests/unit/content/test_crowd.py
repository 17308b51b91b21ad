"""Whoever makes connections without end leaves some to others."""

import asyncio
import contextlib
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_gomod.app.content.accelerator import server as accelerator
from pulp_gomod.app.content.http import crowd
from pulp_gomod.app.content.http.crowd import Crowd
from tests.unit.app.frontdoor_rig import Rig, request, rig
from tests.unit.content.connections import HEAD, opened

MOST = 3
OTHER = "127.0.0.2"
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
STATUS = request("GET", "/pulp/api/v3/status/")


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    made = Crowd(MOST)
    monkeypatch.setattr(crowd, "crowd", lambda: made)
    yield made


async def ask(port: int, sent: bytes, address: str) -> bytes:
    """Send a request from an address; return what comes of it, nothing if the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    with contextlib.suppress(ConnectionError):
        writer.write(sent)
        return await asyncio.wait_for(reader.read(15), 20)
    return b""


async def until_counted(here: Crowd, count: int) -> None:
    async with asyncio.timeout(20):
        while len(here._clients) != count:
            await asyncio.sleep(0.01)


def test_a_client_has_only_so_many_connections(tmp_path: Path, bounded: Crowd) -> None:
    async def main() -> None:
        async with rig(tmp_path) as here:
            idle = [await here.connect() for _ in range(MOST)]
            await until_counted(bounded, MOST)
            assert await ask(here.port, STATUS, "127.0.0.1") == b""
            assert await ask(here.port, STATUS, OTHER) == b"HTTP/1.1 200 OK"
            # A web server of this machine connects for all.
            assert (await here.send(STATUS, as_proxy=True)).startswith(b"HTTP/1.1 200 OK")
            for _, writer in idle:
                writer.close()
            await until_counted(bounded, 0)
            assert (await here.send(STATUS)).startswith(b"HTTP/1.1 200 OK")
        assert not bounded._counts

    asyncio.run(main())


def test_proxies_that_are_trusted_may_have_any_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Crowd(MOST, LOOPBACK)
    monkeypatch.setattr(crowd, "crowd", lambda: made)

    async def scene(here: Rig) -> None:
        for _ in range(2 * MOST):
            await here.connect()
        assert (await here.send(STATUS)).startswith(b"HTTP/1.1 200 OK")

    async def main() -> None:
        async with rig(tmp_path) as here:
            await scene(here)

    asyncio.run(main())


@pytest.mark.skipif(bool(accelerator.why_off()), reason=accelerator.why_off())
def test_the_same_holds_before_aiohttp_hears_of_a_connection(bounded: Crowd) -> None:
    async def main() -> None:
        async with opened() as house:
            clients = [await house.connect() for _ in range(MOST)]
            await until_counted(bounded, MOST)
            # What aiohttp hears of is counted once.
            assert await clients[0].ask(HEAD) == b"/known "
            refused = await house.connect()
            assert await asyncio.wait_for(refused.reader.read(1), 20) == b""
            for client in clients:
                client.writer.close()
            await until_counted(bounded, 0)
            assert await (await house.connect()).ask(HEAD) == b"again"

    asyncio.run(main())


def test_all_of_an_ipv6_network_are_one_client(bounded: Crowd) -> None:
    assert bounded._client_of("2001:db8::1") == bounded._client_of("2001:db8::2")
    assert bounded._client_of("2001:db8::1") != bounded._client_of("2001:db8:0:1::1")
