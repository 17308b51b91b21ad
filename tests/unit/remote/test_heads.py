"""Upstreams that send more than the response that they are asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import pytest

from pulp_gomod.app.remote.http.heads import MOST_INFORMATIONAL
from pulp_gomod.app.remote.http.session import open_sessions
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.remote.threads import Threads

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nv1.0.0"
# More than is parsed at once, and more than the kernel holds.
MANY = 20_000


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def upstream(serve: Serve) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Give a session, and the URL of what serves its connections."""
    threads = Threads()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    settings = RemoteSettings(uuid4(), datetime.now(UTC), uuid4(), "remote", "")
    sessions = await open_sessions(settings, threads)
    try:
        yield sessions.own, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        await sessions.close()
        server.close()
        threads.close()


def sending(*pieces: bytes) -> Serve:
    """Answer the requests of a connection with these, one after the other."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            for piece in pieces:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(piece)
                await writer.drain()
            await reader.read()
        writer.close()

    return serve


async def _get(session: aiohttp.ClientSession, url: str) -> bytes:
    async with asyncio.timeout(30), session.get(url) as response:
        return await response.read()


def test_some_informational_responses_may_come_before() -> None:
    async def scene() -> None:
        async with upstream(sending(CONTINUE * 3 + EARLY * 2 + ANSWER, EARLY + ANSWER)) as (
            session,
            url,
        ):
            assert await _get(session, url) == b"v1.0.0"
            # By the same connection, which counts anew.
            assert await _get(session, url) == b"v1.0.0"

    asyncio.run(scene())


def test_one_that_sends_them_for_ever_is_left_at_once() -> None:
    async def scene() -> None:
        async with upstream(sending(CONTINUE * MANY + ANSWER)) as (session, url):
            with pytest.raises(aiohttp.ClientConnectionError) as told:
                await _get(session, url)
            assert str(told.value) == (
                f"more than {MOST_INFORMATIONAL} informational responses came before it"
            )

    asyncio.run(scene())


def test_what_nobody_asked_for_ends_a_connection_that_is_not_used() -> None:
    async def scene() -> None:
        may_send, gone = asyncio.Event(), asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await may_send.wait()
            writer.write(ANSWER.replace(b"v1", b"v6"))
            with suppress(ConnectionError):
                await reader.read()
            gone.set()

        async with upstream(serve) as (session, url):
            assert await _get(session, url) == b"v1.0.0"
            assert not gone.is_set()
            may_send.set()
            async with asyncio.timeout(30):
                await gone.wait()
            # Not what came before it was asked for.
            assert await _get(session, url) == b"v1.0.0"

    asyncio.run(scene())


def test_a_long_response_is_read_whole_after_a_long_head() -> None:
    async def scene() -> None:
        head = (
            b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 8000 + b"\r\nContent-Length: 1000000\r\n\r\n"
        )
        async with upstream(sending(EARLY + head + b"z" * 1_000_000, ANSWER)) as (session, url):
            assert await _get(session, url) == b"z" * 1_000_000
            assert await _get(session, url) == b"v1.0.0"

    asyncio.run(scene())
