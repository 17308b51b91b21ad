"""What a domain keeps of checksum databases: taken in proven, given out provable."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from pulp_gomod.golang.sumdb import ForkError, note, tlog
from pulp_gomod.golang.sumdb.proving import Numbered, ProofPlan, open_head
from pulp_gomod.golang.sumdb.server import TestServer
from tests.unit.golang.sumdb_world import gosum

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulpcore.plugin.models import Domain  # isort: skip
from pulpcore.plugin.util import get_domain_pk  # isort: skip
from pulp_gomod.app.models import GoModFile, GoSumdbRecord, GoSumdbTile, GoSumdbTree  # isort: skip
from pulp_gomod.app.storage.proof_pruning import prune_if_due  # isort: skip
from pulp_gomod.app.storage.proofs import (  # isort: skip
    Absorbed,
    Place,
    Proof,
    ProvenRecord,
    absorb,
    proofs_of,
)

Keys = list[tuple[str, str]]


@pytest.fixture(autouse=True)
def running(content_url: str) -> None:
    """With the tables of a prepared server."""


class Database:
    """A checksum database with a key of its own, and what somebody carries away of it."""

    def __init__(self, records: int = 0) -> None:
        self.signer, self.key = note.generate_key("sum.example.net/proofs")
        self.log = TestServer(self.signer, gosum)
        self.heads: list[bytes] = []
        self.grow(records)

    def grow(self, records: int) -> None:
        """Let it know more module versions."""
        for _ in range(records):
            self.log.lookup(f"example.com/m{self.log.size}", "v1.0.0")

    def record(self, number: int) -> ProvenRecord:
        """The record of that number."""
        text = self.log.read_records(number, 1)[0].decode()
        return ProvenRecord(number, f"example.com/m{number}", "v1.0.0", text)

    def read(self, tiles: Sequence[tlog.Tile]) -> Mapping[Place, bytes]:
        """All tiles, as the database itself has them."""
        return {(tile.l, tile.n): self.log.read_tile_data(tile) for tile in tiles}

    def bring(self, *numbers: int, domain: UUID | None = None) -> Absorbed:
        """Have the newest head and some records taken in."""
        self.heads.append(self.log.signed())
        records = [self.record(number) for number in numbers]
        where = domain or get_domain_pk()
        return absorb(where, self.key, self.heads[-1], records, self.read)

    @property
    def tree(self) -> GoSumdbTree:
        """The row."""
        found: GoSumdbTree = GoSumdbTree.objects.get(verifier_key=self.key)
        return found


def keys_of(*numbers: int) -> Keys:
    return [(f"example.com/m{number}", "v1.0.0") for number in numbers]


def proof_of(database: Database, *numbers: int) -> Proof:
    found = [
        each
        for each in proofs_of(get_domain_pk(), keys_of(*numbers))
        if each.verifier_key == database.key
    ]
    (proof,) = found
    return proof


def from_proof(proof: Proof) -> Callable[[Sequence[tlog.Tile]], Mapping[Place, bytes]]:
    """The tiles that a proof brings along, and no others."""
    tiles = {(tile.l, tile.n): data for tile, data in proof.tiles()}
    return lambda asked: {(t.l, t.n): tiles[t.l, t.n] for t in asked if (t.l, t.n) in tiles}


def check_records(database: Database, proof: Proof) -> int:
    """All records are proven by the head that comes with them; return how many there are."""
    newest, tiles = open_head(proof.head, database.key), from_proof(proof)
    records = list(proof.records())
    plan = ProofPlan(newest, newest, [Numbered(r.number, r.text.encode()) for r in records])
    data = [tiles([tile])[tile.l, tile.n][: tile.size()] for tile in plan.tiles]
    assert all(plan.prove(data))
    assert proof.lookup(records[0]).endswith(proof.head)
    return len(records)


def check_old_heads(database: Database, proof: Proof) -> None:
    """Every head that was ever given out is proven to be the beginning of this one."""
    newest, tiles = open_head(proof.head, database.key), from_proof(proof)
    for head in database.heads:
        plan = ProofPlan(open_head(head, database.key), newest, ())
        plan.prove([tiles([tile])[tile.l, tile.n][: tile.size()] for tile in plan.tiles])


def test_all_records_and_all_heads_are_proven_by_the_newest_head() -> None:
    database = Database()
    known: list[int] = []
    for more in (3, 250, 3, 1, 256, 300, 700):
        database.grow(more)
        size = database.log.size
        some = sorted({size - 1, size - more, size // 3} - set(known))
        assert database.bring(*some) == Absorbed(count=len(some))
        known += some
        assert database.tree.size == size
        proof = proof_of(database, *known)
        assert {record.number for record in proof.records()} == set(known)
        check_old_heads(database, proof)
        assert check_records(database, proof) == len(known)


def test_what_one_gives_out_another_takes_in_and_again_what_came_since() -> None:
    database = Database(300)
    storage = "pulpcore.app.models.storage.FileSystem"
    there = Domain.objects.create(
        name=f"proofs-{uuid4().hex[:8]}", storage_class=storage, storage_settings={}
    )
    known: list[int] = []
    for some in ((0, 299), (299, 301, 700), ()):
        database.grow(400)
        database.bring(*some)
        known += some
        proof = proof_of(database, *known)
        found = absorb(there.pk, database.key, proof.head, proof.records(), from_proof(proof))
        assert found == Absorbed(count=len(set(known)))
        (tree,) = GoSumdbTree.objects.filter(pulp_domain=there)
        assert bytes(tree.head) == database.heads[-1]
    there.delete()
    assert not GoSumdbRecord.objects.filter(tree=tree.pk).exists()


def test_nothing_is_kept_of_what_is_not_proven() -> None:
    database = Database(600)
    right, wrong = database.record(5), database.record(6)
    elsewhere = database.record(7)._replace(module="example.com/other")
    changed = wrong._replace(text=wrong.text.replace("h1:", "h1:0"))
    beyond = database.record(8)._replace(number=600)
    head = database.log.signed()
    found = absorb(
        get_domain_pk(), database.key, head, [right, changed, elsewhere, beyond], database.read
    )
    assert (found.count, found.refused) == (1, 3)
    assert any("m6@v1.0.0: its record is not the one" in reason for reason in found.reasons)
    assert [record.number for record in database.tree.records.all()] == [5]
    other = Database(600)
    with pytest.raises(note.NoteError):
        absorb(get_domain_pk(), database.key, other.log.signed(), [], other.read)


def test_a_changed_tile_proves_nothing() -> None:
    database = Database(600)

    def spoilt(tiles: Sequence[tlog.Tile]) -> Mapping[Place, bytes]:
        found = dict(database.read(tiles))
        if (0, 1) in found:
            found[0, 1] = bytes(32) + found[0, 1][32:]
        return found

    records = [database.record(3), database.record(300)]
    found = absorb(get_domain_pk(), database.key, database.log.signed(), records, spoilt)
    assert (found.count, found.refused) == (1, 1)
    assert "inconsistent tile tile/8/0/001" in found.reasons[0]
    assert not GoSumdbTile.objects.filter(tree=database.tree, level=0, number=1).exists()


def test_without_what_proves_the_newer_head_the_known_one_stays() -> None:
    database = Database(300)
    database.bring(1)
    before = bytes(database.tree.head)
    database.grow(400)
    old, new = database.record(2), database.record(650)

    def some(tiles: Sequence[tlog.Tile]) -> Mapping[Place, bytes]:
        # All but the one in which the known head ends.
        return database.read([tile for tile in tiles if (tile.l, tile.n) != (0, 1)])

    found = absorb(get_domain_pk(), database.key, database.log.signed(), [old, new], some)
    assert bytes(database.tree.head) == before
    assert (found.count, found.refused) == (1, 1)
    assert "the tile tile/8/0/001 of the checksum database" in found.behind
    # An older head changes nothing, and is provable from here on.
    assert database.bring(650).count == 1
    found = absorb(get_domain_pk(), database.key, before, [], database.read)
    assert found == Absorbed()


def test_a_forked_database_is_noticed() -> None:
    database = Database(20)
    database.bring(1)
    forked = TestServer(database.signer, lambda path, version: b"x " + gosum(path, version))
    for number in range(40):
        forked.lookup(f"example.com/m{number}", "v1.0.0")

    def read(tiles: Sequence[tlog.Tile]) -> Mapping[Place, bytes]:
        return {(tile.l, tile.n): forked.read_tile_data(tile) for tile in tiles}

    with pytest.raises((ForkError, tlog.InconsistentTileError)):
        absorb(get_domain_pk(), database.key, forked.signed(), [], read)
    assert database.tree.size == 20


def test_tasks_at_the_same_time_leave_one_tree_that_proves_all() -> None:
    database = Database(100)
    errors: list[BaseException] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        try:
            for turn in range(4):
                with lock:
                    database.grow(97)
                    head, size = database.log.signed(), database.log.size
                    database.heads.append(head)
                records = [database.record(size - 1 - number), database.record(number * 4 + turn)]
                found = absorb(get_domain_pk(), database.key, head, records, database.read)
                assert found.count == 2, found
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert database.tree.size == database.log.size
    numbers = list(database.tree.records.values_list("number", flat=True))
    proof = proof_of(database, *numbers)
    assert check_records(database, proof) == len(numbers)
    check_old_heads(database, proof)


def test_what_nobody_needs_any_more_is_removed_and_what_was_given_out_stays_provable() -> None:
    # In a domain of its own: other tests have modules of these names.
    domain = Domain.objects.create(
        name=f"proofs-{uuid4().hex[:8]}",
        storage_class="pulpcore.app.models.storage.FileSystem",
        storage_settings={},
    )
    database = Database(300)
    database.bring(3, 280, domain=domain.pk)
    database.grow(900)
    database.bring(5, 700, 1100, domain=domain.pk)
    names = {"module": "example.com/m700", "version": "v1.0.0"}
    unit = GoModFile.objects.create(**names, go_mod=b"", go_mod_h1="h1:x=", _pulp_domain=domain)
    # Those that came just now may be about to be held.
    assert prune_if_due(domain.pk) == 0
    long_ago = timezone.now() - timedelta(days=2)
    database.tree.records.exclude(number=1100).update(pulp_created=long_ago)
    assert prune_if_due(domain.pk) == 0, "it was looked just now"
    GoSumdbTree.objects.filter(pk=database.tree.pk).update(pruned=long_ago)
    before = set(database.tree.tiles.values_list("level", "number"))
    assert prune_if_due(domain.pk) == 3
    (proof,) = proofs_of(domain.pk, keys_of(3, 280, 5, 700, 1100))
    assert {record.number for record in proof.records()} == {700, 1100}
    assert check_records(database, proof) == 2
    check_old_heads(database, proof)
    # That of records 0 to 255 proved nothing else.
    assert before - set(database.tree.tiles.values_list("level", "number")) == {(0, 0)}
    unit.delete()
    domain.delete()


@pytest.fixture(autouse=True)
def no_leftovers(running: None) -> Iterator[None]:
    yield
    GoSumdbTree.objects.all().delete()
