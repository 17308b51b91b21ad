"""Compare our check_zip and hash_zip with Go's CheckZip and HashZip on one module zip.

    python -m tests.performance.bench_zip [MODULE@VERSION | MODULE@VERSION ZIP]

Without a ZIP the module is fetched through the machine's own GOPROXY. Prints our seconds, Go's
seconds, their ratio and the peak memory of each step, and what check_upload needs on top.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pulp_gomod.golang import dirhash
from pulp_gomod.golang import zip as modzip
from tests.differential import go, zips

MODULE = "golang.org/toolchain@v0.0.1-go1.22.0.linux-amd64"


def fetch(module: str) -> Path:
    """Have the go command download a module, and return its zip."""
    with tempfile.TemporaryDirectory() as empty:
        said = subprocess.check_output(
            [go.find_go(), "mod", "download", "-json", module], cwd=empty
        )
    return Path(json.loads(said)["Zip"])


def ours(path: str, version: str, file: str) -> str:
    """Check and hash a zip as Go would."""
    error = modzip.check_zip(path, version, file).error()
    if error is not None:
        raise error
    return dirhash.hash_zip(file)


def gate(path: str, version: str, file: str) -> str:
    """Judge a zip for hosting."""
    return modzip.check_upload(file).h1


def _measure(out: Connection, step: Callable[..., str], args: tuple[str, ...]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    h1 = step(*args)
    seconds = time.perf_counter() - start
    out.send((h1, seconds, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def measure(step: Callable[..., str], *args: str) -> tuple[str, float, int, int]:
    """Run a step in a process of its own: result, seconds, peak KiB before and after."""
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(theirs, step, args))
    process.start()
    result: tuple[str, float, int, int] = mine.recv()
    process.join()
    return result


def main(argv: list[str]) -> None:
    """Run the benchmark."""
    module = argv[0] if argv else MODULE
    path, version = module.split("@")
    file = argv[1] if len(argv) > 1 else str(fetch(module))
    print(f"{module}: {Path(file).stat().st_size / 1e6:.1f} MB")
    fields: dict[str, Any] = {"path": path, "version": version, "file": file}
    with (
        tempfile.TemporaryDirectory() as scratch,
        zips.judge(zips.build(go.find_go(), Path(scratch))) as judge,
    ):
        judge.ask("check", **fields)  # so that the file is in memory for all
        answer = judge.ask("check", **fields)
    print(f"Go CheckZip + HashZip     {answer['Seconds']:6.2f} s")
    for name, step in (("check_zip + hash_zip", ours), ("check_upload", gate)):
        h1, seconds, before, peak = measure(step, path, version, file)
        if h1 != answer["H1"]:
            raise SystemExit(f"{name} says {h1}, Go says {answer['H1']}")
        print(
            f"{name:24}  {seconds:6.2f} s  {seconds / answer['Seconds']:5.2f} x Go's,"
            f"  peak memory {peak / 1024:.0f} MiB (before: {before / 1024:.0f} MiB)"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
