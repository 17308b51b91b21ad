"""Adding to a large repository: whose work takes how long."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg

from tests.performance.bench import Bench
from tests.performance.modules import KIB, Made, write_goproxy
from tests.performance.ours import DURABLE, STATISTICS, Ours
from tests.performance.report import Table
from tests.statements import changed

_TIMES = 3
# Modules of a sync.
_SYNCED = 100
_SHOWN = 4
_WIDTH = 160

_STATEMENTS = """
    SELECT total_exec_time + total_plan_time, query FROM pg_stat_statements
    JOIN pg_database ON pg_database.oid = dbid WHERE datname = current_database()
"""


def publish_one_more(bench: Bench, servers: Sequence[Ours], sizes: Sequence[int]) -> None:
    """
    Publish one more module to each server, and show where the time goes.

    Args:
        bench: The run.
        servers: The servers.
        sizes: How many module versions the repository of each holds.
    """
    _show(bench, "Publishing one more", servers, sizes, _publish)


def sync_some(bench: Bench, servers: Sequence[Ours], sizes: Sequence[int]) -> None:
    """
    Sync some new modules to each server, and show where the time goes.

    Args:
        bench: The run.
        servers: The servers.
        sizes: How many module versions the repository of each holds.
    """
    upstream = bench.bare.url

    def sync(server: Ours) -> None:
        prefix = f"bench.example.com/sync/{uuid4().hex[:12]}"
        made = [Made(f"{prefix}/m{number}", size=10 * KIB) for number in range(_SYNCED)]
        write_goproxy(bench.goproxy_directory, made)
        remote = server.rest.create(
            "remotes/gomod/gomod/", name=prefix, url=upstream, policy="immediate", sumdb="off"
        )
        names = [f"{each.path}@{each.version}" for each in made]
        asked = {"remote": remote["pulp_href"], "modules": names}
        server.rest.wait(server.rest.call("post", f"{server.owner.repository}sync/", json=asked))

    _show(bench, f"Syncing {_SYNCED} more", servers, sizes, sync)


def _show(
    bench: Bench,
    title: str,
    servers: Sequence[Ours],
    sizes: Sequence[int],
    act: Callable[[Ours], None],
) -> None:
    table = Table(title, ["module versions", "ms", "of it SQL of pulpcore", "SQL of ours", "else"])
    slowest: list[tuple[float, str]] = []
    for server, size in zip(servers, sizes, strict=True):
        with server.connect() as connection, changed(connection, DURABLE):
            runs = [_measure(server, connection, act) for _ in range(_TIMES + 1)][1:]
        cells = [statistics.median(run.columns[n] for run in runs) for n in range(4)]
        table.add(f"{size:,}", *cells)
        slowest = sorted(runs[-1].statements, reverse=True)[:_SHOWN]
    table.notes.append(
        "pulpcore writes all ids of a repository version anew, and counts them; ours are the "
        "statements about tables of this plugin."
    )
    for ms, statement in slowest:
        table.notes.append(f"{ms:.0f} ms of the last: {statement[:_WIDTH]}")
    bench.report.add(table)


@dataclass(frozen=True)
class _Run:
    """Milliseconds in all, and of each statement."""

    taken: float
    statements: list[tuple[float, str]]

    @property
    def columns(self) -> tuple[float, float, float, float]:
        """Milliseconds in all, in pulpcore's SQL, in ours, and elsewhere."""
        ours = sum(ms for ms, text in self.statements if "gomod_" in text)
        core = sum(ms for ms, text in self.statements) - ours
        return self.taken, core, ours, self.taken - core - ours


def _measure(
    server: Ours, connection: "psycopg.Connection[Any]", act: Callable[[Ours], None]
) -> _Run:
    has_statistics = _reset_statistics(connection)
    begun = time.perf_counter()
    act(server)
    taken = (time.perf_counter() - begun) * 1000
    rows = connection.execute(_STATEMENTS).fetchall() if has_statistics else []
    return _Run(taken, [(ms, " ".join(text.split())) for ms, text in rows])


def _publish(server: Ours) -> None:
    zip = Made(f"bench.example.com/one/{uuid4().hex[:12]}", size=10 * KIB).zip()
    answer = server.owner.put(zip)
    if answer.status_code != 201:
        raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")


def _reset_statistics(connection: "psycopg.Connection[Any]") -> bool:
    """Let PostgreSQL begin anew to add up; say whether it can."""
    found = connection.execute("SHOW shared_preload_libraries").fetchone()
    if not found or STATISTICS not in found[0]:
        return False
    connection.execute(f"CREATE EXTENSION IF NOT EXISTS {STATISTICS}".encode())
    connection.execute("SELECT pg_stat_statements_reset()")
    return True
