"""The section about the size of repositories: the same requests with few and with many modules."""

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import requests

from tests.filling import LONG_LIST, Filled, add_distributions, fill, settle
from tests.functional.owners import Owner
from tests.performance import ours, plans, versions
from tests.performance.bench import CACHE, Bench
from tests.performance.contenders import Contender
from tests.performance.modules import SMALL
from tests.performance.ours import Ours
from tests.performance.processes import cpu_seconds
from tests.performance.report import Table
from tests.performance.rounds import Shape
from tests.performance.serving import section
from tests.statements import changed

_DISTRIBUTIONS = 1000
# The small size would run out of URLs that nobody has asked for: it gets more such repositories.
_URLS = 60_000
_VERSIONS_PER_MODULE = 5
_HOT = 20
_OWNER_FIELDS = ("name", "repository", "distribution")


@dataclass(frozen=True)
class Sized:
    """
    A server whose repositories have one size.

    Attributes:
        size: Module versions in a repository.
        server: The server.
        filled: For each owner's name what its repository holds.
    """

    size: int
    server: Ours
    filled: dict[str, Filled]

    @property
    def contender(self) -> Contender:
        """The server for load on all its owners."""
        return replace(self.server.all_owners, name=f"{self.size:,}")

    def paths(self, file: str) -> list[str]:
        """Paths of a file of each module version, below the contender's prefix."""
        return [
            f"{owner}/go/{module}/@v/{version}.{file}"
            for owner, filled in self.filled.items()
            for module, version in filled
        ]

    def module_paths(self, file: str) -> list[str]:
        """Paths of a file of each module, below the contender's prefix."""
        return [
            f"{owner}/go/{module}/{file}"
            for owner, filled in self.filled.items()
            for module in filled.modules
        ]


def scale(bench: Bench) -> None:
    """Compare sizes."""
    sized = [_make(bench, size) for size in bench.options.scale]
    contenders = [each.contender for each in sized]
    section(bench, "Scale, cold: module versions in the repository", _cold(sized), contenders)
    section(bench, "Scale, hot: module versions in the repository", _hot(sized), contenders)
    _long_lists(bench, sized)
    plans.show(bench, sized[-1])
    servers = [each.server for each in sized]
    versions.publish_one_more(bench, servers, bench.options.scale)
    versions.sync_some(bench, servers, bench.options.scale)


def _make(bench: Bench, size: int) -> Sized:
    directory = bench.work / f"size-{size}"
    running = ours.serving(directory, CACHE, bench.options.processes, api=1)
    server = bench.stack.enter_context(running)
    # An earlier run in the same directory has filled it.
    note = directory / "filled.json"
    if note.exists():
        known = json.loads(note.read_text())
        owner = replace(server.owner, **known["owner"])
        filled = {name: Filled(**values) for name, values in known["filled"].items()}
        return Sized(size, replace(server, owner=owner), filled)
    begun = time.monotonic()
    filled = _fill(server, size)
    print(f"{size:,} module versions: filled in {time.monotonic() - begun:.0f} s", flush=True)
    owner_fields = {name: getattr(server.owner, name) for name in _OWNER_FIELDS}
    held = {name: asdict(each) for name, each in filled.items()}
    note.write_text(json.dumps({"owner": owner_fields, "filled": held}))
    return Sized(size, server, filled)


def _fill(server: Ours, size: int) -> dict[str, Filled]:
    owners = [server.owner, *(Owner.create(server.rest) for _ in range(1, _URLS // size))]
    for owner in owners:
        if owner.put(SMALL.zip()).status_code != 201:
            raise RuntimeError("publishing one module to begin with failed")
    with server.connect() as connection, changed(connection, {"max_wal_size": "8GB"}):
        filled = {
            owner.name: fill(connection, owner.name, size, _VERSIONS_PER_MODULE) for owner in owners
        }
        names = [f"more-{number}" for number in range(_DISTRIBUTIONS)]
        add_distributions(connection, server.owner.name, names)
        settle(connection)
    return filled


def _cold(sized: Sequence[Sized]) -> list[Shape]:
    kinds = {
        ".info": {each.contender.name: each.paths("info") for each in sized},
        ".mod": {each.contender.name: each.paths("mod") for each in sized},
        ".zip": {each.contender.name: each.paths("zip") for each in sized},
        "list": {each.contender.name: each.module_paths("@v/list") for each in sized},
        "@latest": {each.contender.name: each.module_paths("@latest") for each in sized},
    }
    return [Shape(kind, [], once=True, own_paths=paths) for kind, paths in kinds.items()]


def _hot(sized: Sequence[Sized]) -> list[Shape]:
    cold = _cold(sized)
    return [
        Shape(each.name, [], own_paths={name: p[:_HOT] for name, p in each.own_paths.items()})
        for each in cold
    ]


def _long_lists(bench: Bench, sized: Sequence[Sized]) -> None:
    """Measure lists and @latest of modules with very many versions, each asked for once."""
    table = Table(
        f"A module with {LONG_LIST:,} versions, asked for the first time",
        ["module versions", "", "ms", "fastest", "slowest", "CPU ms"],
    )
    for each in sized:
        owner, filled = next(iter(each.filled.items()))
        if not filled.long:
            continue
        for file in ("@v/list", "@latest"):
            root = f"{each.server.rest.url}/api/packages/{owner}/go"
            times, cpu = _ask(each, [f"{root}/{m}/{file}" for m in filled.long_modules[::2]])
            kind = file.removeprefix("@v/")
            table.add(f"{each.size:,}", kind, statistics.median(times), min(times), max(times), cpu)
    if table.rows:
        bench.report.add(table)


def _ask(sized: Sized, urls: Sequence[str]) -> tuple[list[float], float]:
    """Ask for each once: the milliseconds of each, and the processor time of one."""
    contender, times = sized.contender, []
    pids = [*contender.pids(), *contender.helpers()]
    with requests.Session() as session:
        # Nobody waits for a connection then.
        session.get(contender.origin, timeout=60)
        before = cpu_seconds(pids)
        for url in urls:
            begun = time.perf_counter()
            session.get(url, timeout=60).raise_for_status()
            times.append((time.perf_counter() - begun) * 1000)
    return times, (cpu_seconds(pids) - before) / len(urls) * 1000
