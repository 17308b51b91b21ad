"""The bytes of a bundle, from any place on, with little of it in memory."""

from collections.abc import Callable, Iterator, Sequence

from pulp_gomod.app.bundle.entries import Entry
from pulp_gomod.app.bundle.plan import Plan
from pulp_gomod.app.bundle.rows import ChangedError, read_go_mods
from pulp_gomod.app.bundle.tar import BLOCK, END, header, padding
from pulp_gomod.app.storage.stored_zip import StoredZip

ReadZip = Callable[[StoredZip, int, int], Iterator[bytes]]
"""Reads a part of a stored zip: where it begins, and how many bytes it has."""

# Bytes that are made at once.
CHUNK = 256 * 1024
_NULS = bytes(BLOCK)
# Bytes of go.mod files that are in memory at once, if none has more.
_GO_MODS = 4 * 1024 * 1024


def with_bodies(entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | None]]:
    """Give each entry its bytes, unless it is a zip; go.mod files are read some at a time."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if entry.go_mod is not None:
            if size + entry.size > _GO_MODS:
                yield from _read(batch)
                batch, size = [], 0
            size += entry.size
        batch.append(entry)
    yield from _read(batch)


def _read(batch: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | None]]:
    go_mods = read_go_mods([entry.go_mod for entry in batch if entry.go_mod is not None])
    for entry in batch:
        body = go_mods.get(entry.go_mod.pk) if entry.go_mod is not None else entry.body
        if entry.zip is None and (body is None or len(body) != entry.size):
            raise ChangedError(f"{entry.path} does not have {entry.size} bytes any more")
        yield entry, body


def tar_bytes(plan: Plan, start: int, stop: int, read_zip: ReadZip) -> Iterator[bytes]:
    """
    Make a part of the tar, in chunks of CHUNK bytes at most.

    Args:
        plan: The bundle's plan.
        start: Where the part begins.
        stop: Where it ends.

    Raises:
        ChangedError: Something is not as it was planned.
        StorageUnavailableError: The storage failed.
        DamagedFileError: A zip is lost or damaged.
    """
    part = _Part(start, stop)
    for offset, entries in plan.entries(start):
        part.place = offset
        if part.place >= stop:
            break
        for entry, body in with_bodies(entries):
            part.take(header(entry.path, entry.size))
            if entry.zip is not None:
                yield from part.take_zip(entry.zip, read_zip)
            else:
                part.take(body or b"")
            part.take(_NULS[: padding(entry.size)])
            if part.is_full:
                yield from part.chunks()
    else:
        part.take(END)
    yield from part.chunks()
    yield from part.rest()


class _Part:
    """What is wanted of a tar that passes by."""

    def __init__(self, start: int, stop: int) -> None:
        self.place = 0
        self._start = start
        self._stop = stop
        self._buffer = bytearray()

    def _span(self, size: int) -> tuple[int, int]:
        """Say what is wanted of the next bytes, and pass them by."""
        first = max(self._start - self.place, 0)
        last = min(self._stop - self.place, size)
        self.place += size
        return first, max(last, first)

    @property
    def is_full(self) -> bool:
        """Whether there is a whole chunk."""
        return len(self._buffer) >= CHUNK

    def take(self, data: bytes) -> None:
        first, last = self._span(len(data))
        if last > first:
            self._buffer += data if last - first == len(data) else data[first:last]

    def take_zip(self, found: StoredZip, read_zip: ReadZip) -> Iterator[bytes]:
        first, last = self._span(found.size)
        if last > first:
            for data in read_zip(found, first, last - first):
                self._buffer += data
                if self.is_full:
                    yield from self.chunks()

    def chunks(self) -> Iterator[bytes]:
        """Give away what is whole."""
        whole = len(self._buffer) - len(self._buffer) % CHUNK
        for begin in range(0, whole, CHUNK):
            yield bytes(memoryview(self._buffer)[begin : begin + CHUNK])
        del self._buffer[:whole]

    def rest(self) -> Iterator[bytes]:
        if self._buffer:
            yield bytes(self._buffer)
