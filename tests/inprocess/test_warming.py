"""What a content process has PostgreSQL plan before anybody waits for it."""

import asyncio

from pulp_gomod.app.content import warmup
from pulp_gomod.app.db.pool import Database, connection_parameters


def test_each_connection_that_is_kept_has_planned_all_statements(content_url: str) -> None:
    async def prepared() -> list[set[str]]:
        database = Database(connection_parameters())
        await database.open()
        try:
            await database._pool.wait()
            await warmup.warm(database)
            return [set(connection._names) for connection in database._pool._pool]
        finally:
            await database.close()

    texts = {compiled().sql for group in warmup.STATEMENTS for compiled in group}
    found = asyncio.run(prepared())
    assert len(found) == 2
    for names in found:
        assert names >= texts
