"""The section about the go command itself."""

import shutil
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.gomods import find_goroot
from tests.performance.bench import Bench
from tests.performance.modules import Made
from tests.performance.report import Table


def client(bench: Bench) -> None:
    """Measure `go mod download` of projects with many modules, and an empty module cache."""
    projects = {"as large as a real program's": bench.project, "small": bench.small_project}
    for what, made in projects.items():
        _measure(bench, what, made)


def _measure(bench: Bench, what: str, made: Sequence[Made]) -> None:
    proxies = {"file://": bench.goproxy_directory.as_uri()}
    proxies |= {each.name: each.url for each in bench.contenders}
    rounds = 2 if bench.options.quick else 5
    times: dict[str, list[float]] = {name: [] for name in proxies}
    # One without a clock: the files are then in memory for all, and proxies have fetched theirs.
    for number in range(rounds + 1):
        for name, proxy in proxies.items():
            taken = _download(bench.work / "client", proxy, made)
            if number:
                times[name].append(taken)
    table = Table(
        f"go mod download of {len(made)} modules, {what}",
        ["GOPROXY", "seconds", "to file://", "from", "to"],
    )
    for name, taken_all in times.items():
        pairs = zip(taken_all, times["file://"], strict=True)
        ratio = statistics.median(mine / theirs for mine, theirs in pairs)
        median = statistics.median(taken_all)
        table.add(name, median, ratio, min(taken_all), max(taken_all))
    table.notes.append("Medians; ratios are those of the same round.")
    bench.report.add(table)


def _download(directory: Path, proxy: str, made: Sequence[Made]) -> float:
    """Have the go command download everything; return the seconds that it took."""
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "work").mkdir(parents=True)
    required = "".join(f"\t{each.path} {each.version}\n" for each in made)
    (directory / "work" / "go.mod").write_text(
        f"module bench.example.com/main\n\ngo 1.21\n\nrequire (\n{required})\n"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(directory),
        "GOPATH": str(directory / "path"),
        "GOCACHE": str(directory / "cache"),
        "GOPROXY": proxy,
        "GOSUMDB": "off",
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOTOOLCHAIN": "local",
    }
    command = [str(find_goroot() / "bin" / "go"), "mod", "download"]
    begun = time.perf_counter()
    subprocess.run(command, cwd=directory / "work", env=environment, check=True)
    seconds = time.perf_counter() - begun
    found = list((directory / "path/pkg/mod/cache/download").rglob("*.zip"))
    if len(found) != len(made):
        raise RuntimeError(f"the go command downloaded {len(found)} of {len(made)} zips")
    return seconds
