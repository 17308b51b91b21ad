"""Connections that are all in use: nobody has asked the upstream, and nobody takes it to fail."""

import asyncio

import pytest
from aiohttp import web
from yarl import URL

from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.http.sinks import InMemory
from pulp_gomod.app.remote.settings import Timeouts
from tests.unit.remote.asking_world import world


def test_who_waits_in_vain_for_a_connection_is_told_and_the_upstream_is_not_blamed() -> None:
    async def scene() -> None:
        free = asyncio.Event()

        async def slow(_: web.Request) -> web.Response:
            await free.wait()
            return web.Response(text="v1.0.0")

        timeouts = Timeouts(document=0.3, zip=30)
        async with world(slow, connections=1, timeouts=timeouts) as made:
            url = URL(f"http://127.0.0.1:{made.port}/large")
            large = asyncio.create_task(made.fetcher.file(url, InMemory(binary=True), 1000))
            while not made.asked:
                await asyncio.sleep(0.01)
            with pytest.raises(
                UpstreamFault, match=r"were in use for 0\.3 s; ask for less"
            ) as told:
                await made.get("small")
            assert (told.value.status, told.value.retry_after) == (503, 1.0)
            assert len(made.asked) == 1
            assert not made.health.doubtful and not made.health.is_failing
            # What is asked and not answered is another fault.
            free.set()
            assert await large is None
            free.clear()
            with pytest.raises(UpstreamFault, match="did not send everything") as told:
                await made.get("small")
            assert told.value.status == 504
            free.set()

    asyncio.run(scene())


@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd"])
def test_a_compressed_response_that_cannot_be_read_is_said_to_be_one(encoding: str) -> None:
    async def scene() -> None:
        async def serve(_: web.Request) -> web.Response:
            return web.Response(body=b"v1", headers={"Content-Encoding": encoding})

        async with world(serve) as made:
            with pytest.raises(UpstreamFault) as told:
                await made.get()
            assert told.value.line.endswith(
                f" compressed its response, which it was asked not to do, and as {encoding} it cannot be read"
            )
            # It would do so again.
            assert told.value.status == 502 and len(made.asked) == 1

    asyncio.run(scene())
