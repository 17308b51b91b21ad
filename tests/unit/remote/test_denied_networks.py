"""What an upstream leads to is never connected to where the administrator forbids it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import patch
from uuid import uuid4

import pytest
from aiohttp import web
from yarl import URL

from pulp_gomod.app.remote.http import networks
from pulp_gomod.app.remote.http.fetch import Fetcher
from pulp_gomod.app.remote.http.health import Health
from pulp_gomod.app.remote.http.resolving import Forbidden
from pulp_gomod.app.remote.http.results import Fetched
from pulp_gomod.app.remote.http.session import open_sessions
from pulp_gomod.app.remote.settings import Proxy, RemoteSettings
from pulp_gomod.app.remote.threads import Threads

# All of loopback is this machine's.
OPEN, INSIDE = "127.0.0.1", "127.0.0.2"

SETTINGS = RemoteSettings(
    pk=uuid4(),
    changed=datetime.now(UTC),
    domain=uuid4(),
    name="remote",
    url="",
    redirect_hosts=("*",),
)


@asynccontextmanager
async def world(**changes: object) -> AsyncIterator[tuple[Fetcher, int, list[str]]]:
    """A fetcher, the port of what listens on all of loopback, and the hosts that were asked there."""
    asked: list[str] = []

    async def serve(request: web.Request) -> web.Response:
        asked.append(str(request.host))
        to = request.query.get("to")
        return web.Response(status=302, headers={"Location": to}) if to else web.Response(text="v1")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()
    threads = Threads()
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    sessions = await open_sessions(settings, threads)
    try:
        port = runner.addresses[0][1]
        yield Fetcher(settings, sessions, Health()), port, asked
    finally:
        await sessions.close()
        threads.close()
        await runner.cleanup()


def run(scene: Callable[[], Awaitable[None]], *denied: str) -> None:
    async def play() -> None:
        await scene()

    chosen = SimpleNamespace(GOMOD_REMOTE_DENIED_NETWORKS=[*denied, f"{INSIDE}/32"])
    with patch.object(networks, "settings", chosen):
        asyncio.run(play())


@pytest.mark.parametrize("host", [INSIDE, "2130706434", "0x7f.2", "[::ffff:127.0.0.2]", "127.2."])
def test_addresses_in_any_spelling_are_refused_at_once_and_behind_a_redirect(host: str) -> None:
    async def scene() -> None:
        async with world() as (fetcher, port, asked):
            url = f"http://{host}:{port}/secret"
            with pytest.raises(Forbidden) as refused:
                await fetcher.document(URL(url), 100)
            assert INSIDE not in refused.value.line and refused.value.status == 502
            assert asked == []
            with pytest.raises(Forbidden):
                await fetcher.document(URL(f"http://{OPEN}:{port}/x").with_query(to=url), 100)
            with pytest.raises(Forbidden):
                await fetcher.document(URL(url), 100, trusted=False, binary=True)
            assert asked == [f"{OPEN}:{port}"]

    run(scene)


def test_what_a_name_leads_to_is_checked_when_it_is_connected_to() -> None:
    async def scene() -> None:
        async with world() as (fetcher, port, asked):
            with pytest.raises(Forbidden):
                await fetcher.document(URL(f"http://localhost:{port}/secret"), 100)
            assert asked == []

    run(scene, "loopback")


def test_a_proxy_is_checked_and_so_is_the_address_that_it_is_sent_to() -> None:
    async def through(proxy: str, target: str) -> list[str]:
        async with world() as (_, port, asked):
            chosen = Proxy(f"http://{proxy}:{port}")
            async with world(proxy=chosen) as (fetcher, _, _):
                with pytest.raises(Forbidden):
                    await fetcher.document(URL(f"http://{target}/secret"), 100)
            return asked

    async def scene() -> None:
        assert await through(INSIDE, "example.com") == []
        assert await through(OPEN, INSIDE) == []

    run(scene)


def test_a_name_that_a_proxy_is_asked_for_is_the_proxy_s_to_look_up() -> None:
    async def scene() -> None:
        async with world() as (_, port, asked):
            async with world(proxy=Proxy(f"http://{OPEN}:{port}")) as (fetcher, _, _):
                found = await fetcher.document(URL("http://inside.example/secret"), 100)
            assert isinstance(found, Fetched) and asked == ["inside.example"]

    run(scene)


def test_what_is_not_denied_is_asked() -> None:
    async def scene() -> None:
        async with world() as (fetcher, port, asked):
            for host in (OPEN, "localhost"):
                found = await fetcher.document(URL(f"http://{host}:{port}/x"), 100)
                assert isinstance(found, Fetched) and found.body == b"v1"
            assert len(asked) == 2

    run(scene)
