"""A remote outside of the content app: with connections and threads of its own, for a while."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any, TypeVar

from django.conf import settings as server

from pulp_gomod.app.db.locks import AdvisoryLocks
from pulp_gomod.app.db.pool import Database, connection_parameters
from pulp_gomod.app.remote.go_mods import LONGEST
from pulp_gomod.app.remote.ingest import Ingest
from pulp_gomod.app.remote.registry import RemoteClient, open_client
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.remote.threads import Threads

T = TypeVar("T")

# Seconds for which a zip waits for others: nobody waits for it.
_LINGER = 0.05
# Connections to PostgreSQL for reading answers.
_CONNECTIONS = 2


def run(work: Coroutine[Any, Any, T]) -> T:
    """
    Do what fetches much, on the event loop that the content app has: Python's own takes a tenth more.

    Args:
        work: What to do.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not getattr(server, "UVLOOP_ENABLED", False):
        return None
    make: Callable[[], asyncio.AbstractEventLoop] = import_module("uvloop").new_event_loop
    return make


@asynccontextmanager
async def opened(
    settings: RemoteSettings, connections: int | None = None
) -> AsyncIterator[RemoteClient]:
    """
    Open a remote for a sync.

    What it fetches is kept, whatever the remote's policy and size: a sync that was interrupted goes on
    with it, and what somebody asks for by name is not what fills a cache.

    Args:
        settings: The remote.
        connections: How many requests may be under way at a time; None for as many as the remote says.
    """
    # The rest of the server asks for few of the small files that a sync asks for just then.
    unbounded = replace(
        settings,
        keeps=True,
        cache_size=None,
        takes_turns=False,
        linger=_LINGER,
        connections=connections or settings.connections,
    )
    database = Database(connection_parameters(), _CONNECTIONS)
    threads, turns = Threads(), AdvisoryLocks(connection_parameters())
    # What is not kept cannot be synced.
    threads.go_mods.patience = LONGEST
    try:
        await database.open()
        # Nothing is added by itself, so nothing is dispatched.
        through = await open_client(unbounded, database, threads, turns, Ingest(threads))
        try:
            yield through
        finally:
            await through.upstream.close()
    finally:
        await turns.close()
        await database.close()
        threads.close()
