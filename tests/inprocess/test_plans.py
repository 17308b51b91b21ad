"""Statements are planned for tables as they are now, and not as they were when a server was new."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection

from pulp_gomod.app.db.pool import connection_parameters
from pulp_gomod.app.db.pq import Connection
from tests.unit import django_set_up  # noqa: F401

_ASKED = "SELECT status FROM gomod_planned WHERE key = %s AND remote_id = %s"
# A plan of the first second is not used after it.
_A_WHILE = 1.1


@pytest.fixture
def empty(content_url: str) -> Iterator[str]:
    """A table like that of what remotes said, with the same indexes and nothing in it, which nobody analyses."""
    name = "gomod_planned"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (LIKE gomod_gocacheentry INCLUDING ALL)")
        cursor.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = off)")
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {name}")


def test_a_plan_for_an_empty_table_is_not_kept(empty: str) -> None:
    remote = uuid4()

    async def plans() -> tuple[str, str]:
        async with await Connection.connect(**connection_parameters(), autocommit=True) as asked:
            await asked.execute("SET plan_cache_mode = force_generic_plan")
            assert await asked.fetch_all(_ASKED, ["a", remote]) == []
            before = await _plan(asked)
            await asked.execute(
                f"INSERT INTO {empty} (pulp_id, pulp_created, pulp_last_updated, remote_id, key, path,"
                " module, version, file, status, body, verified, etag, last_modified, checked)"
                " SELECT gen_random_uuid(), now(), now(), %s, n::text, '', '', '', 'mod', 200, '', false,"
                " '', '', now() FROM generate_series(1, 3000) AS n",
                [remote],
            )
            await asyncio.sleep(_A_WHILE)
            assert await asked.fetch_all(_ASKED, ["2000", remote]) == [(200,)]
            return before, await _plan(asked)

    async def _plan(asked: Connection) -> str:
        # The first statement that was prepared there.
        lines = await asked.execute(f"EXPLAIN EXECUTE gomod_1 ('2000', '{remote}')")
        return "\n".join(line for (line,) in await lines.fetchall())

    before, after = asyncio.run(plans())
    # To PostgreSQL, that was as good where there was nothing.
    assert "Filter: " in before
    assert "Filter: " not in after
