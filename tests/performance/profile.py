"""Where a content process spends its time, by py-spy (PyPI: py-spy)."""

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.performance.bench import Bench
from tests.performance.load import Load
from tests.performance.report import Table
from tests.performance.rounds import Shape
from tests.performance.serving import cold_paths, hot_shapes

_SECONDS = 8
_SHOWN = 14
# What is on nearly all stacks says nothing.
_COMMON = 0.85
# The function that runs the event loop, which is not written in Python.
_LOOP = "aiohttp/worker.py"
_HOT = (".info", "list")
_COLD = (".info", ".zip")


def profile(bench: Bench) -> None:
    """Show which packages and functions take the time of hot and of cold requests."""
    spy = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin")
    if spy is None:
        print("py-spy is not installed (pip install py-spy): no profile")
        return
    for shape in hot_shapes():
        if shape.name in _HOT:
            _show(bench, spy, f"{shape.name}, hot", shape)
    for kind, paths in cold_paths(bench.filled).items():
        if kind in _COLD:
            # From the end: other sections begin at the beginning.
            _show(bench, spy, f"{kind}, cold", Shape(kind, paths[::-1]))


def _show(bench: Bench, spy: str, title: str, shape: Shape) -> None:
    stacks = list(_record(bench, spy, shape))
    total = sum(count for _, count in stacks)
    if not total:
        print(f"py-spy saw nothing of {title}; it may lack the right to look at other processes")
        return
    packages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for frames, count in stacks:
        packages[_package(frames[-1])] += count
        # All stacks begin alike, down to the event loop.
        for function in {_function(frame) for frame in frames if _LOOP not in frame}:
            functions[function] += count
    table = Table(f"Profile of {title}", ["package, without what it calls", "% of the time"])
    for name, count in packages.most_common(_SHOWN):
        table.add(name, 100 * count / total)
    bench.report.add(table)
    table = Table(f"Profile of {title}", ["function, with what it calls", "% of the time"])
    for name, count in functions.most_common(3 * _SHOWN):
        if count < _COMMON * total:
            table.add(name, 100 * count / total)
    bench.report.add(table)


def _record(bench: Bench, spy: str, shape: Shape) -> Iterator[tuple[Sequence[str], int]]:
    """The stacks that a content process was seen in while it was busy, and how often."""
    server = bench.ours.contender
    # The first is the one that started the others.
    worker = bench.ours.pids()[-1]
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "stacks")
        command = [
            *(spy, "record", "--pid", str(worker), "--duration", str(_SECONDS), "--nonblocking"),
            *("--rate", "100", "--format", "raw", "--output", str(file)),
        ]
        watching = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        paths = [f"{server.prefix}/{path}" for path in shape.paths]
        bench.generator.run(Load(server.origin, paths, _SECONDS, headers=shape.headers))
        watching.wait()
        for line in file.read_text().splitlines() if file.exists() else ():
            stack, _, count = line.rpartition(" ")
            yield stack.split(";"), int(count)


def _package(frame: str) -> str:
    """The package of a frame: `function (path:line)`."""
    path = frame.rpartition("(")[2].rpartition(":")[0] or frame
    if _LOOP in path:
        return "the event loop, or waiting"
    for marker in ("site-packages/", "pulp_gomod/"):
        if marker in path:
            name = path.partition(marker)[2].partition("/")[0]
            return name if marker == "site-packages/" else f"pulp_gomod.{path.partition(marker)[2]}"
    return path.split("/")[0] if "/" in path else path


def _function(frame: str) -> str:
    """The function and the file of a frame."""
    name, _, rest = frame.partition(" (")
    return f"{name} ({rest.rpartition(':')[0] or rest})"
