"""That a database has the same tables, whichever migrations made them."""

import contextlib
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from psycopg.conninfo import make_conninfo

from pulp_gomod.standalone.postgres import Cluster
from tests.inprocess.database import cluster

APP = "gomod"
SQUASHED = "0001_squashed_0039_bundles_left_out"
OTHER = "other"
# Somewhere between the first and the last that is replaced.
MIDDLE = "0020_index_position"
_CORE = ("artifact", "content", "distribution", "domain", "publication", "remote", "repository")
REFERRED = {("auth", "user"), *(("core", each) for each in _CORE)}

# Constraints keep their names when their table or column gets another one; Django finds them by their columns.
_RENAMED = re.compile(r"\bgomod_(goanswer|goarrival|gocacheentry|gopendingentry)_\w+")
_NOT_NULL = re.compile(r"CONSTRAINT \w+ NOT NULL")
# A comment, or what pg_dump wraps around it all with a new key each time.
_NO_STATEMENT = re.compile(r"^(--|\\).*\n", re.MULTILINE)


@pytest.fixture(scope="module")
def here(pytestconfig: pytest.Config, run_dir: Path) -> Iterator[Cluster]:
    """A PostgreSQL whose database `pulp` a server has prepared, with a copy of it that Django knows as OTHER."""
    assert pytestconfig.cache
    cache = Path(pytestconfig.cache.mkdir("gomod-servers"))
    with cluster(run_dir, cache) as here:
        with psycopg.connect(**here.parameters("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {OTHER} TEMPLATE pulp")
        with _known(here.parameters(OTHER)):
            yield here


@contextlib.contextmanager
def _known(parameters: dict[str, str]) -> Iterator[None]:
    names = {"host": "HOST", "user": "USER", "dbname": "NAME"}
    said = {names[key]: value for key, value in parameters.items()}
    connections.settings[OTHER] = connections.settings["default"] | said | {"PORT": "5432"}
    try:
        yield
    finally:
        connections[OTHER].close()
        del connections[OTHER]
        del connections.settings[OTHER]


def schema(here: Cluster, database: str) -> Counter[str]:
    """All that a database has but its rows, as statements that make it."""
    program = Path(here.command()[0]).with_name("pg_dump")
    command = [program, "--schema-only", make_conninfo(**here.parameters(database))]
    dumped = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = _NOT_NULL.sub("NOT NULL", _RENAMED.sub("RENAMED", _NO_STATEMENT.sub("", dumped)))
    return Counter(each.strip() for each in text.split(";\n"))


def applied() -> set[str]:
    """The migrations of this plugin that OTHER says it has."""
    recorded = MigrationRecorder(connections[OTHER]).applied_migrations()
    return {name for app, name in recorded if app == APP}


def referred(loader: MigrationLoader) -> ProjectState:
    """
    The models of others that ours refer to, without what those refer to.

    Django renders all that are related anew with each operation: with all of Pulp's, that is three times as much.
    """
    state = loader.project_state(loader.graph.leaf_nodes("core"))
    for key in state.models.keys() - REFERRED:
        del state.models[key]
    for model in state.models.values():
        model.fields = {name: each for name, each in model.fields.items() if not each.is_relation}
        model.options = {}
    return state


def test_a_database_has_the_same_tables_whichever_migrations_made_them(here: Cluster) -> None:
    wanted = schema(here, "pulp")
    everything = applied()
    assert SQUASHED in everything and schema(here, OTHER) == wanted

    MigrationExecutor(connections[OTHER]).migrate([(APP, None)])
    assert not applied()
    assert not [each for each in schema(here, OTHER) if "gomod_" in each]

    one_by_one = MigrationExecutor(connections[OTHER])
    one_by_one.loader.replace_migrations = False
    one_by_one.loader.build_graph()
    state = one_by_one.migrate([(APP, MIDDLE)], state=referred(one_by_one.loader))
    assert max(applied()) == MIDDLE
    assert schema(here, OTHER) != wanted

    # As an upgrade does it.
    rest = MigrationExecutor(connections[OTHER])
    rest.migrate(rest.loader.graph.leaf_nodes(APP), state=state)
    assert applied() == everything
    made = schema(here, OTHER)
    assert (made - wanted, wanted - made) == (Counter(), Counter())
