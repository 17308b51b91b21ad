"""An upstream that is not there: found out once, for all who ask, and told at once after that."""

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from pulp_gomod.app.remote.http import fetch, resolving
from pulp_gomod.app.remote.http.results import UpstreamDead, UpstreamFault
from tests.unit.remote.asking_world import World, unused_port, world


def test_it_is_found_out_once_and_nobody_tries_until_the_pause_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[Any] = []
    send = fetch.Fetcher._send

    async def counted(self: Any, *args: Any) -> Any:
        tried.append(args)
        return await send(self, *args)

    async def scene() -> None:
        async with world(None, retries=10) as here:
            came = await asyncio.gather(
                *(here.get(str(n)) for n in range(10)), return_exceptions=True
            )
            assert all(isinstance(each, UpstreamFault) for each in came)
            assert all("cannot be reached" in str(each) for each in came)
            assert here.health.is_dead and here.health.doubtful
            # Whoever asks while it is found out tries a few times, and nobody eleven times.
            assert len(tried) <= 40
            tried.clear()
            here.health._until += 3600
            for n in range(100):
                with pytest.raises(UpstreamDead, match="cannot be reached.*tried again in") as dead:
                    await here.get(f"more/{n}")
            assert dead.value.status == 502
            assert tried == []

    monkeypatch.setattr(fetch.Fetcher, "_send", counted)
    asyncio.run(scene())


def test_a_name_that_does_not_resolve_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[Any] = []

    def fail(*args: Any) -> Any:
        looked_up.append(args)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def scene() -> None:
        async with world(None) as here:
            url = URL("http://no-such-host.example/x")
            with pytest.raises(UpstreamFault, match="Name or service not known"):
                await here.fetcher.document(url, 100)
            here.health._until += 3600
            looked_up.clear()
            with pytest.raises(UpstreamDead):
                await here.fetcher.document(url, 100)
            assert looked_up == []

    monkeypatch.setattr(resolving.socket, "getaddrinfo", fail)
    asyncio.run(scene())


def test_it_is_asked_again_when_it_is_back() -> None:
    async def serve(_: web.Request) -> web.Response:
        return web.Response(text="v1.0.0")

    async def scene() -> None:
        async with world(serve) as here:
            here.health.give_up(UpstreamFault("refused", unconnected=True))
            here.health._until = 0.0
            await asyncio.gather(*(here.get(str(n)) for n in range(20)))
            assert len(here.asked) == 20 and not here.health.is_dead

    asyncio.run(scene())


def test_a_dead_host_that_it_redirects_to_does_not_make_it_dead() -> None:
    dead = unused_port()

    async def serve(request: web.Request) -> web.Response:
        if request.path == "/zip":
            return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{dead}/zip"})
        return web.Response(text="v1.0.0")

    async def scene() -> None:
        async with world(serve, retries=0) as here:
            object.__setattr__(here.fetcher._settings, "redirect_hosts", ("127.0.0.1",))
            with pytest.raises(UpstreamFault, match="cannot be reached"):
                await here.get("zip")
            assert not here.health.is_dead and not here.health.doubtful
            await here.get("list")

    asyncio.run(scene())


def test_a_dead_checksum_database_does_not_make_it_dead_and_is_found_out_as_well() -> None:
    async def scene() -> None:
        async with world(None, retries=0) as here:
            with pytest.raises(UpstreamFault):
                await here.get(trusted=False)
            assert not here.health.is_dead
            with pytest.raises(UpstreamDead):
                await here.get(trusted=False)

    asyncio.run(scene())


def test_while_nothing_is_answered_nothing_is_asked_twice() -> None:
    works = False

    async def serve(_: web.Request) -> web.Response:
        return web.Response(text="v1.0.0", status=200 if works else 502)

    async def asks(here: World) -> int:
        before = len(here.asked)
        with pytest.raises(UpstreamFault), here.health.watch():
            await here.get()
        return len(here.asked) - before

    async def scene() -> None:
        nonlocal works
        async with world(serve, retries=1) as here:
            assert [await asks(here) for _ in range(5)] == [2, 2, 2, 1, 1]
            works = True
            await here.get()
            works = False
            assert await asks(here) == 2

    asyncio.run(scene())


def test_looking_up_a_name_does_not_take_for_ever() -> None:
    class Threads:
        async def resolve(self, *_: Any) -> Any:
            await asyncio.sleep(3600)

    resolver = resolving.Resolver(Threads(), 0.01)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="timed out"):
        asyncio.run(resolver.resolve("example.com"))
