"""Which units go into a bundle, in the order in which they stand there."""

from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import BooleanField, IntegerField, QuerySet, Value

from pulp_gomod.app.bundle.left_out import left_out_of
from pulp_gomod.app.bundle.rows import Record, read_records
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.models import GoModFile, GoModule
from pulp_gomod.app.models.membership import held, memberships

# Units whose records are looked up at once.
BATCH = 500
_KEY = 16

# What is said of a unit, as bits of a byte.
ALONE = 1
"""It is a go.mod without a zip."""
NEW = 2
"""The older version did not have it."""
PROOF = 4
"""What proves it may not be in older bundles."""
LATE = 8
"""Bundles of the older version had it without its zip, since something stopped it."""
HIDDEN = 16
"""Bundles of the older version had it on no list, since something stopped that."""


class _Row(NamedTuple):
    path: str
    version: str
    pk: UUID
    kind: int
    is_old: bool


@dataclass
class Order:
    """
    The units of a bundle, in a few bytes each.

    Attributes:
        keys: The primary key of each unit, 16 bytes.
        flags: A byte for each: see ALONE and what follows it.
        starts: Where the units of each module begin.
        numbers: By tree, the numbers of the records of all units that the version holds.
        old_numbers: By tree, of those whose proofs are in older bundles.
        lost: Paths of modules of which the older version had something that this one has not.
        gone: Those of them of which this one has nothing at all, sorted.
    """

    keys: bytearray = field(default_factory=bytearray)
    flags: bytearray = field(default_factory=bytearray)
    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    numbers: dict[UUID, "array[int]"] = field(default_factory=dict)
    old_numbers: dict[UUID, "array[int]"] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        """How many units there are."""
        return len(self.flags)

    def units(self, start: int, stop: int) -> list[tuple[UUID, int]]:
        """Return the keys and flags of some units."""
        return [
            (UUID(bytes=bytes(self.keys[_KEY * n : _KEY * (n + 1)])), self.flags[n])
            for n in range(start, stop)
        ]

    def _add(self, pk: UUID, flags: int) -> None:
        self.keys += pk.bytes
        self.flags.append(flags)


Known = dict[UUID, "Base | None"]


class Base(NamedTuple):
    """
    What the bundle of an older version proved with.

    Attributes:
        size: Records in its head's tree.
        before: Records that came later, as a timestamp, may not be in it.
        older: The sizes of the trees that its head is proven to continue, in ascending order.
    """

    size: int
    before: float
    older: tuple[int, ...]


def read_order(scope: Scope, trees: Known) -> Order:
    """
    Find the units of a bundle.

    Args:
        scope: What the bundle is of.
        trees: The trees whose records belong into it, each with what older bundles proved with, if any.
    """
    order = Order()
    with _one_snapshot():
        order.lost = _lost(scope)
        late = left_out_of(scope.repository, scope.since)
        batch: list[_Row] = []
        rows = (_Row(*row) for row in _ordered(scope).iterator(chunk_size=2000))
        still_there = set()
        for path, group in groupby(rows, key=attrgetter("path")):
            if path in order.lost:
                still_there.add(path)
            batch += _without_twins(group)
            if len(batch) >= BATCH:
                _add_batch(order, scope, trees, batch, late)
                batch = []
        _add_batch(order, scope, trees, batch, late)
    order.gone = sorted(order.lost - still_there)
    return order


@contextmanager
def _one_snapshot() -> Iterator[None]:
    """Read all in one snapshot, unless a transaction is under way already."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _ordered(scope: Scope) -> QuerySet:
    """Select path, version, key, kind and whether the older version has it, of all that is held."""
    now = memberships(scope.repository, scope.number).values("content_id")

    def of(model: type[GoModule] | type[GoModFile], kind: int) -> QuerySet:
        is_old = (
            Value(False, BooleanField())
            if scope.since is None
            else held(scope.repository, scope.since)
        )
        return (
            model.objects.filter(pk__in=now, _pulp_domain=scope.domain)
            .annotate(kind=Value(kind, IntegerField()), is_old=is_old)
            .values_list("module", "version", "pk", "kind", "is_old")
        )

    return (
        of(GoModule, 0).union(of(GoModFile, ALONE), all=True).order_by("module", "version", "kind")
    )


def _without_twins(rows: Iterator[_Row]) -> list[_Row]:
    """Leave out a go.mod file that stands beside its zip."""
    kept: list[_Row] = []
    for row in rows:
        if not (kept and kept[-1].version == row.version):
            kept.append(row)
    return kept


def _lost(scope: Scope) -> set[str]:
    """Find the modules of which the older version had something that this one has not."""
    if scope.since is None:
        return set()
    now = memberships(scope.repository, scope.number).values("content_id")
    then = memberships(scope.repository, scope.since).values("content_id")
    paths: set[str] = set()
    for model in (GoModule, GoModFile):
        lost = model.objects.filter(pk__in=then, _pulp_domain=scope.domain).exclude(pk__in=now)
        paths |= set(lost.values_list("module", flat=True).distinct())
    return paths


def _add_batch(
    order: Order, scope: Scope, trees: Known, batch: list[_Row], late: Mapping[bytes, bool]
) -> None:
    names = [(row.path, row.version) for row in batch]
    records = read_records(list(trees), names, with_text=False)
    for path, group in groupby(batch, key=attrgetter("path")):
        rows = list(group)
        marked = []
        for row in rows:
            flags = row.kind | (0 if row.is_old else NEW)
            if row.is_old and (was_absent := late.get(row.pk.bytes)) is not None:
                flags |= LATE if was_absent else HIDDEN
            for record in records.get((row.path, row.version), ()):
                if _note_record(order, record, trees, row.is_old):
                    flags |= PROOF
            marked.append((row.pk, flags))
        is_touched = (
            scope.since is None
            or path in order.lost
            or scope.may_stop(path)
            or any(flags & (NEW | PROOF | LATE | HIDDEN) for _, flags in marked)
        )
        if is_touched:
            order.starts.append(len(order))
            for pk, flags in marked:
                order._add(pk, flags)


def _note_record(order: Order, record: Record, trees: Known, is_old: bool) -> bool:
    """Note the number of a record; say whether older bundles may lack what proves it."""
    order.numbers.setdefault(record.tree, array("Q")).append(record.number)
    base = trees[record.tree]
    if not (
        is_old
        and base is not None
        and record.number < base.size
        and record.created.timestamp() < base.before
    ):
        return True
    order.old_numbers.setdefault(record.tree, array("Q")).append(record.number)
    return False
