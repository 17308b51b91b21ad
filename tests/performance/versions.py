"""Publishing one more module to a large repository: whose work takes how long."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg

from tests.performance.bench import Bench
from tests.performance.modules import KIB, Made
from tests.performance.ours import DURABLE, STATISTICS, Ours
from tests.performance.report import Table
from tests.statements import changed

_TIMES = 3
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
    table = Table(
        "Publishing one more",
        ["module versions", "ms", "of it SQL of pulpcore", "SQL of ours", "all else"],
    )
    slowest: list[tuple[float, str]] = []
    for server, size in zip(servers, sizes, strict=True):
        with server.connect() as connection, changed(connection, DURABLE):
            runs = [_publish(server, connection) for _ in range(_TIMES + 1)][1:]
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


def _publish(server: Ours, connection: "psycopg.Connection[Any]") -> _Run:
    zip = Made(f"bench.example.com/one/{uuid4().hex[:12]}", size=10 * KIB).zip()
    has_statistics = _reset_statistics(connection)
    begun = time.perf_counter()
    answer = server.owner.put(zip)
    taken = (time.perf_counter() - begun) * 1000
    if answer.status_code != 201:
        raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")
    rows = connection.execute(_STATEMENTS).fetchall() if has_statistics else []
    return _Run(taken, [(ms, " ".join(text.split())) for ms, text in rows])


def _reset_statistics(connection: "psycopg.Connection[Any]") -> bool:
    """Let PostgreSQL begin anew to add up; say whether it can."""
    found = connection.execute("SHOW shared_preload_libraries").fetchone()
    if not found or STATISTICS not in found[0]:
        return False
    connection.execute(f"CREATE EXTENSION IF NOT EXISTS {STATISTICS}".encode())
    connection.execute("SELECT pg_stat_statements_reset()")
    return True
