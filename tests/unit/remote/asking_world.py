"""A fetcher, and an upstream on loopback that does as it is told; nothing of Pulp runs."""

import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web
from yarl import URL

from pulp_gomod.app.remote.http.fetch import Fetcher
from pulp_gomod.app.remote.http.health import Health
from pulp_gomod.app.remote.http.session import open_sessions
from pulp_gomod.app.remote.settings import RemoteSettings, Timeouts
from pulp_gomod.app.remote.threads import Threads

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class World:
    """
    What a test has at hand.

    Attributes:
        port: Where the upstream is.
        health: What is remembered of it.
        asked: When it was asked, monotonic.
    """

    port: int
    health: Health
    asked: list[float] = field(default_factory=list)
    fetcher: Fetcher = field(init=False)

    async def get(self, name: str = "x", *, trusted: bool = True) -> object:
        """Ask for a file."""
        url = URL(f"http://127.0.0.1:{self.port}/{name}")
        return await self.fetcher.document(url, 1000, trusted=trusted)


def unused_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def world(
    behave: Behaviour | None,
    *,
    total: float = 30.0,
    retries: int = 2,
    connections: int = 32,
    **more: Any,
) -> AsyncIterator[World]:
    """
    Make an upstream and what asks it.

    Args:
        behave: What it does; None for one that is not there.
        total: Seconds that a question may take.
        retries: How often one is repeated.
        connections: How many there may be.
        more: Other settings of the remote.
    """
    made = World(unused_port(), Health())

    async def serve(request: web.Request) -> web.StreamResponse:
        made.asked.append(time.monotonic())
        assert behave is not None
        return await behave(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    if behave is not None:
        await web.TCPSite(runner, "127.0.0.1", made.port).start()
    threads = Threads()
    settings = RemoteSettings(uuid4(), datetime.now(UTC), uuid4(), "remote", "")
    timeouts = Timeouts(document=total, zip=total)
    settings = replace(settings, timeouts=timeouts, retries=retries, connections=connections)
    settings = replace(settings, **more)
    sessions = await open_sessions(settings, threads)
    made.fetcher = Fetcher(settings, sessions, made.health)
    try:
        yield made
    finally:
        await sessions.close()
        threads.close()
        await runner.cleanup()
