"""Looking at processes the way an administrator would: in /proc."""

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process; its start time tells it from a later one with the same number."""

    pid: int
    started: int
    command: str

    def is_alive(self) -> bool:
        """Whether it still runs; one that waits to be reaped does not."""
        found = read(self.pid)
        return found is not None and found[0] == self


def descendants(pid: int) -> list[Process]:
    """The children of a process, their children, and so on."""
    everything = [found for path in Path("/proc").glob("[0-9]*") if (found := read(int(path.name)))]
    family, queue = [], [pid]
    while queue:
        parent = queue.pop()
        children = [process for process, its_parent in everything if its_parent == parent]
        family += children
        queue += [child.pid for child in children]
    return family


def of_run(mark: str) -> list[Process]:
    """
    What has been started by a test run and is still there, but for the process that asks.

    Args:
        mark: What all of them have in their environments, `NAME=value`.
    """
    return [
        found[0]
        for path in Path("/proc").glob("[0-9]*")
        if (found := read(int(path.name))) and mark in _environment(path)
    ]


def _environment(path: Path) -> list[str]:
    if path.name == str(os.getpid()):
        return []
    try:
        return (path / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def find(processes: list[Process], words: str) -> Process:
    """The first process whose command line has these words."""
    return next(process for process in processes if words in process.command)


def survivors(processes: list[Process], timeout: float) -> list[Process]:
    """Those that are still there when the time is over."""
    end = time.monotonic() + timeout
    while alive := [process for process in processes if process.is_alive()]:
        if time.monotonic() > end:
            return alive
        time.sleep(0.1)
    return []


def read(pid: int) -> tuple[Process, int] | None:
    """Return a process and its parent's number, None if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in "ZX":
        return None
    return Process(pid, int(fields[19]), command), int(fields[1])
