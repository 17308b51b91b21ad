"""The files of a bundle, as values: their paths, their sizes, and where their bytes are."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from pulp_gomod.app.bundle import left_out
from pulp_gomod.app.bundle.heads import Head
from pulp_gomod.app.bundle.order import ALONE, HIDDEN, LATE, NEW, PROOF, Order
from pulp_gomod.app.bundle.rows import (
    Module,
    Record,
    read_modules,
    read_records,
    read_retracted,
)
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.models.stopping import Mode
from pulp_gomod.app.storage.release_info import info_json
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang import module
from pulp_gomod.golang.latest import UnreadGoModError, latest, latest_allowed, newest_read
from pulp_gomod.golang.retracted import is_retracted
from pulp_gomod.golang.sumdb import tlog

# Units whose rows are in memory at once.
_UNITS = 200
# Missing zips, and stopped ones, that are named.
_NAMED = 20
# What takes the place of an older `@latest` where nothing is left: unpacked files cannot be removed. Go says it
# word for word, as "non-semver module version".
_NO_LATEST = b'{"Version":"none: the module was removed"}'


class Entry(NamedTuple):
    """
    A file of a bundle.

    Attributes:
        path: Where it is, with `/`.
        size: Bytes.
        identity: Stands for its bytes: they are the same where it is the same.
        body: The bytes, if they are few.
        go_mod: The unit whose go.mod it is.
        zip: The stored zip that it is.
    """

    path: str
    size: int
    identity: bytes
    body: bytes | None = None
    go_mod: Module | None = None
    zip: StoredZip | None = None


# The records of a module, and its files, are asked for close to each other.
_escaped = lru_cache(maxsize=256)(module.escape_path)


def of_bytes(path: str, body: bytes) -> Entry:
    """Make an entry of bytes that are in memory."""
    return Entry(path, len(body), hashlib.sha256(body).digest(), body=body)


@dataclass
class Counts:
    """
    What there is in a bundle.

    Attributes:
        modules: Modules, by their paths.
        versions: Module versions with a zip.
        go_mod_only: Module versions of which there is only the go.mod.
        unproven: Module versions that no checksum database here knows.
        missing: Zips that are not here, and were to come.
        missing_names: The first of them.
        stopped: Zips that are here, and that a block or the policy stops.
        stopped_names: The first of them.
        zip_bytes: Bytes of all zips.
        left_out: The module versions that have a zip, or should have, and are in the bundle without it or on no list, as
            records of `left_out`.
    """

    modules: int = 0
    versions: int = 0
    go_mod_only: int = 0
    unproven: int = 0
    missing: int = 0
    missing_names: list[str] = field(default_factory=list)
    stopped: int = 0
    stopped_names: list[str] = field(default_factory=list)
    zip_bytes: int = 0
    left_out: bytearray = field(default_factory=bytearray)

    def note(self, unit: Module, is_stopped: bool, is_proven: bool) -> None:
        """Count a module version."""
        if unit.zip is not None and not is_stopped:
            self.versions += 1
            self.zip_bytes += unit.zip.size
        else:
            self.go_mod_only += 1
        if unit.awaits_zip and not is_stopped:
            self.missing += 1
            if len(self.missing_names) < _NAMED:
                self.missing_names.append(f"{unit.path}@{unit.version}")
        self.unproven += not is_proven

    def note_stopped(self, unit: Module) -> None:
        """Count a module version whose zip is stopped."""
        self.stopped += 1
        if len(self.stopped_names) < _NAMED:
            self.stopped_names.append(f"{unit.path}@{unit.version}")


def unit_entries(
    scope: Scope, heads: Sequence[Head], order: Order, span: tuple[int, int], counts: Counts
) -> Iterator[list[Entry]]:
    """
    Make the entries of some units, a few at a time: whole modules, each with its list behind it.

    Args:
        scope: What the bundle is of.
        order: Its units.
        span: The numbers of the first unit, and of the one behind the last.
        counts: Where they are counted.
    """
    start, stop = span
    listing: _Listing | None = None
    for first in range(start, stop, _UNITS):
        units = order.units(first, min(first + _UNITS, stop))
        rows = read_modules(
            scope.repository,
            [pk for pk, flags in units if not flags & ALONE],
            [pk for pk, flags in units if flags & ALONE],
        )
        records = _records(heads, units, rows)
        made: list[Entry] = []
        for pk, flags in units:
            unit = rows[pk]
            if listing is None or listing.path != unit.path:
                made += listing.entries() if listing else ()
                listing = _Listing(scope, unit.path, unit.path in order.lost)
                counts.modules += 1
            made += listing.add(unit, flags, counts, records.get((unit.path, unit.version), ()))
        yield made
    if listing is not None:
        yield listing.entries()


def _records(
    heads: Sequence[Head], units: Sequence[tuple[UUID, int]], rows: Mapping[UUID, Module]
) -> dict[tuple[str, str], list[Entry]]:
    """Make the lookups of units, each with the one head of its database."""
    wanted = {(rows[pk].path, rows[pk].version): rows[pk] for pk, flags in units if flags & PROOF}
    by_tree = {head.tree: head for head in heads}
    found = read_records(list(by_tree), list(wanted), with_text=True)
    return {
        name: [
            _lookup(by_tree[record.tree], record, *name)
            for record in records
            if wanted[name].is_vouched_for(record.text)
        ]
        for name, records in found.items()
    }


def _lookup(head: Head, record: Record, path: str, version: str) -> Entry:
    body = tlog.format_record(record.number, record.text.encode()) + head.note
    name = f"{_escaped(path)}@{module.escape_version(version)}"
    return of_bytes(f"sumdb/{head.name}/lookup/{name}", body)


class _Listing:
    """The versions of one module: their files, and what is said of all of them."""

    def __init__(self, scope: Scope, path: str, is_lost: bool) -> None:
        self.path = path
        self._escaped = _escaped(path)
        self._is_blocked = scope.is_blocked(path)
        self._mode = scope.mode
        self._is_lost = is_lost
        self._is_update = scope.since is not None
        self._is_known = False
        # An older list stays right, as long as nothing came and nothing may have been blocked.
        self._is_changed = is_lost or scope.may_stop(path)
        # All that is not blocked, and what of it the policy keeps from being listed.
        self._versions: list[Module] = []
        self._hidden: set[str] = set()

    def add(
        self, unit: Module, flags: int, counts: Counts, lookups: Iterable[Entry]
    ) -> Iterator[Entry]:
        """Take in a version, and make the entries of its files."""
        is_blocked = self._is_blocked(unit.version)
        mode = Mode.OFF if is_blocked else self._mode(self.path, unit.version)
        is_stopped = is_blocked or mode is Mode.ENFORCE
        self._is_known |= bool(unit.key)
        # An older bundle had it on no list.
        self._is_changed |= bool(flags & HIDDEN)
        if unit.zip is not None and not is_blocked:
            # What an upstream said of it may be long, and is not needed any more.
            self._versions.append(unit if unit.info is None else unit._replace(info=None))
        if mode >= Mode.LISTS:
            self._hidden.add(unit.version)
        if unit.zip is not None and is_stopped:
            counts.note_stopped(unit)
        is_absent = unit.zip is None or is_stopped
        if unit.key and (is_absent or mode >= Mode.LISTS):
            counts.left_out += left_out.record(unit.pk, is_absent=is_absent)
        lookups = list(lookups)
        came_late = flags & LATE and unit.zip is not None and not is_stopped
        if flags & NEW or came_late:
            self._is_changed = True
            counts.note(unit, is_stopped, bool(lookups))
            yield from self._files(unit, is_stopped)
        yield from lookups

    def _files(self, unit: Module, is_stopped: bool) -> Iterator[Entry]:
        name = f"{self._escaped}/@v/{module.escape_version(unit.version)}"
        is_whole = unit.zip is not None and not is_stopped
        if is_whole:
            assert unit.time is not None
            said = unit.info or info_json(unit.version, unit.time, unit.origin)
            yield of_bytes(f"{name}.info", said)
        yield Entry(f"{name}.mod", unit.go_mod_size, unit.go_mod_h1.encode(), go_mod=unit)
        if is_whole and unit.zip is not None:
            yield Entry(f"{name}.zip", unit.zip.size, unit.zip.sha256.encode(), zip=unit.zip)

    def entries(self) -> list[Entry]:
        """Make the entries of the list and, if there is one, of the latest version."""
        if not self._is_changed or not (self._is_known or self._is_lost):
            return []
        self._versions.sort(key=lambda unit: unit.key)
        tagged = "".join(f"{version}\n" for version in self._listed())
        made = [of_bytes(list_path(self.path), tagged.encode())]
        newest = self._chosen(latest)
        if newest is not None and newest.version in self._hidden:
            newest = self._chosen(self._latest_listed)
        if newest is not None and newest.time is not None:
            said = info_json(newest.version, newest.time, newest.origin)
            made.append(of_bytes(f"{self._escaped}/@latest", said))
        elif self._is_update:
            made.append(no_latest(self.path))
        return made

    def _listed(self) -> list[str]:
        """Say what is on the list: without what the newest version retracts that is on none itself."""
        tagged = [unit.version for unit in self._versions if not unit.is_pseudo]
        kept = [version for version in tagged if version not in self._hidden]
        if len(kept) == len(tagged):
            return kept
        newest = self._chosen(newest_read)
        if newest is None or newest.version not in self._hidden or not newest.retracted:
            return kept
        retracted = newest.retracted
        return [version for version in kept if not is_retracted(retracted, version)] or kept

    def _latest_listed(self, versions: Sequence[Module]) -> Module | None:
        return latest_allowed(versions, lambda version: version not in self._hidden)

    def _chosen(self, rule: Callable[[Sequence[Module]], Module | None]) -> Module | None:
        """Choose a version by a rule, which may have to read what one retracts."""
        while True:
            try:
                return rule(self._versions)
            except UnreadGoModError as unread:
                self._versions = [
                    unit._replace(retracted=read_retracted(unit.pk))
                    if unit.version == unread.version
                    else unit
                    for unit in self._versions
                ]


def list_path(path: str) -> str:
    """Say where the list of a module is."""
    return f"{module.escape_path(path)}/@v/list"


def no_latest(path: str) -> Entry:
    """Make the entry that takes the place of the `@latest` of a module of which nothing is left."""
    return of_bytes(f"{module.escape_path(path)}/@latest", _NO_LATEST)


def spans(order: Order, most: int) -> Iterator[tuple[int, int]]:
    """
    Divide units into runs of whole modules.

    Args:
        order: The units.
        most: How many units a run may have, if no module has more.
    """
    starts, total = order.starts, len(order)
    first = 0
    while first < total:
        # The last module that begins within reach ends the run.
        behind = bisect_right(starts, first + most) - 1
        stop = starts[behind] if starts[behind] > first else None
        if first + most >= total:
            stop = total
        if stop is None:
            following = bisect_right(starts, first)
            stop = starts[following] if following < len(starts) else total
        yield first, stop
        first = stop
