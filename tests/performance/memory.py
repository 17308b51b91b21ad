"""How much memory processes take."""

import re
from collections.abc import Iterable
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
