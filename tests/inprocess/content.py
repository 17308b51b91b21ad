"""The content app as pulpcore makes it, on a port of this machine, in a thread of this process."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

from aiohttp import web

import tests.unit.django_set_up  # noqa: F401

#: What the content app of this process remembers of checksum databases of its own (OwnSumdbs).
sumdbs: list[Any] = []


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run it, once in a process; yield its URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[web.AppRunner, str]:
        here = os.getcwd()
        try:
            from pulpcore.content import server

            from pulp_gomod.app.content import consumers, policy_events, services
            from pulp_gomod.app.content.repository import own_sumdbs

            class Found(own_sumdbs.OwnSumdbs):
                def __init__(self, *given: Any) -> None:
                    super().__init__(*given)
                    sumdbs.append(self)

            services.OwnSumdbs = Found
            # Tests say when something is signed.
            own_sumdbs.EVERY = 3600.0
            consumers.EVERY, consumers.AGAIN = 0.1, 0.0
            policy_events.EVERY, policy_events.AGAIN = 0.1, 0.0

            app = await server()
        finally:
            # pulpcore goes elsewhere.
            os.chdir(here)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"

    runner, url = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
    try:
        yield url
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
