"""
What a bundle will be: how long, with which validator, and where in it everything is.

A plan takes a few bytes for each module version. It is made once; the bytes are made anew from the
database and the storage each time, from any place on, and must come out as planned.
"""

import hashlib
import json
import logging
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulpcore.plugin.models import Repository, RepositoryVersion

from pulp_gomod.app.bundle import tiles
from pulp_gomod.app.bundle.entries import (
    Counts,
    Entry,
    list_path,
    no_latest,
    of_bytes,
    spans,
    unit_entries,
)
from pulp_gomod.app.bundle.heads import Head, bases, choose
from pulp_gomod.app.bundle.left_out import note_left_out
from pulp_gomod.app.bundle.order import Known, Order, read_order
from pulp_gomod.app.bundle.rows import ChangedError
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.bundle.tar import END, entry_size
from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.models import GoSumdbTile
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang.sumdb import tlog

log = logging.getLogger(__name__)

ABOUT = "bundle/about.json"
"""Where a bundle says what it is. No module path begins like this: it has no dot."""

# Units, and tiles, that are planned and sent as one group.
_UNITS = 200
_TILES = 64
_DIGEST = 16


class UnknownVersionError(LookupError):
    """
    There is no older repository version to start from.

    Attributes:
        line: For people: why.
    """

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Tiles:
    """Some tiles of a head's tree."""

    head: int
    level: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Units:
    """Some units."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Few:
    """What is in memory."""

    entries: list[Entry]


_Group = _Tiles | _Units | _Few


@dataclass
class Plan:
    """
    What a bundle will be.

    Attributes:
        scope: What it is of.
        size: Bytes.
        etag: A strong validator, without quotes: a digest of all that is in it.
        counts: What there is in it.
        heads: The heads of checksum databases that it has.
        missing_tiles: Tiles that would prove something, and are not known.
    """

    scope: Scope
    order: Order
    heads: list[Head]
    size: int = 0
    etag: str = ""
    counts: Counts = field(default_factory=Counts)
    missing_tiles: int = 0
    _levels: list[tiles.Levels] = field(default_factory=list)
    _groups: list[_Group] = field(default_factory=list)
    _offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    _digests: list[bytes] = field(default_factory=list)

    @property
    def memory(self) -> int:
        """Return roughly how many bytes it takes in memory."""
        numbers = sum(8 * len(level) for levels in self._levels for level in levels)
        return 26 * len(self.order) + 300 * len(self._groups) + numbers

    def entries(self, start: int = 0) -> Iterator[tuple[int, list[Entry]]]:
        """
        Make the entries, from the group on in which a place is.

        Args:
            start: The place, in bytes of the tar.

        Yields:
            Where in the tar the entries begin, and some entries.

        Raises:
            ChangedError: Something is not as it was planned.
        """
        first = max(bisect_right(self._offsets, start) - 1, 0)
        for number in range(first, len(self._groups)):
            offset = self._offsets[number]
            digest = hashlib.sha256()
            for made in self._entries_of(self._groups[number], Counts()):
                yield offset, made
                offset += _measure(made, digest)
            self._check(number, offset, digest.digest())

    def _check(self, number: int, offset: int, digest: bytes) -> None:
        last = number + 1 == len(self._groups)
        expected = self.size - len(END) if last else self._offsets[number + 1]
        if offset != expected or digest[:_DIGEST] != self._digests[number]:
            raise ChangedError("something in the repository version is not what it was")

    def _entries_of(self, group: _Group, counts: Counts) -> Iterator[list[Entry]]:
        match group:
            case _Few(entries):
                yield entries
            case _Tiles():
                yield self._tiles(group)
            case _Units(start, stop):
                yield from unit_entries(self.scope, self.heads, self.order, (start, stop), counts)

    def _tiles(self, group: _Tiles) -> list[Entry]:
        head = self.heads[group.head]
        numbers = self._levels[group.head][group.level][group.start : group.stop]
        made = []
        rows = GoSumdbTile.objects.filter(
            tree=head.tree, level=group.level, number__in=list(numbers)
        ).values_list("number", "hashes")
        hashes = {number: bytes(data) for number, data in on_a_connection(list, rows)}
        also = tiles.narrower(head.size, head.older)
        for number in numbers:
            widest = _tile(head, group.level, number)
            for width in (*also.get((group.level, number), ()), widest.w):
                tile = widest._replace(w=width)
                body = hashes.get(number, b"")[: tile.size()]
                made.append(of_bytes(f"sumdb/{head.name}/{tile.path()}", body))
        return made


def _tile(head: Head, level: int, number: int) -> tlog.Tile:
    return tlog.Tile(tiles.HEIGHT, level, number, tiles.width_of(level, number, head.size))


def _measure(entries: Sequence[Entry], digest: Any) -> int:
    """Return how many bytes entries take in a tar, and take them into a digest."""
    size = 0
    for entry in entries:
        size += entry_size(entry.path, entry.size)
        digest.update(b"%s\0%d\0%s\n" % (entry.path.encode(), entry.size, entry.identity))
    return size


def make_plan(scope: Scope, check: Callable[[StoredZip], None] = lambda _: None) -> Plan:
    """
    Plan the bundle of a repository version.

    Args:
        scope: What it is of.
        check: Is told of each zip, and raises if that cannot be had.

    Raises:
        UnknownVersionError: There is no older version to start from.
    """
    _check_since(scope)
    trees = on_a_connection(bases, scope)
    order = on_a_connection(read_order, scope, trees)
    heads = on_a_connection(choose, scope, order.numbers)
    plan = Plan(scope, order, heads)
    _plan_tiles(plan, trees)
    _plan_units(plan)
    _measure_groups(plan, check)
    if plan.counts.left_out:
        left_out, plan.counts.left_out = bytes(plan.counts.left_out), bytearray()
        on_a_connection(note_left_out, scope.repository, scope.number, left_out)
    return plan


def _check_since(scope: Scope) -> None:
    if not scope.since:
        # Version 0 is always empty, and may be deleted.
        return
    if scope.since > scope.number:
        raise UnknownVersionError(
            f"repository version {scope.since} is newer than version {scope.number}, which is served"
        )
    exists = RepositoryVersion.objects.filter(
        repository=scope.repository, number=scope.since, complete=True
    ).exists
    if not on_a_connection(exists):
        raise UnknownVersionError(
            f"repository version {scope.since} was deleted, so what came after it is unknown; "
            "take a whole bundle, without since"
        )


def _plan_tiles(plan: Plan, trees: Known) -> None:
    """Add the head of each checksum database, and the tiles that prove with it."""
    for number, head in enumerate(plan.heads):
        levels = tiles.proving(plan.order.numbers[head.tree], head.size, head.older)
        base = trees[head.tree]
        if base is not None:
            old = plan.order.old_numbers.get(head.tree, ())
            known = tiles.proving(old, base.size, base.older)
            levels = tiles.without(levels, (head.size, head.older), known, (base.size, base.older))
        plan.missing_tiles += _leave_out_unknown(head, levels)
        plan._levels.append(levels)
        place = f"sumdb/{head.name}"
        supported, latest = (
            of_bytes(f"{place}/supported", b""),
            of_bytes(f"{place}/latest", head.note),
        )
        plan._groups.append(_Few([supported, latest]))
        for level, start, stop in tiles.batches(levels, _TILES):
            plan._groups.append(_Tiles(number, level, start, stop))


def _leave_out_unknown(head: Head, levels: tiles.Levels) -> int:
    """Leave out tiles that are not known, or not as wide as they have to be; return how many."""
    missing = 0
    for level, numbers in enumerate(levels):
        known: array[int] = array("Q")
        for start in range(0, len(numbers), 1000):
            wanted = numbers[start : start + 1000]
            rows = GoSumdbTile.objects.filter(
                tree=head.tree, level=level, number__in=list(wanted)
            ).values_list("number", "width")
            widths = dict(on_a_connection(list, rows))
            known.extend(
                n for n in wanted if widths.get(n, 0) >= tiles.width_of(level, n, head.size)
            )
        missing += len(numbers) - len(known)
        levels[level] = known
    if missing:
        log.error(
            "%d tiles of the checksum database %s are not known here: what they would prove in a bundle "
            "is not proven.",
            missing,
            head.name,
        )
    return missing


def _plan_units(plan: Plan) -> None:
    plan._groups += [_Units(*span) for span in spans(plan.order, _UNITS)]
    if plan.order.gone:
        plan._groups += [
            _Few([of_bytes(list_path(path), b"") for path in plan.order.gone]),
            _Few([no_latest(path) for path in plan.order.gone]),
        ]


def _measure_groups(plan: Plan, check: Callable[[StoredZip], None]) -> None:
    whole = hashlib.sha256()
    sizes = []
    for group in plan._groups:
        digest = hashlib.sha256()
        size = 0
        for made in plan._entries_of(group, plan.counts):
            size += _measure(made, digest)
            for entry in made:
                if entry.zip is not None:
                    check(entry.zip)
        sizes.append(size)
        plan._digests.append(digest.digest()[:_DIGEST])
        whole.update(plan._digests[-1])
    about = [of_bytes(ABOUT, _about(plan))]
    digest = hashlib.sha256()
    sizes.insert(0, _measure(about, digest))
    plan._groups.insert(0, _Few(about))
    plan._digests.insert(0, digest.digest()[:_DIGEST])
    whole.update(plan._digests[0])
    offset = 0
    for size in sizes:
        plan._offsets.append(offset)
        offset += size
    plan.size = offset + len(END)
    plan.etag = whole.hexdigest()[:32]


def _about(plan: Plan) -> bytes:
    scope, counts = plan.scope, plan.counts
    repository = on_a_connection(
        Repository.objects.values_list("name", flat=True).get, pk=scope.repository
    )
    said = {
        "format": "goproxy-bundle/1",
        "repository": repository,
        "version": scope.number,
        "since": scope.since,
        "modules": counts.modules,
        "versions": counts.versions,
        "go_mod_only": counts.go_mod_only,
        "zip_bytes": counts.zip_bytes,
        "missing_zips": {"count": counts.missing, "first": counts.missing_names},
        "stopped_zips": {"count": counts.stopped, "first": counts.stopped_names},
        "without_proof": counts.unproven,
        "missing_tiles": plan.missing_tiles,
        "sumdb": [
            {"name": head.name, "key": head.key, "size": head.size, "continues": list(head.older)}
            for head in plan.heads
        ],
    }
    return json.dumps(said, indent=2).encode() + b"\n"
