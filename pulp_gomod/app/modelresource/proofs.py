"""What proves the modules of a repository version in checksum databases."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from tablib import Dataset

from pulpcore.plugin.importexport import QueryModelResource
from pulpcore.plugin.models import ProgressReport, Task
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.exceptions import ProofRefusedError
from pulp_gomod.app.models import GoModFile, GoModule, GoSumdbRecord, GoSumdbTile, GoSumdbTree
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.storage.proofs import Absorbed, Place, ProvenRecord, absorb, in_batches
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, note, tlog
from pulp_gomod.golang.sumdb.client import TILE_HEIGHT
from pulp_gomod.golang.sumdb.proving import needed_tiles

CODE = "gomod.proofs"

_COLUMNS = ("verifier_key", "head", "records", "tiles")
# Records of a row, each with a tile of 8 KiB of its own at worst: an import has a hundred rows in memory.
_RECORDS = 10
# What was not kept, and is told.
_TOLD = 5


class GoSumdbResource(QueryModelResource):
    """
    Records, with the head and the tiles that prove them.

    The first row of each database has the head, and what proves the heads before it; each of the others
    has some records, and what proves them beyond that.
    """

    def __init__(self, repo_version: Any = None) -> None:
        # By their keys: all rows of a database are about the head that it had at first.
        self._trees: dict[UUID, GoSumdbTree] = {}
        self._lasting: dict[UUID, frozenset[Place]] = {}
        super().__init__(repo_version)

    def set_up_queryset(self) -> QuerySet:
        """Select the records of what the version holds."""
        domain = self.repo_version.repository.pulp_domain_id
        same = {"module": OuterRef("module"), "version": OuterRef("version")}
        modules, mod_files = (
            Exists(held_in(model.objects.filter(_pulp_domain=domain, **same), self.repo_version))
            for model in (GoModule, GoModFile)
        )
        records = GoSumdbRecord.objects.filter(modules | mod_files, tree__pulp_domain=domain)
        return records.order_by("tree", "number")

    def export(self, queryset: Any = None, **kwargs: Any) -> Dataset:
        """Write some of the records."""
        dataset = Dataset(headers=_COLUMNS)
        records: dict[UUID, list[GoSumdbRecord]] = {}
        for record in queryset.order_by("tree", "number"):
            records.setdefault(record.tree_id, []).append(record)
        for tree_pk, some in records.items():
            if tree_pk not in self._trees:
                dataset.append(self._first(tree_pk))
            tree = self._trees[tree_pk]
            for part in in_batches((each for each in some if each.number < tree.size), _RECORDS):
                dataset.append(self._row(tree, part))
        return dataset

    def _first(self, pk: UUID) -> tuple[str, ...]:
        tree = self._trees[pk] = GoSumdbTree.objects.get(pk=pk)
        tiles = dict(_tiles(tree, GoSumdbTile.objects.filter(tree=tree, lasting=True)))
        self._lasting[pk] = frozenset(tiles)
        return _written(tree, (), tiles)

    def _row(self, tree: GoSumdbTree, records: Sequence[GoSumdbRecord]) -> tuple[str, ...]:
        tiles: dict[Place, bytes] = {}
        levels = needed_tiles(tree.size, (record.number for record in records))
        for level, numbers in enumerate(levels):
            wanted = [each for each in numbers if (level, each) not in self._lasting[tree.pk]]
            rows = GoSumdbTile.objects.filter(tree=tree, level=level, number__in=wanted)
            tiles |= _tiles(tree, rows)
        return _written(tree, records, tiles)

    def import_data(self, dataset: Any, **kwargs: Any) -> Any:
        """
        Keep what is proven of some rows, and say in the task what is not.

        Raises:
            ProofRefusedError: A database has another history there than here, or another key.
        """
        for row in dataset.dict:
            absorbed = _absorb(row)
            if absorbed.refused:
                _report(absorbed)
        return self.get_result_class()()

    class Meta:
        model = GoSumdbRecord
        fields = ()


def _tiles(tree: GoSumdbTree, rows: QuerySet) -> Iterator[tuple[Place, bytes]]:
    """Read tiles as wide as the head's tree has them."""
    for level, number, hashes in rows.values_list("level", "number", "hashes").iterator():
        tile = tlog.widest(tlog.Tile(TILE_HEIGHT, level, number, 1), tree.size)
        if tile is not None:
            yield (level, number), bytes(hashes[: tile.size()])


def _written(
    tree: GoSumdbTree, records: Iterable[GoSumdbRecord], tiles: Mapping[Place, bytes]
) -> tuple[str, ...]:
    told = [[each.number, each.module, each.version, each.text] for each in records]
    places = [[level, number, _text(hashes)] for (level, number), hashes in tiles.items()]
    return tree.verifier_key, _text(bytes(tree.head)), json.dumps(told), json.dumps(places)


def _absorb(row: Mapping[str, str]) -> Absorbed:
    key = row["verifier_key"]
    records = [ProvenRecord(*each) for each in json.loads(row["records"])]
    tiles = {(level, number): _bytes(text) for level, number, text in json.loads(row["tiles"])}
    try:
        name = note.new_verifier(key).name
        if KNOWN_GOSUMDB.get(name, key) != key:
            raise GoError(f"{key} is not the key of {name}")
        return absorb(get_domain_pk(), key, _bytes(row["head"]), records, lambda _: tiles)
    except GoError as error:
        raise ProofRefusedError(str(error)) from error


def _report(absorbed: Absorbed) -> None:
    lines = "; ".join(absorbed.reasons[:_TOLD])
    more = absorbed.refused - _TOLD
    message = (
        f"proofs not kept: {absorbed.refused} ({lines}{f'; and {more} more' if more > 0 else ''})"
    )
    ProgressReport.objects.create(
        message=message,
        code=CODE,
        state="completed",
        total=absorbed.refused,
        done=absorbed.refused,
        task=Task.current(),
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
