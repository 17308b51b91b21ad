"""What a sync costs depends on what is asked for, and not on what the repository holds."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.filling import fill, settle
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import Server
from tests.functional.test_sync import sync
from tests.functional.upstream_world import Mirror, Upstream
from tests.statements import StatementLog, connect, logged

MODULES = 12
LARGE = 5000
# Our tables that a sync reads or writes, and pulpcore's of what a repository holds.
TABLES = ("gomod_gomod", "gomod_gorelease", "gomod_gocacheentry", "core_repositorycontent")
# What is looked up for several module versions at once, or for one: that depends on which are there at a moment.
TOGETHER = (
    "SELECT value_sets.place",
    'SELECT "gomod_gorepository"."immutable"',
    'SELECT "gomod_gocacheentry"."pulp_id" AS "pk"',
)
# What the API counts to show a repository. Only one of its processes was told of the sync, and it may be the other one that is asked.
SHOWN = 'SELECT COUNT(*) AS "__count" FROM "gomod_gomodule"'
# How Django reads the type of one unit that was loaded without it.
TYPE_OF_ONE = 'SELECT "core_content"."pulp_type", "gomod_gomodule"."content_ptr_id" FROM'


def _statements(log: StatementLog, mirror: Mirror, number: int) -> list[str]:
    before = mirror.number()
    # Tests of other files may use the server meanwhile, but not this remote.
    remote = mirror.remote.rstrip("/").rpartition("/")[2]
    asked = log.on_connections_that_name(remote, lambda: sync(mirror, modules=_names(number)))
    assert mirror.number() == before + 1
    found = [each.text for each in asked if any(table in each.text for table in TABLES)]
    # Nothing of the sync was missed: what it fetches, and what it makes of that.
    for table in ("gomod_gocacheentry", "gomod_gomodule"):
        inserts = [text for text in found if text.startswith(f'INSERT INTO "{table}"')]
        assert all(
            any(name.partition("@")[0] in text for text in inserts) for name in _names(number)
        )
        # How many it makes at a time depends on which are there at a moment.
        assert len(inserts) <= MODULES
    assert any('FROM "gomod_gocacheentry"' in text for text in found)
    # Nor does pulpcore ask for the type of each unit, as it does where only some columns are read.
    assert not any(text.startswith(TYPE_OF_ONE) for text in found)
    return found


def _without_the_wanted(texts: list[str]) -> set[str]:
    """The different statements by their beginnings: values are written into many of them."""
    beginnings = (
        text.partition(" WHERE ")[0][:60]
        for text in texts
        if not text.startswith((*TOGETHER, SHOWN))
    )
    # That of the index says which version is made.
    return {re.sub(r"= [0-9]+$", "= N", text) for text in beginnings}


@pytest.fixture
def rest(sync_server: Server) -> Rest:
    return Rest(sync_server.url, (sync_server.username, sync_server.password))


@pytest.fixture
def database(sync_server: Server) -> Any:
    if not sync_server.data_dir:
        pytest.skip("the database of a server that somebody else started is out of reach")
    with connect(Path(sync_server.data_dir)) as connection:
        yield connection


def test_the_size_of_the_repository_does_not_matter(
    sync_server: Server,
    rest: Rest,
    database: "psycopg.Connection[Any]",
    upstream: Upstream,
) -> None:
    for number in range(3):
        for each in range(MODULES):
            upstream.add(f"example.com/s{number}m{each}", "v1.0.0")
    mirror = Mirror.create(rest, upstream, policy="immediate")
    assert mirror.owner.put(Made().zip()).status_code == 201
    with logged(database, Path(sync_server.data_dir)) as log:
        first = _statements(log, mirror, 0)
        fill(database, mirror.owner.name, LARGE)
        settle(database)
        second = _statements(log, mirror, 1)
    assert _without_the_wanted(first) == _without_the_wanted(second)
    # How many share a statement depends on the moment: alone, each takes no more than this.
    assert max(map(len, (first, second))) < 12 * MODULES
    # None of them names what was not asked for.
    assert max(map(len, second)) < 3 * max(map(len, first))
    assert _rows_read(database, lambda: sync(mirror, modules=_names(2))) < LARGE


def _names(number: int) -> list[str]:
    return [f"example.com/s{number}m{each}@v1.0.0" for each in range(MODULES)]


def _rows_read(database: "psycopg.Connection[Any]", action: Any) -> int:
    """Count the rows of modules that were read meanwhile. The task's process tells when it ends."""
    before = _total(database)
    action()
    seen = -1
    while seen != (seen := _total(database)) or seen == before:
        database.execute("SELECT pg_sleep(1.5)")
    return seen - before


def _total(database: "psycopg.Connection[Any]") -> int:
    row = database.execute(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables"
        " WHERE relname = 'gomod_gomodule'"
    ).fetchone()
    assert row is not None
    return int(row[0])
