"""Checking a checksum database of one's own, and bringing back what a restore from a backup has lost."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import transaction

from pulp_gomod.app.exceptions import SumdbDamagedError, SumdbRefusesError
from pulp_gomod.app.models import GoLogRecord, GoLogTile, GoSumdb, GoSumdbHead
from pulp_gomod.app.models.feeding import Entry, append
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.kept_heads import KeptHead, read_bundle, read_head
from pulp_gomod.app.storage.signing import check_kept, contradiction, seal
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import tlog
from pulp_gomod.golang.sumdb.client import TILE_HEIGHT
from pulp_gomod.golang.sumdb.growing import TILE_WIDTH, GrowingTree
from pulp_gomod.golang.sumdb.proving import open_head

_ROWS = 2000


@unless_gone()
def check(sumdb_pk: str) -> str:
    """
    Prove all of a checksum database against the head that it gives out.

    Args:
        sumdb_pk: The GoSumdb.

    Returns:
        What was proven, for people.

    Raises:
        SumdbRefusesError: It contradicts the head that is kept outside of PostgreSQL.
        SumdbDamagedError: A record or a tile is wrong; the error names the first one.
    """
    pk = UUID(sumdb_pk)
    check_kept(pk)
    seal(pk)
    sumdb = GoSumdb.objects.get(pk=pk)
    head = GoSumdbHead.objects.get(sumdb=pk)
    try:
        signed = open_head(bytes(head.message), sumdb.verifier_key).tree
    except GoError as error:
        raise SumdbDamagedError(
            f"the head of {sumdb.name} is not what its key signs: {error}"
        ) from error
    checking = _Checking(pk)
    records = GoLogRecord.objects.filter(sumdb=pk, number__lt=signed.n).order_by("number")
    for record in records.iterator(chunk_size=_ROWS):
        checking.add(record)
    checking.finish(signed)
    return f"{signed.n} records of {sumdb.name} are proven in the head that is given out"


class _Checking:
    """Builds the tree anew from the records, and compares its tiles with those that are served."""

    def __init__(self, sumdb_pk: UUID) -> None:
        self._sumdb = sumdb_pk
        self._tree = GrowingTree(0, {})
        # Of the records that are in no complete tile yet.
        self._hashes: list[tlog.Hash] = []
        self._names: list[str] = []

    def add(self, record: GoLogRecord) -> None:
        text: str = record.text
        number = self._tree.append(text.encode())
        if record.number != number:
            raise SumdbDamagedError(f"record {number} is missing")
        self._hashes.append(tlog.record_hash(text.encode()))
        self._names.append(f"record {number} ({record.module}@{record.version})")
        for (level, tile), hashes in self._tree.take_complete().items():
            self._compare(tlog.Tile(TILE_HEIGHT, level, tile, TILE_WIDTH), hashes)
            if level == 0:
                self._hashes, self._names = [], []

    def finish(self, signed: tlog.Tree) -> None:
        if self._tree.size != signed.n:
            raise SumdbDamagedError(f"record {self._tree.size} is missing")
        for tile, hashes in self._tree.changed():
            self._compare(tile, hashes)
        if self._tree.tree() != signed:
            raise SumdbDamagedError(
                "the records and the tiles are those of another tree than the head that is given out"
            )

    def _compare(self, tile: tlog.Tile, hashes: bytes) -> None:
        rows = GoLogTile.objects.filter(sumdb=self._sumdb, level=tile.l, number=tile.n)
        stored = bytes(rows.values_list("hashes", flat=True).first() or b"")[: tile.size()]
        if stored == hashes:
            return
        if tile.l == 0 and len(stored) == tile.size():
            for place, hash_ in enumerate(self._hashes):
                if stored[place * tlog.HASH_SIZE : (place + 1) * tlog.HASH_SIZE] != hash_:
                    raise SumdbDamagedError(
                        f"{self._names[place]} is not what {tile.path()} says of it"
                    )
        what = "is missing or too short" if len(stored) < tile.size() else "has a wrong hash"
        raise SumdbDamagedError(f"{tile.path()} {what}")


@unless_gone()
def recover(sumdb_pk: str) -> str:
    """
    Bring back the records that the storage knows and PostgreSQL has lost.

    Args:
        sumdb_pk: The GoSumdb.

    Returns:
        What was done, for people.

    Raises:
        SumdbRefusesError: The storage does not have them all, or they do not continue what is there.
    """
    pk = UUID(sumdb_pk)
    with transaction.atomic():
        sumdb = GoSumdb.objects.select_for_update(of=("self",)).get(pk=pk)
        storage = storage_of(sumdb.pulp_domain)
        kept = read_head(storage, pk)
        before: int = sumdb.size
        if kept is None or kept.size <= before:
            given_out = GoSumdbHead.objects.values_list("size", flat=True).get(sumdb=pk)
            refused = contradiction(sumdb, given_out, kept)
            if refused:
                raise SumdbRefusesError(f"nothing can be recovered: {refused}")
        else:
            _bring_back(sumdb, storage, kept)
        GoSumdb.objects.filter(pk=pk).update(refused="")
        recovered = max(kept.size - before, 0) if kept else 0
    seal(pk)
    return f"{recovered} records of {sumdb.name} were recovered"


def _bring_back(sumdb: GoSumdb, storage: Any, kept: KeptHead) -> None:
    if kept.key not in (sumdb.verifier_key, sumdb.retiring_key):
        raise SumdbRefusesError(contradiction(sumdb, 0, kept))
    append(sumdb.pk, _lost(sumdb, storage, kept))
    found = GoSumdb.objects.only("size", "root").get(pk=sumdb.pk)
    if (found.size, bytes(found.root)) != (kept.size, kept.root):
        raise SumdbRefusesError(
            f"the records that the storage knows do not continue those that PostgreSQL has of {sumdb.name}: "
            "restore another backup, or begin a new checksum database under another name"
        )


def _lost(sumdb: GoSumdb, storage: Any, kept: KeptHead) -> Iterator[Entry]:
    first = sumdb.size
    complete = kept.size // TILE_WIDTH
    for bundle in range(first // TILE_WIDTH, complete + 1):
        texts = kept.records if bundle == complete else read_bundle(storage, sumdb.pk, bundle)
        if texts is None:
            raise SumdbRefusesError(
                f"the storage has lost the records {bundle * TILE_WIDTH} to "
                f"{(bundle + 1) * TILE_WIDTH - 1} of {sumdb.name}: restore a newer backup of PostgreSQL, or "
                "begin a new checksum database under another name"
            )
        for text in texts[max(first - bundle * TILE_WIDTH, 0) :]:
            yield _entry_of(text)


def _entry_of(text: str) -> Entry:
    """Read what a record is about; its first line is about the zip, as we write it and as Go does."""
    path, version, h1 = next(
        words
        for words in (line.split(" ") for line in text.splitlines())
        if len(words) == 3 and not words[1].endswith("/go.mod")
    )
    return Entry(path, version, h1, text)
