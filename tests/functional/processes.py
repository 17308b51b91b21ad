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


class Family:
    """The processes below one, found without reading all of /proc each time: that costs more than what is watched."""

    def __init__(self, pid: int) -> None:
        self._root = pid
        self._pids = {pid} | {each.pid for each in descendants(pid)}
        self._known = self._pids

    def look(self) -> list[Process]:
        """Return those that are there now."""
        there = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        born = [found for pid in there - self._known if (found := read(pid))]
        while more := {each.pid for each, parent in born if parent in self._pids} - self._pids:
            self._pids |= more
        self._known, self._pids = there, self._pids & there | {self._root}
        family = self._pids - {self._root}
        return [found[0] for pid in family if (found := read(pid))]


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
