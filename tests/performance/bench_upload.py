"""What publishing costs: uploads a second, memory, and the size of the repository.

    python -m tests.performance.bench_upload [--size 500] [--modules 100000]

It starts a server of its own, and needs about three times the size of the zip on disk.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.filling import fill, settle
from tests.functional.memory import peaks
from tests.functional.owners import Owner
from tests.functional.rest_api import Made, Rest
from tests.functional.serving import PASSWORD, PROGRAM, USERNAME, ServeProcess, make_data_dir
from tests.statements import changed, connect

MIB = 1024 * 1024
# Test servers do without.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Subject:
    """
    The server.

    Attributes:
        data_dir: Its data directory.
        pid: Its process.
        rest: Its REST API, as the administrator.
    """

    data_dir: Path
    pid: int
    rest: Rest


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=500, help="MiB of the large zip")
    parser.add_argument("--modules", type=int, default=100_000, help="of the large repository")
    given: Any = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gomod-bench-") as name:
        directory = Path(name)
        # As root, PostgreSQL is run by somebody else, who has to pass through.
        directory.chmod(0o711)
        make_data_dir(directory / "data", directory / "cache")
        process = ServeProcess(directory / "data", "--port", "0").start()
        try:
            rest = Rest(process.wait(), (USERNAME, PASSWORD))
            subject = Subject(directory / "data", process.process.pid, rest)
            with connect(subject.data_dir) as connection, changed(connection, DURABLE):
                show_rates(subject)
                show_memory(subject, directory / "large.zip", given.size * MIB)
                show_large_repository(subject, given.modules)
        finally:
            process.stop()


def show_rates(subject: Subject) -> None:
    """Publish small modules with few and with many clients."""
    for clients in (1, 8, 50):
        owner = Owner.create(subject.rest)
        zips = [Made().zip() for _ in range(max(20, clients * 2))]
        put(owner, Made().zip())
        begun = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            times = sorted(pool.map(lambda data, owner=owner: put(owner, data), zips))
        rate = len(zips) / (time.perf_counter() - begun)
        versions = subject.rest.latest(owner.repository).rstrip("/").rpartition("/")[2]
        print(
            f"{clients:3} clients: {rate:6.1f} uploads/s, median {times[len(times) // 2]:.2f} s, "
            f"longest {times[-1]:.2f} s, {len(zips) + 1} uploads in {versions} versions",
            flush=True,
        )


def put(owner: Owner, data: bytes) -> float:
    """Publish; return the seconds that it took."""
    begun = time.perf_counter()
    answer = owner.put(data)
    if answer.status_code != 201:
        raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")
    return time.perf_counter() - begun


def show_memory(subject: Subject, path: Path, size: int) -> None:
    """Publish a large zip in three ways, and print by how much processes grew."""
    ways: dict[str, Callable[[Owner, Path], requests.Response]] = {
        "with length": lambda owner, zip: _send(owner, zip, open_file=True),
        "chunked": lambda owner, zip: _send(owner, zip, open_file=False),
        "form": _send_form,
    }
    for way, send in ways.items():
        owner = Owner.create(subject.rest)
        write_zip(path, Made(), size)
        put(owner, Made().zip())
        begun = time.perf_counter()
        with peaks(subject.pid) as grown:
            answer = send(owner, path)
        if answer.status_code != 201:
            raise RuntimeError(f"publishing: {answer.status_code} {answer.text}")
        seconds = time.perf_counter() - begun
        shown = ", ".join(
            f"{kind.removeprefix('pulpcore-')} {size / MIB:.0f}" for kind, size in grown.items()
        )
        print(
            f"{path.stat().st_size / MIB:.0f} MiB {way}: {seconds:.1f} s; grew by MiB: {shown}",
            flush=True,
        )
        subject.rest.wait(subject.rest.call("DELETE", owner.repository))
    path.unlink()


def write_zip(path: Path, made: Made, size: int) -> None:
    """Write a module of about so many bytes, which no compression makes smaller."""
    prefix = f"{made.path}@v1.0.0/"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{prefix}go.mod", f"module {made.path}\n")
        with archive.open(f"{prefix}data.bin", "w") as entry:
            # Go's limit is on the zip with its frame, and on the files.
            for _ in range(size // MIB - 1):
                entry.write(os.urandom(MIB))


def _send(owner: Owner, path: Path, open_file: bool) -> requests.Response:
    with path.open("rb") as file:
        return owner.put(file if open_file else iter(lambda: file.read(MIB), b""))


def _send_form(owner: Owner, path: Path) -> requests.Response:
    # The requests library would hold the whole form in memory.
    boundary = "bench"
    begin = f"--{boundary}\r\nContent-Disposition: form-data; name=a; filename=m.zip\r\n\r\n"

    def parts() -> Iterator[bytes]:
        yield begin.encode()
        with path.open("rb") as file:
            yield from iter(lambda: file.read(MIB), b"")
        yield f"\r\n--{boundary}--\r\n".encode()

    return owner.put(parts(), headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})


def show_large_repository(subject: Subject, modules: int) -> None:
    """Publish one more to a large repository, without and with retention."""
    owner = Owner.create(subject.rest)
    put(owner, Made().zip())
    with connect(subject.data_dir) as connection:
        fill(connection, owner.name, modules)
        settle(connection)
    answered = sorted(put(owner, Made().zip()) for _ in range(5))
    print(f"one more to {modules:,} modules: answered after {answered[2]:.2f} s", flush=True)
    spent = _measure_one_more(subject, owner)
    print(
        f"  seconds of a processor: pulpcore {spent['pulpcore']:.2f}, "
        f"ours {spent['all'] - spent['pulpcore']:.2f}",
        flush=True,
    )
    body = {"retain_repo_versions": 2}
    subject.rest.wait(subject.rest.call("PATCH", owner.repository, json=body))
    answered = sorted(put(owner, Made().zip()) for _ in range(5))
    print(f"  with two versions retained: answered after {answered[2]:.2f} s", flush=True)


def _measure_one_more(subject: Subject, owner: Owner) -> dict[str, float]:
    command = [PROGRAM, "exec", "--data-dir", str(subject.data_dir), "python", "-m"]
    done = subprocess.run(
        [*command, "tests.performance.one_more", owner.name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    spent: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return spent


if __name__ == "__main__":
    main()
