"""
What a domain keeps of checksum databases: taken in when it is proven, given out with what proves it.

Whoever carries modules elsewhere (bundles, exports, replication) reads `proofs_of`, and whoever brings
them here calls `absorb`. Nothing is ever stored that the database's key does not prove.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from pulp_gomod.app.models import GoSumdbRecord, GoSumdbTile, GoSumdbTree
from pulp_gomod.app.models.membership import named
from pulp_gomod.app.models.sumdb import MAX_CONTINUED, MAX_PASSED
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import ForkError, note, tlog
from pulp_gomod.golang.sumdb.client import TILE_HEIGHT
from pulp_gomod.golang.sumdb.proving import (
    NO_HEAD,
    Head,
    Numbered,
    ProofPlan,
    lines_about,
    needed_tiles,
    open_head,
    read_tiles,
)

T = TypeVar("T")

BATCH = 100
"""Records that are proven together: their tiles, of 8 KiB each, are in memory."""

# Tiles that a statement reads or writes.
_TILES = 256
# Each conflict means that somebody else has moved the head on.
_MAX_WRITES = 20
# What was not taken in, and is named.
_NAMED = 20

Place = tuple[int, int]
"""Level and number of a tile."""

TileSource = Callable[[Sequence[tlog.Tile]], Mapping[Place, bytes]]
"""Reads hash tiles of the tree, as many of them as it has, each as wide as asked for or wider."""


class ProvenRecord(NamedTuple):
    """
    A record of a module version.

    Attributes:
        number: Its number in the tree.
        module: The module path.
        version: The version.
        text: What the database says, with the final line feed.
    """

    number: int
    module: str
    version: str
    text: str

    def __str__(self) -> str:
        """Name the module version."""
        return f"{self.module}@{self.version}"


class UnprovenError(GoError):
    """What is at hand does not prove it; the text says what is missing or wrong."""


# Giving out.


@dataclass(frozen=True)
class Proof:
    """
    Records of one checksum database, with the head and the tiles that prove them.

    The tiles also prove every head that was given out before, so that whoever has one of them goes on
    from there.

    Attributes:
        name: The database's name.
        verifier_key: Its key.
        head: The signed note of the head.
        size: Records in the head's tree.
        tree: The pk of the GoSumdbTree.
        keys: The module versions.
    """

    name: str
    verifier_key: str
    head: bytes
    size: int
    tree: UUID
    keys: Collection[tuple[str, str]]

    def records(self) -> Iterator[ProvenRecord]:
        """Read the records, a few at a time; there is none of what the database does not cover."""
        rows = GoSumdbRecord.objects.filter(tree=self.tree, number__lt=self.size)
        for keys in in_batches(self.keys, BATCH):
            found = rows.filter(named(keys)).values_list("number", "module", "version", "text")
            yield from (ProvenRecord(*row) for row in found)

    def lookup(self, record: ProvenRecord) -> bytes:
        """Render what the database answers to a lookup."""
        return tlog.format_record(record.number, record.text) + self.head

    def tiles(self) -> Iterator[tuple[tlog.Tile, bytes]]:
        """Read the tiles, a few at a time, each as wide as the head's tree has it."""
        rows = GoSumdbTile.objects.filter(tree=self.tree)
        lasting = rows.filter(lasting=True).order_by("level").values_list("level", "number")
        wanted = needed_tiles(self.size, (record.number for record in self.records()))
        for level, number in lasting.iterator():
            while len(wanted) <= level:
                wanted.append(set())
            wanted[level].add(number)
        for level, numbers in enumerate(wanted):
            for some in in_batches(sorted(numbers), _TILES):
                found = rows.filter(level=level, number__in=some).order_by("number")
                for number, hashes in found.values_list("number", "hashes"):
                    tile = tlog.widest(tlog.Tile(TILE_HEIGHT, level, number, 1), self.size)
                    if tile is not None:
                        yield tile, bytes(hashes[: tile.size()])


def proofs_of(domain: UUID, keys: Collection[tuple[str, str]]) -> Iterator[Proof]:
    """
    Give all that proves some module versions, for each checksum database that has any of them.

    Of some bytes of a module version it says nothing: compare them with the lines of its record.

    Args:
        domain: The domain's pk.
        keys: Paths and versions.
    """
    for tree in GoSumdbTree.objects.filter(pulp_domain=domain, size__gt=0).order_by("pulp_created"):
        proof = Proof(tree.name, tree.verifier_key, bytes(tree.head), tree.size, tree.pk, keys)
        if next(proof.records(), None) is not None:
            yield proof


# Taking in.


@dataclass
class Absorbed:
    """
    What was taken in.

    Attributes:
        count: How many records were proven and are kept now; those that were there before included.
        refused: How many were not.
        reasons: The first of these, and why, for people.
        behind: Why the head that came with them could not be kept; "" if it was, or an own one is newer.
    """

    count: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)
    behind: str = ""

    def refuse(self, name: object, reason: object) -> None:
        """
        Note that a record was not proven.

        Args:
            name: Of what.
            reason: Why.
        """
        self.refused += 1
        if len(self.reasons) < _NAMED:
            self.reasons.append(f"{name}: {reason}")


def absorb(
    domain: UUID,
    verifier_key: str,
    head: bytes,
    records: Iterable[ProvenRecord],
    tiles: TileSource,
    passed: Iterable[bytes] = (),
    continues: Iterable[int] = (),
) -> Absorbed:
    """
    Keep records, a head and tiles that came from elsewhere, as far as they are proven.

    A newer head takes the place of the one that is known only if the tiles prove that it continues it. If
    they do not, records are still kept that are proven in the known one.

    Args:
        domain: The domain's pk.
        verifier_key: The key that the head has to be signed with.
        head: The signed note.
        tiles: Reads the tiles that came along.
        passed: Further signed notes that clients may have seen: what proves them is kept, so that a client which
            begins with one of them can go on.
        continues: The same of heads of which only the sizes are known, and which others have given out; others than of
            smaller trees are ignored.

    Raises:
        note.NoteError: The head is not signed with the key.
        tlog.TlogError: It is no tree head.
        ForkError: It contradicts the one that is known: the database shows two histories.
    """
    store = TreeStore(domain, verifier_key)
    offered = open_head(head, verifier_key)
    absorbed = Absorbed()
    _move(store, offered, tiles, absorbed)
    for each in passed:
        _pass_on(store, open_head(each, verifier_key), tiles)
    # The newest of them first: there is not always room for all.
    for sizes in in_batches(sorted(continues, reverse=True), BATCH):
        _continue(store, sizes, tiles)
    for batch in in_batches(records, BATCH):
        _absorb(store, batch, tiles, absorbed)
    return absorbed


def _move(store: "TreeStore", offered: Head, tiles: TileSource, absorbed: Absorbed) -> None:
    """Move on to a head, or keep what proves it in the newer one that is known, if that can be."""
    for _ in range(_MAX_WRITES):
        known = store.head()
        older, newer = sorted((known, offered), key=lambda head: head.tree.n)
        if older.tree.n == newer.tree.n and older.tree.hash != newer.tree.hash:
            raise _fork(known, offered)
        if older.tree == newer.tree:
            return
        plan = ProofPlan(older, newer, ())
        try:
            data = _read(store, plan, tiles)
            plan.prove(data)
        except ForkError:
            raise
        except GoError as error:
            absorbed.behind = str(error) if newer is offered else ""
            return
        if store.keep(plan, data, known, newer):
            return


def _pass_on(store: "TreeStore", passed: Head, tiles: TileSource) -> None:
    """Keep what proves a head in the one that is known, and note it, if that can be."""
    known = store.head()
    if not 0 < passed.tree.n < known.tree.n:
        return
    plan = ProofPlan(passed, known, ())
    try:
        data = _read(store, plan, tiles)
        plan.prove(data)
    except ForkError:
        raise
    except GoError:
        return
    store.keep(plan, data, known, known, passed=[passed.tree.n])


def _continue(store: "TreeStore", sizes: Sequence[int], tiles: TileSource) -> None:
    """Keep what proves trees of some sizes in the known head; if something is missing, of those where nothing is."""
    known = store.head()
    smaller = [size for size in sizes if 0 < size < known.tree.n]
    if not smaller:
        return
    plan = ProofPlan(known, known, (), smaller)
    try:
        data = _read(store, plan, tiles)
        plan.prove(data)
    except GoError:
        if len(smaller) > 1:
            for each in smaller:
                _continue(store, [each], tiles)
        return
    store.keep(plan, data, known, known, continued=smaller)


def _absorb(
    store: "TreeStore", batch: Sequence[ProvenRecord], tiles: TileSource, absorbed: Absorbed
) -> None:
    """Keep some records; if something is wrong, those that are right."""
    head = store.head()
    asked = []
    for record in batch:
        if not 0 <= record.number < head.tree.n:
            reason = absorbed.behind or f"there is no record {record.number}"
            absorbed.refuse(record, reason)
        elif not lines_about(record.text.encode(), record.module, record.version):
            absorbed.refuse(record, "its record is about something else")
        else:
            asked.append(record)
    if not asked:
        return
    plan = ProofPlan(head, head, [Numbered(each.number, each.text.encode()) for each in asked])
    try:
        data = _read(store, plan, tiles)
        proven = plan.prove(data)
    except GoError as error:
        if len(asked) == 1:
            absorbed.refuse(asked[0], error)
        else:
            for each in asked:
                _absorb(store, [each], tiles, absorbed)
        return
    kept = [record for record, is_proven in zip(asked, proven, strict=True) if is_proven]
    for record, is_proven in zip(asked, proven, strict=True):
        if not is_proven:
            absorbed.refuse(record, "its record is not the one that the checksum database has")
    store.keep(plan, data, head, head, kept)
    absorbed.count += len(kept)


def _read(store: "TreeStore", plan: ProofPlan, tiles: TileSource) -> list[bytes]:
    """Read the tiles of a plan: what is kept first, then what came along."""
    kept = store.tiles(plan.tiles)
    _, missing = read_tiles(plan.tiles, [kept])
    data, missing = read_tiles(plan.tiles, [kept, tiles(missing) if missing else {}])
    if missing:
        raise UnprovenError(
            f"the tile {missing[0].path()} of the checksum database {store.name} is needed to prove "
            "it, and is missing"
        )
    return data


def _fork(one: Head, other: Head) -> ForkError:
    return ForkError(
        "SECURITY ERROR\ngo.sum database server misbehavior detected: two different trees of "
        f"{one.tree.n} records are signed with its key",
        one.message,
        other.message,
    )


class TreeStore:
    """
    The rows of one checksum database in one domain. Uses the ORM.

    Attributes:
        name: The database's name.

    Args:
        domain: The domain's pk.
        verifier_key: The database's key.
    """

    def __init__(self, domain: UUID, verifier_key: str) -> None:
        self.name = note.new_verifier(verifier_key).name
        self._key = verifier_key
        self._domain = domain

    def head(self) -> Head:
        """Return the head that is known, or NO_HEAD."""
        head = self._trees().values_list("head", flat=True).first()
        return open_head(bytes(head), self._key) if head else NO_HEAD

    def without(self, keys: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """
        Return those of some module versions of which no record is kept.

        Args:
            keys: Paths and versions.
        """
        if not keys:
            return []
        rows = GoSumdbRecord.objects.filter(named(keys), tree__in=self._trees())
        kept = set(rows.values_list("module", "version"))
        return [key for key in keys if tuple(key) not in kept]

    def tiles(self, tiles: Sequence[tlog.Tile]) -> dict[Place, bytes]:
        """Read those of some tiles that are kept, each as wide as it is known."""
        found: dict[Place, bytes] = {}
        for some in in_batches(tiles, _TILES):
            rows = GoSumdbTile.objects.filter(_at(some), tree__in=self._trees())
            for level, number, hashes in rows.values_list("level", "number", "hashes"):
                found[level, number] = bytes(hashes)
        return found

    def keep(
        self,
        plan: ProofPlan,
        data: Sequence[bytes],
        known: Head,
        head: Head,
        records: Sequence[ProvenRecord] = (),
        passed: Collection[int] = (),
        continued: Collection[int] = (),
    ) -> bool:
        """
        Keep what has been proven; False if the head was moved meanwhile, and nothing was kept.

        Whoever does not move the head need not care whether others do: whatever proves a record in one
        head, together with what proves that head in a later one, proves the record in the later one.

        Args:
            plan: The plan, which has proven all of it.
            data: The data of its tiles.
            known: The head that was known before.
            head: The one in which the records are proven: the same, or a larger one.
            passed: The sizes of smaller trees that the plan proves, and clients may know.
            continued: The same of trees that clients may know as somebody else says.
        """
        with transaction.atomic():
            tree = self._locked()
            _note_passed(tree, passed)
            _note_continued(tree, continued)
            if head.tree.n > known.tree.n:
                if bytes(tree.head) != known.message:
                    return False
                tree.head, tree.size = head.message, head.tree.n
                tree.head_seen = timezone.now()
                tree.save(update_fields=["head", "size", "head_seen"])
                if known.tree.n:
                    _note_passed(tree, [known.tree.n])
            for some in in_batches(zip(plan.tiles, data, strict=True), _TILES):
                _keep_tiles(tree, some, plan.lasting)
            GoSumdbRecord.objects.bulk_create(
                [GoSumdbRecord(tree=tree, **record._asdict()) for record in records],
                ignore_conflicts=True,
            )
        return True

    def _trees(self) -> QuerySet:
        return GoSumdbTree.objects.filter(pulp_domain=self._domain, verifier_key=self._key)

    def _locked(self) -> GoSumdbTree:
        """Lock the tree's row, which is made if there is none."""
        new = GoSumdbTree(
            pulp_domain_id=self._domain,
            name=self.name,
            verifier_key=self._key,
            head=b"",
            size=0,
            head_seen=timezone.now(),
        )
        if not self._trees().exists():
            GoSumdbTree.objects.bulk_create([new], ignore_conflicts=True)
        found: GoSumdbTree = self._trees().select_for_update().get()
        return found


def _note_passed(tree: GoSumdbTree, sizes: Collection[int]) -> None:
    """Note heads that clients may know; the tree is locked."""
    if not set(sizes) <= set(tree.passed):
        tree.passed = sorted({*tree.passed, *sizes})[-MAX_PASSED:]
        tree.save(update_fields=["passed"])


def _note_continued(tree: GoSumdbTree, sizes: Collection[int]) -> None:
    """Note heads that were given out elsewhere, as far as there is room beside those that were given out here."""
    room = MAX_CONTINUED - len(tree.passed)
    new = sorted({*sizes} - {*tree.passed})[-room:] if room > 0 else []
    _note_passed(tree, new)


def _keep_tiles(
    tree: GoSumdbTree,
    tiles: Sequence[tuple[tlog.Tile, bytes]],
    lasting: Collection[tlog.Tile],
) -> None:
    """Keep tiles that are new or wider than they were; the tree is locked."""
    rows = GoSumdbTile.objects.filter(_at([tile for tile, _ in tiles]), tree=tree)
    known = {(row.level, row.number): row for row in rows.defer("hashes")}
    new = []
    for tile, hashes in tiles:
        row = known.get((tile.l, tile.n))
        if row is None:
            row = GoSumdbTile(tree=tree, level=tile.l, number=tile.n, width=tile.w, hashes=hashes)
            row.lasting = tile in lasting
            new.append(row)
            continue
        changes: dict[str, object] = {}
        if row.width < tile.w:
            changes |= {"width": tile.w, "hashes": hashes}
        if tile in lasting and not row.lasting:
            changes["lasting"] = True
        if changes:
            GoSumdbTile.objects.filter(pk=row.pk).update(**changes)
    GoSumdbTile.objects.bulk_create(new)


def _at(tiles: Iterable[tlog.Tile]) -> Q:
    """Make the condition that a row is one of some tiles."""
    levels: dict[int, list[int]] = {}
    for tile in tiles:
        levels.setdefault(tile.l, []).append(tile.n)
    condition = Q(pk__in=[])
    for level, numbers in levels.items():
        condition |= Q(level=level, number__in=numbers)
    return condition


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """
    Divide something into portions.

    Args:
        items: What to divide.
        size: How many make a portion.
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
