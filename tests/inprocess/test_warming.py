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


def test_each_statement_can_be_asked_for_many_at_once(content_url: str) -> None:
    # A statement whose parts call something as those around it do is only found out by PostgreSQL.
    async def rows() -> list[list[object]]:
        database = Database(connection_parameters())
        await database.open()
        try:
            found = []
            for group in warmup.STATEMENTS:
                for compiled in group:
                    many = compiled().for_many
                    values = {name: warmup.value_of(name) for name in many.names}
                    found.append(await database.fetch_all(many.sql, many.bind([values, values])))
            return found
        finally:
            await database.close()

    found = asyncio.run(rows())
    # What makes one text of all rows has one for nothing, too.
    assert len(found) == sum(map(len, warmup.STATEMENTS)) and sum(map(len, found)) < 5
