"""By how much processes grow while something goes on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.functional.processes import Family, descendants

_KINDS = ("pulpcore-api", "pulpcore-content", "pulpcore-worker", "postgres")
_PAUSE = 0.02


@contextmanager
def peaks(pid: int) -> Iterator[dict[str, int]]:
    """
    Watch all processes below one while the block runs.

    Args:
        pid: The one.

    Yields:
        Filled in the end: for each kind of process by how many bytes the one grew that grew most. A
        process that was born meanwhile is compared to the largest of its kind.
    """
    before: dict[int, int] = {}
    largest: dict[str, int] = {}
    for each in descendants(pid):
        size = before[each.pid] = _own_memory(each.pid)
        kind = _kind(each.command)
        largest[kind] = max(size, largest.get(kind, 0))
    grown: dict[str, int] = {}
    seen: dict[str, int] = {}
    over = threading.Event()

    family = Family(pid)

    def watch() -> None:
        while not over.is_set():
            for each in family.look():
                kind = _kind(each.command)
                base = before.get(each.pid, largest.get(kind, 0))
                seen[kind] = max(_own_memory(each.pid) - base, seen.get(kind, 0))
            time.sleep(_PAUSE)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grown
    finally:
        over.set()
        watching.join()
        grown |= seen


def _kind(command: str) -> str:
    return next((kind for kind in _KINDS if kind in command), "other")


def _own_memory(pid: int) -> int:
    """Resident bytes that are no file's pages, and not shared memory."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0
