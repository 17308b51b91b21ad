"""The section about documentation: what it costs to compute, and whether those who publish wait for it."""

import resource
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from pulp_gomod.documenter.process import document_apart
from tests.functional.owners import Owner
from tests.gomods import find_goroot, pack
from tests.performance import modules, ours
from tests.performance.bench import CACHE, Bench
from tests.performance.modules import Made
from tests.performance.report import Table

# Of Go's own source: everybody has it, and it was written by many.
_TREES = ("go", "net", "crypto", "internal", "cmd/compile/internal/ssa")
_VERSION = "v1.0.0"
_ENOUGH = 600
_MIB = 2**20


def documentation(bench: Bench) -> None:
    """Measure documenting real source, and publishing while that goes on."""
    trees = _TREES[:2] if bench.options.quick else _TREES
    zips = {name: _zip_of(f"bench.example.com/{name}", name) for name in trees}
    _computing(bench, zips)
    _publishing(bench, list(zips.values()))


def _computing(bench: Bench, zips: Mapping[str, bytes]) -> None:
    table = Table(
        "Documenting Go's own source",
        ["", "MiB of Go", "packages", "s of a processor", "s for each MiB"],
    )
    for name, data in zips.items():
        size = sum(map(len, _sources(name).values())) / _MIB
        before = _seconds_of_children()
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            path = f"bench.example.com/{name}"
            found = list(document_apart(file.fileno(), path, _VERSION, _ENOUGH))
        seconds = _seconds_of_children() - before
        packages = sum("package" in each for each in found)
        table.add(f"src/{name}", size, packages, seconds, seconds / size)
    table.notes.append("With starting the process; files of tests count, as in zips.")
    bench.report.add(table)


def _publishing(bench: Bench, large: Sequence[bytes]) -> None:
    table = Table(
        "Publishing zips of 10 KiB, one after the other",
        ["workers", "documentation", "p50 ms", "slowest ms"],
    )
    count = 20 if bench.options.quick else 60
    kinds = {"off": "off", "auto": "of large modules"}
    for workers, mode in product((2, 1), kinds):
        variables = {"PULP_GOMOD_DOCUMENTATION": mode}
        directory = bench.work / f"documentation-{mode}-{workers}"
        with ours.serving(
            directory, CACHE, 1, api=1, workers=workers, variables=variables
        ) as server:
            for data in large:
                _put(server.owner, data)
            times = [
                _put(server.owner, Made(f"bench.example.com/m{each}", size=10 * modules.KIB).zip())
                for each in range(count)
            ]
        table.add(str(workers), kinds[mode], statistics.median(times) * 1000, max(times) * 1000)
    table.notes.append("The processors are shared: a task that computes takes a part of them.")
    bench.report.add(table)


def _put(owner: Owner, data: bytes) -> float:
    begun = time.perf_counter()
    answer = owner.put(data)
    if answer.status_code != 201:
        raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")
    return time.perf_counter() - begun


def _sources(tree: str) -> dict[str, bytes]:
    """Return the Go files of a tree of Go's own source."""
    root = Path(find_goroot(), "src", tree)
    files = {str(file.relative_to(root)): file for file in sorted(root.rglob("*.go"))}
    return {
        name: file.read_bytes()
        for name, file in files.items()
        if not {"testdata", "vendor"} & set(name.split("/"))
    }


def _zip_of(path: str, tree: str) -> bytes:
    files = [("go.mod", f"module {path}\n".encode()), *_sources(tree).items()]
    return pack(f"{path}@{_VERSION}/", files)


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
