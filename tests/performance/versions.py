"""Publishing one more module to a large repository: whose work takes how long."""

import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from tests.performance.bench import Bench
from tests.performance.modules import KIB, Made
from tests.performance.ours import DURABLE, Ours
from tests.performance.report import Table
from tests.statements import changed, written

_TIMES = 3
_SHOWN = 4
_WIDTH = 160
_LOG = DURABLE | {"log_min_duration_statement": "0", "log_line_prefix": "\x1f"}
_DURATION = re.compile(r"duration: ([\d.]+) ms +(?:statement|execute [^:]*): (.*)", re.DOTALL)


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
        with server.connect() as connection, changed(connection, _LOG):
            runs = [_publish(server) for _ in range(_TIMES + 1)][1:]
        cells = [statistics.median(run.columns[n] for run in runs) for n in range(4)]
        table.add(f"{size:,}", *cells)
        slowest = sorted(runs[-1].statements, reverse=True)[:_SHOWN]
    table.notes.append(
        "pulpcore writes all ids of a repository version anew, and counts them; ours are the "
        "statements about tables of this plugin."
    )
    for ms, statement in slowest:
        table.notes.append(f"{ms:.0f} ms of the last: {statement}")
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


def _publish(server: Ours) -> _Run:
    zip = Made(f"bench.example.com/one/{uuid4().hex[:12]}", size=10 * KIB).zip()
    taken: list[float] = []

    def put() -> None:
        begun = time.perf_counter()
        answer = server.owner.put(zip)
        taken.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 201:
            raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")

    text = written(server.process.data_dir, put)
    found = (_DURATION.search(entry) for entry in text.split("\x1f"))
    statements = [(float(each[1]), " ".join(each[2].split())[:_WIDTH]) for each in found if each]
    return _Run(taken[0], statements)
