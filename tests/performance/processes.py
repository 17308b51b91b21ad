"""How much memory and processor time processes take."""

import contextlib
import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def pss(pids: Iterable[int]) -> int:
    """
    Add up the proportional set sizes: pages that several processes share count once among them.

    Args:
        pids: The processes; those that are gone count nothing.

    Returns:
        Bytes; 0 where the system does not tell.
    """
    total = 0
    for pid in pids:
        try:
            found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        except OSError:
            continue
        total += int(found.group(1)) * 1024 if found else 0
    return total


def cpu_seconds(pids: Iterable[int]) -> float:
    """
    Add up the processor time that processes have taken since they began.

    Unlike the time on a clock it hardly depends on what else the machine is doing.

    Args:
        pids: The processes; those that are gone count nothing.
    """
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def sampled(pids: Sequence[int], after: float) -> Iterator[list[int]]:
    """
    Measure processes while something goes on: the list then holds what `pss` said, or 0.

    Args:
        pids: The processes.
        after: Seconds until they are looked at.
    """
    found = [0]
    timer = threading.Timer(after, lambda: found.append(pss(pids)))
    timer.start()
    try:
        yield found
    finally:
        timer.cancel()
        timer.join()
