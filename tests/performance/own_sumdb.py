"""The section about a checksum database of one's own: what it costs to have one, and how fast it is asked."""

import statistics
import time
from uuid import uuid4

from pulp_gomod.golang import module
from tests import filling
from tests.functional.owners import Owner
from tests.functional.rest_api import SUMDBS
from tests.performance import modules
from tests.performance.bench import Bench
from tests.performance.contenders import Contender
from tests.performance.modules import Made
from tests.performance.ours import DURABLE
from tests.performance.report import Table
from tests.performance.rounds import Shape
from tests.performance.serving import section
from tests.statements import changed

_TILE = 256


def own_sumdb(bench: Bench) -> None:
    """Measure publishing with and without, lookups, tiles, and what a record costs in a large log."""
    with bench.ours.connect() as connection, changed(connection, DURABLE):
        _publishing(bench)
    sizes = (1000, 5000) if bench.options.quick else (1000, 100_000)
    table = Table(
        "Appending to a log", ["records before", "s to take in", "records/s", "publish p50 ms"]
    )
    for size in sizes:
        owner, name, names = _appending(bench, table, size)
    table.notes.append(
        "A repository with so many module versions is made to feed an empty log; then an empty one feeds it, too, "
        "and is published into."
    )
    bench.report.add(table)
    _asking(bench, owner, name, names)


def _made(bench: Bench, prefix: str, count: int) -> list[bytes]:
    run = uuid4().hex[:8]
    return [
        Made(f"bench.example.com/{prefix}{run}/m{number}", size=10 * modules.KIB).zip()
        for number in range(count)
    ]


def _put(owner: Owner, data: bytes) -> float:
    begun = time.perf_counter()
    answer = owner.put(data)
    if answer.status_code != 201:
        raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")
    return time.perf_counter() - begun


def _fed(bench: Bench) -> tuple[str, str]:
    """A new checksum database: its href and its name."""
    name = f"bench.example.com/{uuid4().hex[:12]}"
    return str(bench.ours.rest.create(SUMDBS, name=name)["pulp_href"]), name


def _publishing(bench: Bench) -> None:
    rest, count = bench.ours.rest, 12 if bench.options.quick else 60
    href, _ = _fed(bench)
    owners = {"without": Owner.create(rest), "with a log": Owner.create(rest, sumdb=href)}
    times: dict[str, list[float]] = {name: [] for name in owners}
    zips = {name: _made(bench, name[:4], count + 2) for name in owners}
    for number in range(count + 2):
        # In turn, so that whatever else the machine does is there for both.
        for name in sorted(owners, reverse=bool(number % 2)):
            taken = _put(owners[name], zips[name][number])
            # The first ones make what is needed only once.
            if number > 1:
                times[name].append(taken * 1000)
    table = Table("Publishing with a log", ["", "p50 ms", "mean ms", "to without"])
    plain = statistics.median(times["without"])
    for name, taken_ms in times.items():
        middle = statistics.median(taken_ms)
        table.add(name, middle, statistics.fmean(taken_ms), middle / plain)
    table.notes.append("One client, zips of 10 KiB, both in turn.")
    bench.report.add(table)


def _appending(bench: Bench, table: Table, size: int) -> tuple[Owner, str, list[str]]:
    rest = bench.ours.rest
    owner = Owner.create(rest)
    # Filled versions have the zip of one that is there.
    _put(owner, _made(bench, "first", 1)[0])
    with bench.ours.connect() as connection:
        filled = filling.fill(connection, owner.name, size)
        filling.settle(connection)
    href, name = _fed(bench)
    begun = time.perf_counter()
    rest.wait(rest.call("PATCH", owner.repository, json={"sumdb": href}))
    seconds = time.perf_counter() - begun
    # From a small one: what a large repository costs has nothing to do with the log.
    small = Owner.create(rest, sumdb=href)
    with bench.ours.connect() as connection, changed(connection, DURABLE):
        times = [
            _put(small, data) for data in _made(bench, "one", 8 if bench.options.quick else 24)
        ]
    table.add(size, seconds, size / seconds, statistics.median(times[1:]) * 1000)
    names = [f"{module.escape_path(path)}@{version}" for path, version in filled]
    return owner, name, names


def _asking(bench: Bench, owner: Owner, name: str, names: list[str]) -> None:
    ours = bench.ours
    contender: Contender = ours._contender("pulp-gomod", f"/api/packages/{owner.name}/go")
    root = f"sumdb/{name}"
    tiles = [f"{root}/tile/8/0/{number:03d}" for number in range(min(len(names) // _TILE, 200))]
    shapes = [
        Shape("lookup, known", [f"{root}/lookup/{each}" for each in names[:500]]),
        Shape("lookup, each once", [f"{root}/lookup/{each}" for each in names[500:]], once=True),
        Shape("tile", tiles),
        Shape("latest", [f"{root}/latest"]),
    ]
    section(bench, "Asking a checksum database", shapes, [contender])
