"""The section about a large build through empty proxies, with the machine's own upstream behind them.

It is the only one that uses the network, so it has to be named: `--only cold-builds`.
"""

import contextlib
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.functional.rest_api import DISTRIBUTIONS, MODULES, REMOTES
from tests.performance import ours, peer
from tests.performance.bench import CACHE, Bench
from tests.performance.farther import farther
from tests.performance.ours import Ours
from tests.performance.processes import cpu_seconds
from tests.performance.program import Program, default_proxy, fetch
from tests.performance.report import Table

STRAIGHT = "straight"
#: The go command reads what a first client has downloaded.
DIRECTORY = "file://"
#: The checksum database that the go command and our remotes use unless they are told otherwise.
SUMDB = "sum.golang.org"
#: Seconds in which everything that was fetched has joined the repository.
JOINED = 120.0


@dataclass
class _Times:
    """
    What one GOPROXY took.

    Attributes:
        cold: Seconds with nothing in the proxy.
        again: Seconds for a second client.
        cpu: Seconds of processor time that the proxy took for the first client.
    """

    cold: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class _Empty:
    """
    A GOPROXY that has nothing yet.

    Attributes:
        url: Where it is.
        cpu: Tells the processor time that it has taken so far.
        finish: Called when its clients have been served.
    """

    url: str
    cpu: Callable[[], float] = float
    finish: Callable[[], None] = lambda: None


def cold_builds(bench: Bench) -> None:
    """Measure `go mod download` of a real program, straight and through proxies that are empty."""
    upstream, distance = default_proxy(), bench.options.distance
    with farther(upstream, distance) if distance else contextlib.nullcontext(upstream) as asked:
        _ColdBuilds(bench, asked).run()


class _ColdBuilds:
    def __init__(self, bench: Bench, upstream: str) -> None:
        self._bench = bench
        self._work = bench.work / "cold-builds"
        self._upstream = upstream
        self._sumdb = _sumdb_of(self._upstream)
        self._versions: list[int] = []
        self._directory = self._work / "goproxy"
        self._kinds = {
            STRAIGHT: self._straight,
            ours.NAME: self._ours,
            DIRECTORY: self._downloaded,
        }
        if bench.options.peer:
            self._kinds[peer.name(bench.options.peer)] = self._peer

    def run(self) -> None:
        program = fetch(self._bench.options.program, self._upstream, self._work, self._sumdb)
        # Whatever is between us and the modules may have to fetch some of them itself, once.
        count = len(program.download(self._upstream, self._directory).zips)
        times = {name: _Times() for name in self._kinds}
        for number in range(self._bench.options.rounds):
            # In changing order: the network and the disk have moods that last.
            names = list(times) if number % 2 == 0 else list(reversed(times))
            for name in names:
                self._measure(program, name, times[name])
        self._show(program, count, times)

    def _measure(self, program: Program, name: str, times: _Times) -> None:
        place = self._work / "proxy"
        shutil.rmtree(place, ignore_errors=True)
        with self._kinds[name](place, program) as empty:
            before = empty.cpu()
            times.cold.append(program.download(empty.url).seconds)
            times.cpu.append(empty.cpu() - before)
            empty.finish()
            times.again.append(program.download(empty.url).seconds)
        shutil.rmtree(place, ignore_errors=True)

    @contextlib.contextmanager
    def _straight(self, place: Path, program: Program) -> Iterator[_Empty]:
        yield _Empty(self._upstream)

    @contextlib.contextmanager
    def _downloaded(self, place: Path, program: Program) -> Iterator[_Empty]:
        yield _Empty(self._directory.as_uri())

    @contextlib.contextmanager
    def _ours(self, place: Path, program: Program) -> Iterator[_Empty]:
        place.mkdir(parents=True)
        processes = self._bench.options.processes
        with ours.serving(place / "pulp", CACHE, processes) as server:
            self._pull_through(server)
            yield _Empty(
                server.contender.url,
                lambda: cpu_seconds(server.pids("")),
                lambda: self._versions.append(_joined(server, len(program.zips))),
            )

    def _pull_through(self, server: Ours) -> None:
        rest = server.rest
        # Without a word about the database a remote has the default one.
        body = {} if self._sumdb else {"sumdb": "off"}
        remote = rest.create(
            REMOTES, name="upstream", url=self._upstream, policy="on_demand", **body
        )["pulp_href"]
        rest.wait(rest.call("PATCH", server.owner.distribution, json={"remote": remote}))
        assert rest.get(server.owner.distribution)["remote"] == remote, DISTRIBUTIONS

    @contextlib.contextmanager
    def _peer(self, place: Path, program: Program) -> Iterator[_Empty]:
        sumdb = self._sumdb or "off"
        with peer.serving(self._bench.options.peer, self._upstream, place, sumdb) as found:
            yield _Empty(found.url, lambda: cpu_seconds(found.pids()))

    def _show(self, program: Program, count: int, times: dict[str, _Times]) -> None:
        table = Table(
            f"Cold: go mod download of {program.name}, {count} modules",
            [
                *("GOPROXY", "cold s", "to straight", f"{ours.NAME} to it", "from", "to"),
                *("again s", f"to {DIRECTORY}", "CPU s"),
            ],
        )
        mine, straight = times[ours.NAME], times[STRAIGHT]
        for name, taken in times.items():
            table.add(
                name,
                statistics.median(taken.cold),
                _ratio(taken.cold, straight.cold),
                _ratio(mine.cold, taken.cold),
                min(taken.cold),
                max(taken.cold),
                statistics.median(taken.again),
                _ratio(taken.again, times[DIRECTORY].again),
                statistics.median(taken.cpu),
            )
        made = ", ".join(map(str, self._versions))
        table.notes += [
            "Medians; ratios are medians of those of the same round. CPU: of the proxy, when cold.",
            f"Checksums: {self._sumdb or 'the upstream passes on no database, so nobody asked one'}.",
            f"Repository versions that {ours.NAME} made of it: {made}.",
        ]
        self._bench.report.add(table)


def _ratio(these: list[float], those: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(these, those, strict=True))


def _sumdb_of(proxy: str) -> str:
    """The checksum database, if the proxy passes it on; "" otherwise."""
    asked = f"{proxy}/sumdb/{SUMDB}/supported"
    return SUMDB if requests.get(asked, timeout=60).status_code == 200 else ""


def _joined(server: Ours, count: int) -> int:
    """Wait until all zips have joined the repository; return how many versions that took."""
    end = time.monotonic() + JOINED
    while True:
        latest = server.rest.latest(server.owner.repository)
        held = server.rest.get(MODULES, repository_version=latest, limit=1)["count"]
        if held >= count:
            return int(latest.rstrip("/").rpartition("/")[2])
        if time.monotonic() > end:
            raise TimeoutError(f"{held} of {count} modules have joined the repository")
        time.sleep(0.5)
