"""A remote outside of the content app: with connections and threads of its own, for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from pulp_gomod.app.db.locks import AdvisoryLocks
from pulp_gomod.app.db.pool import Database, connection_parameters
from pulp_gomod.app.remote.go_mods import LONGEST
from pulp_gomod.app.remote.ingest import Ingest
from pulp_gomod.app.remote.registry import RemoteClient, open_client
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.remote.threads import Threads

# Connections to PostgreSQL for reading answers.
_CONNECTIONS = 2


@asynccontextmanager
async def opened(settings: RemoteSettings) -> AsyncIterator[RemoteClient]:
    """
    Open a remote for a sync.

    What it fetches is kept, whatever the remote's policy and size: a sync that was interrupted goes on
    with it, and what somebody asks for by name is not what fills a cache.

    Args:
        settings: The remote.
    """
    unbounded = replace(settings, keeps=True, cache_size=None)
    database = Database(connection_parameters(), _CONNECTIONS)
    threads, turns = Threads(), AdvisoryLocks(connection_parameters())
    # What is not kept cannot be synced.
    threads.go_mods.patience = LONGEST
    try:
        await database.open()
        # Nothing joins by itself, so nothing is dispatched.
        through = await open_client(unbounded, database, threads, turns, Ingest(threads))
        try:
            yield through
        finally:
            await through.upstream.close()
    finally:
        await turns.close()
        await database.close()
        threads.close()
