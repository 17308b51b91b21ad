"""The section about publishing."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from tests.performance import modules
from tests.performance.bench import Bench
from tests.performance.modules import Made
from tests.performance.ours import DURABLE
from tests.performance.report import Table
from tests.statements import changed


def publish(bench: Bench) -> None:
    """Measure uploads, each answered when its repository version is there."""
    table = Table(
        "Publishing zips of 10 KiB", ["clients", "uploads/s", "p50 ms", "p99 ms", "new versions"]
    )
    each = 16 if bench.options.quick else 48
    with bench.ours.connect() as connection, changed(connection, DURABLE):
        for clients in (1, 4, 8):
            made = [
                Made(f"bench.example.com/u{clients}/m{number}", size=10 * modules.KIB)
                for number in range(each if clients > 1 else each // 2)
            ]
            _measure(bench, table, clients, made)
    table.notes.append("A client waits for its answer before it sends its next zip.")
    bench.report.add(table)


def _measure(bench: Bench, table: Table, clients: int, made: list[Made]) -> None:
    owner = bench.ours.owner
    zips = [each.zip() for each in made]

    def put(data: bytes) -> float:
        begun = time.perf_counter()
        answer = owner.put(data)
        if answer.status_code != 201:
            raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")
        return time.perf_counter() - begun

    before = _newest(bench)
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        times = list(pool.map(put, zips))
    seconds = time.perf_counter() - begun
    parts = statistics.quantiles(times, n=100, method="inclusive")
    table.add(
        str(clients),
        len(zips) / seconds,
        parts[49] * 1000,
        parts[98] * 1000,
        _newest(bench) - before,
    )


def _newest(bench: Bench) -> int:
    server = bench.ours
    return int(server.rest.latest(server.owner.repository).rstrip("/").rpartition("/")[2])
