"""A checksum database of one's own: what it takes in, what it refuses, and what it signs."""

import io
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from pulp_gomod.golang import dirhash
from pulp_gomod.golang.sumdb import note, tlog
from pulp_gomod.golang.sumdb.proof_file import verify_proof
from pulp_gomod.golang.sumdb.proving import open_head
from tests.gomods import pack
from tests.inprocess.owners import Owner

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulpcore.plugin.models import Content  # isort: skip
from pulp_gomod.app.exceptions import (  # isort: skip
    ModuleVersionLoggedError,
    SumdbDamagedError,
    SumdbRefusesError,
)
from pulp_gomod.app.models import (  # isort: skip
    GoLogRecord,
    GoLogTile,
    GoModule,
    GoRepository,
    GoSumdb,
    GoSumdbHead,
)
from pulp_gomod.app.models import feeding  # isort: skip
from pulp_gomod.app.models.feeding import Entry, append, feed_held  # isort: skip
from pulp_gomod.app.storage import kept_heads, signing  # isort: skip
from pulp_gomod.app.storage.backends import storage_of  # isort: skip
from pulp_gomod.app.storage.log_proofs import NoProofError, prove  # isort: skip
from pulp_gomod.app.tasks import sumdb as tasks  # isort: skip
from pulp_gomod.standalone import prepare  # isort: skip

# Records of a log that is large; of one with three levels of tiles, which begin at 65,536, unit tests say the same.
RECORDS = int(os.environ.get("GOMOD_TEST_RECORDS", "10000"))


def module_zip(path: str, version: str, word: str = "") -> bytes:
    go_mod = f"module {path}\n"
    source = f"// {word}\npackage a\n"
    return pack(f"{path}@{version}/", [("go.mod", go_mod.encode()), ("a.go", source.encode())])


def h1_of(packed: bytes) -> str:
    return dirhash.hash_zip(io.BytesIO(packed))


@pytest.fixture
def sumdb(content_url: str) -> GoSumdb:
    made = GoSumdb(name=f"go.example.com/{uuid4().hex[:12]}")
    signing.make_sumdb(made)
    return made


def feeding_owner(url: str, sumdb: GoSumdb) -> Owner:
    owner = Owner.create(url)
    GoRepository.objects.filter(pk=owner.repository.pk).update(sumdb=sumdb)
    owner.repository.refresh_from_db()
    return owner


@pytest.fixture
def owner(content_url: str, sumdb: GoSumdb) -> Owner:
    return feeding_owner(content_url, sumdb)


def copy(owner: Owner, path: str, h1: str) -> None:
    with GoRepository.objects.get(pk=owner.repository.pk).new_version() as new:
        units = GoModule.objects.filter(module=path, h1=h1)
        new.add_content(Content.objects.filter(pk__in=units))


def unique(name: str = "m") -> str:
    return f"example.com/{name}{uuid4().hex[:12]}"


def signed(sumdb: GoSumdb) -> tlog.Tree:
    signing.seal_if_behind(sumdb.pk)
    sumdb.refresh_from_db()
    head = GoSumdbHead.objects.get(sumdb=sumdb)
    tree = open_head(bytes(head.message), sumdb.verifier_key).tree
    assert tree == (head.size, bytes(head.root))
    return tree


def test_what_becomes_visible_has_a_record(owner: Owner, sumdb: GoSumdb) -> None:
    path = unique()
    packed = module_zip(path, "v1.0.0")
    owner.publish(packed, module_zip(path, "v1.1.0"))
    owner.publish(module_zip(path, "v1.2.0"))
    records = GoLogRecord.objects.filter(sumdb=sumdb).order_by("number")
    assert [record.version for record in records] == ["v1.0.0", "v1.1.0", "v1.2.0"]
    unit = GoModule.objects.get(module=path, version="v1.0.0")
    assert records[0].text == (
        f"{path} v1.0.0 {h1_of(packed)}\n{path} v1.0.0/go.mod {unit.go_mod_h1}\n"
    )
    assert signed(sumdb).n == 3
    assert "3 records" in tasks.check(str(sumdb.pk))
    proven = verify_proof(prove(sumdb.pk, path, "v1.1.0"), sumdb.verifier_key)
    assert proven is not None
    with pytest.raises(NoProofError, match="has no record of"):
        prove(sumdb.pk, path, "v9.9.9")


def test_what_fails_leaves_no_record(owner: Owner, sumdb: GoSumdb) -> None:
    path = unique()

    def fail(**more: object) -> None:
        raise RuntimeError("the making of the version fails")

    with pytest.raises(RuntimeError, match="the making"), transaction.atomic():
        owner.publish(module_zip(path, "v1.0.0"))
        fail()
    assert not GoLogRecord.objects.filter(sumdb=sumdb).exists()
    assert signed(sumdb).n == 0
    owner.publish(module_zip(path, "v1.0.0"))
    assert signed(sumdb).n == 1


def test_plain_modifications_are_on_record_at_once(
    owner: Owner, content_url: str, sumdb: GoSumdb
) -> None:
    """pulpcore makes such a version outside of any transaction of ours."""
    other = Owner.create(content_url)
    path = unique()
    other.publish(module_zip(path, "v1.0.0"))
    assert not connection.in_atomic_block
    with GoRepository.objects.get(pk=owner.repository.pk).new_version() as new:
        new.add_content(Content.objects.filter(pk__in=GoModule.objects.filter(module=path)))
    assert signed(sumdb).n == 1


@pytest.mark.parametrize("whose", ["its own", "another's"])
def test_other_bytes_are_refused_for_ever(
    owner: Owner, sumdb: GoSumdb, content_url: str, whose: str
) -> None:
    path = unique()
    first, other = module_zip(path, "v1.0.0"), module_zip(path, "v1.0.0", "other")
    owner.publish(first)
    with GoRepository.objects.get(pk=owner.repository.pk).new_version() as new:
        new.remove_content(GoModule.objects.filter(module=path))
    offered = owner if whose == "its own" else feeding_owner(content_url, sumdb)
    with pytest.raises(ModuleVersionLoggedError) as told:
        offered.publish(other)
    assert h1_of(first) in str(told.value) and h1_of(other) in str(told.value)
    assert sumdb.name in str(told.value)
    # Those same bytes may come back, and need no second record.
    copy(offered, path, h1_of(first))
    assert signed(sumdb).n == 1


def test_a_repository_with_modules_is_let_in_whole_or_not_at_all(
    owner: Owner, sumdb: GoSumdb, content_url: str
) -> None:
    path = unique()
    owner.publish(module_zip(path, "v1.0.0"))
    other = Owner.create(content_url)
    other.publish(module_zip(path, "v0.9.0"), module_zip(path, "v1.0.0", "other"))
    with pytest.raises(ModuleVersionLoggedError, match=f"{path}@v1.0.0 is on record"):
        feed_held(other.repository.latest_version(), sumdb.pk)
    assert GoLogRecord.objects.filter(sumdb=sumdb).count() == signed(sumdb).n == 1
    third = Owner.create(content_url)
    third.publish(module_zip(path, "v0.8.0"))
    copy(third, path, GoLogRecord.objects.get(sumdb=sumdb).h1)
    feed_held(third.repository.latest_version(), sumdb.pk)
    assert signed(sumdb).n == 2


def entries(prefix: str, count: int, start: int = 0) -> Iterator[Entry]:
    for number in range(start, start + count):
        path, h1 = f"{prefix}/{number:07d}", "h1:" + "A" * 43 + "="
        yield Entry(path, "v1.0.0", h1, f"{path} v1.0.0 {h1}\n{path} v1.0.0/go.mod {h1}\n")


def append_signed(sumdb: GoSumdb, new: Iterator[Entry]) -> None:
    append(sumdb.pk, new)
    signing.seal(sumdb.pk)


def test_a_log_of_which_no_statistics_know_is_looked_up_by_what_is_asked(sumdb: GoSumdb) -> None:
    other = GoSumdb(name=f"example.com/{unique().rpartition('/')[2]}")
    signing.make_sumdb(other)
    append(other.pk, entries(unique(), 600))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gomod_gologrecord")
    with transaction.atomic():
        prefix = unique()
        append(sumdb.pk, entries(prefix, 600))
        asked: tuple[dict[str, Any], ...] = (
            {"module": f"{prefix}/0000007", "version": "v1.0.0"},
            {"number__gte": 0, "number__lt": 256},
        )
        for named in asked:
            plan = GoLogRecord.objects.filter(sumdb=sumdb.pk, **named).explain()
            (condition,) = (line for line in plan.splitlines() if "Index Cond" in line)
            assert all(name.partition("__")[0] in condition for name in named), plan


def test_an_append_costs_the_same_whatever_is_there(
    sumdb: GoSumdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test.utils import CaptureQueriesContext

    def cost(start: int) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            append(sumdb.pk, entries(prefix, 1, start))
        return len(captured), sum(len(each["sql"]) for each in captured)

    prefix = unique()
    append(sumdb.pk, entries(prefix, 3))
    small = cost(3)
    with transaction.atomic():
        assert append(sumdb.pk, entries(prefix, RECORDS, 4)) == RECORDS
    large = cost(RECORDS + 4)
    assert large[0] == small[0]
    # Three edge tiles of at most 8 KiB are written, and nothing else has grown.
    assert large[1] < small[1] + 3 * 2 * 8192
    assert signed(sumdb).n == RECORDS + 5
    assert f"{RECORDS + 5} records" in tasks.check(str(sumdb.pk))


def test_many_at_once_make_one_tree(sumdb: GoSumdb) -> None:
    prefix = unique()
    started = threading.Barrier(4)

    def work(number: int) -> None:
        started.wait()
        try:
            for turn in range(10):
                # Of each two, the same are offered.
                append(sumdb.pk, entries(f"{prefix}/{number // 2}", 7, turn * 7))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert signed(sumdb).n == 140
    tasks.check(str(sumdb.pk))


@pytest.mark.parametrize("kind", ["record", "tile", "missing"])
def test_a_check_names_what_is_wrong(sumdb: GoSumdb, kind: str) -> None:
    prefix = unique()
    append(sumdb.pk, entries(prefix, 600))
    tasks.check(str(sumdb.pk))
    record = GoLogRecord.objects.get(sumdb=sumdb, number=300)
    if kind == "record":
        GoLogRecord.objects.filter(pk=record.pk).update(text=record.text.replace("AA=", "AB="))
        words = f"record 300 ({record.module}@v1.0.0) is not what tile/8/0/001 says of it"
    elif kind == "missing":
        record.delete()
        words = "record 300 is missing"
    else:
        tile = GoLogTile.objects.get(sumdb=sumdb, level=1, number=0)
        GoLogTile.objects.filter(pk=tile.pk).update(hashes=bytes(64))
        words = "tile/8/1/000.p/2 has a wrong hash"
    with pytest.raises(SumdbDamagedError) as told:
        tasks.check(str(sumdb.pk))
    assert words in str(told.value)


def _dump(sumdb: GoSumdb) -> list[list[dict[str, object]]]:
    models = (GoSumdb, GoSumdbHead, GoLogRecord, GoLogTile)
    keys = ("pk", "sumdb", "sumdb", "sumdb")
    return [
        list(model.objects.filter(**{key: sumdb.pk}).values())
        for model, key in zip(models, keys, strict=True)
    ]


def _restore(sumdb: GoSumdb, dump: list[list[dict[str, object]]]) -> None:
    """Bring back the rows of an earlier moment, as a restored PostgreSQL has them."""
    for model in (GoLogRecord, GoLogTile, GoSumdbHead):
        model.objects.filter(sumdb=sumdb).delete()
    (row,) = dump[0]
    row = {name: value for name, value in row.items() if name != "pulp_id"}
    GoSumdb.objects.filter(pk=sumdb.pk).update(**row)
    for model, rows in zip((GoSumdbHead, GoLogRecord, GoLogTile), dump[1:], strict=True):
        model.objects.bulk_create([model(**each) for each in rows])


@pytest.mark.parametrize("more", [3, 700])
def test_after_a_restore_nothing_wrong_is_signed(owner: Owner, sumdb: GoSumdb, more: int) -> None:
    prefix = unique()
    append_signed(sumdb, entries(prefix, 300))
    dump = _dump(sumdb)
    append_signed(sumdb, entries(prefix, more, 300))
    newest = signed(sumdb)
    _restore(sumdb, dump)
    with pytest.raises(SumdbRefusesError, match="as after a restore from an older backup"):
        owner.publish(module_zip(unique(), "v1.0.0"))
    # Whatever gets in all the same, such as by hand, is not signed.
    append(sumdb.pk, entries(unique(), 1))
    assert GoSumdbHead.objects.get(sumdb=sumdb).size == 300
    with pytest.raises(SumdbRefusesError):
        signing.seal(sumdb.pk)
    sumdb.refresh_from_db()
    assert "pulp gomod sumdb recover" in sumdb.refused
    with pytest.raises(SumdbRefusesError, match="do not continue"):
        tasks.recover(str(sumdb.pk))
    _restore(sumdb, dump)
    assert f"{more} records" in tasks.recover(str(sumdb.pk))
    assert signed(sumdb) == newest
    tasks.check(str(sumdb.pk))
    owner.publish(module_zip(unique(), "v1.0.0"))
    assert signed(sumdb).n == newest.n + 1


def test_a_fork_of_the_same_size_is_not_signed(sumdb: GoSumdb) -> None:
    append_signed(sumdb, entries(unique(), 5))
    dump = _dump(sumdb)
    append_signed(sumdb, entries(unique(), 5))
    _restore(sumdb, dump)
    append(sumdb.pk, entries(unique(), 5))
    with pytest.raises(SumdbRefusesError, match="another tree of 10 records"):
        signing.seal(sumdb.pk)
    append(sumdb.pk, entries(unique(), 5))
    with pytest.raises(SumdbRefusesError, match="another tree of 10 records"):
        signing.seal(sumdb.pk)
    assert GoSumdbHead.objects.get(sumdb=sumdb).size == 5


def test_without_what_is_kept_nothing_is_signed(sumdb: GoSumdb) -> None:
    append_signed(sumdb, entries(unique(), 5))
    storage = storage_of(sumdb.pulp_domain)
    for place in ("head.0", "head.1"):
        storage.delete(f"{kept_heads.directory(sumdb.pk)}/{place}")
    assert "bring back gomod/sumdb/" in signing.find_contradiction(sumdb.pk)


@pytest.mark.parametrize("cut", [0, 40, 200])
def test_a_head_half_written_is_none(sumdb: GoSumdb, cut: int) -> None:
    """A crash in the middle of keeping a head leaves the one before, and that head was not given out."""
    append_signed(sumdb, entries(unique(), 5))
    append_signed(sumdb, entries(unique(), 5))
    storage = storage_of(sumdb.pulp_domain)
    kept = kept_heads.read_head(storage, sumdb.pk)
    assert kept is not None and kept.size == 10
    name = f"{kept_heads.directory(sumdb.pk)}/{kept.place}"
    with open(storage.path(name), "r+b") as file:
        file.truncate(cut)
    before = kept_heads.read_head(storage, sumdb.pk)
    assert before is not None and before.size == 5
    append_signed(sumdb, entries(unique(), 5))
    assert signed(sumdb).n == 15
    kept = kept_heads.read_head(storage, sumdb.pk)
    assert kept is not None and kept.size == 15


def test_nothing_is_signed_before_somebody_asks(sumdb: GoSumdb) -> None:
    append(sumdb.pk, entries(unique(), 5))
    assert GoSumdbHead.objects.get(sumdb=sumdb).size == 0
    assert signed(sumdb).n == 5


def test_both_keys_sign_until_one_retires(sumdb: GoSumdb) -> None:
    append(sumdb.pk, entries(unique(), 5))
    old = sumdb.verifier_key
    signing.rotate(sumdb.pk, timezone.now() + timedelta(days=1))
    sumdb.refresh_from_db()
    assert sumdb.verifier_key != old and sumdb.retiring_key == old
    for key in (old, sumdb.verifier_key):
        assert open_head(bytes(sumdb.signed_head.message), key).tree.n == 5
    with pytest.raises(SumdbRefusesError, match="rotate again after that"):
        signing.rotate(sumdb.pk, timezone.now() + timedelta(days=1))
    past = timezone.now() - timedelta(seconds=1)
    GoSumdb.objects.filter(pk=sumdb.pk).update(retiring_until=past)
    GoSumdbHead.objects.filter(sumdb=sumdb).update(resign=past)
    signing.seal(sumdb.pk)
    head = bytes(GoSumdbHead.objects.get(sumdb=sumdb).message)
    assert open_head(head, sumdb.verifier_key).tree.n == 5
    with pytest.raises(note.NoteError):
        open_head(head, old)


def test_keys_change_again_and_again_without_a_new_record(sumdb: GoSumdb) -> None:
    """Each key signs the same tree, and the newest head that is kept says which one was the last."""
    append_signed(sumdb, entries(unique(), 5))
    storage = storage_of(sumdb.pulp_domain)
    for _ in range(4):
        dump = _dump(sumdb)
        signing.rotate(sumdb.pk, timezone.now() + timedelta(days=1))
        past = timezone.now() - timedelta(seconds=1)
        GoSumdb.objects.filter(pk=sumdb.pk).update(retiring_until=past)
        GoSumdbHead.objects.filter(sumdb=sumdb).update(resign=past)
        signing.seal(sumdb.pk)
        sumdb.refresh_from_db()
        kept = kept_heads.read_head(storage, sumdb.pk)
        assert kept is not None and (kept.key, kept.size) == (sumdb.verifier_key, 5)
    # What a dump from before the last change knows is not enough to sign with.
    _restore(sumdb, dump)
    assert "this PostgreSQL does not know" in signing.find_contradiction(sumdb.pk)


def test_a_key_changes_although_the_change_before_was_not_noted(sumdb: GoSumdb) -> None:
    append_signed(sumdb, entries(unique(), 5))
    storage = storage_of(sumdb.pulp_domain)
    before = kept_heads.read_head(storage, sumdb.pk)
    assert before is not None
    signing.rotate(sumdb.pk, timezone.now() + timedelta(days=1))
    # As if the storage had failed just then, until the key before retired.
    kept_heads.write_head(storage, sumdb.pk, before, kept_heads.read_head(storage, sumdb.pk))
    past = timezone.now() - timedelta(seconds=1)
    GoSumdb.objects.filter(pk=sumdb.pk).update(retiring_until=past)
    GoSumdbHead.objects.filter(sumdb=sumdb).update(resign=past)
    signing.rotate(sumdb.pk, timezone.now() + timedelta(days=1))
    append_signed(sumdb, entries(unique(), 1))
    assert signing.find_contradiction(sumdb.pk) == "" and signed(sumdb).n == 6


def test_a_server_makes_one_to_begin_with_however_often_it_begins(content_url: str) -> None:
    ready_made = GoSumdb.objects.filter(name__startswith="localhost/go-")
    name = prepare._make_sumdb(GoSumdb)
    assert prepare._make_sumdb(GoSumdb) == name
    assert list(ready_made.values_list("name", flat=True)) == [name]
    # Its key is another server's: without a need, nobody reads it.
    GoSumdbHead.objects.filter(sumdb__in=ready_made).delete()
    ready_made._raw_delete("default")
    again = prepare._make_sumdb(GoSumdb)
    assert again not in ("", name) and signed(ready_made.get(name=again)).n == 0


def test_whoever_is_slower_is_told_which_checksum_was_faster(owner: Owner, sumdb: GoSumdb) -> None:
    """The other repository appends after it was found that nothing contradicts."""
    path = unique()
    packed, rival = module_zip(path, "v1.0.0"), "h1:" + "B" * 43 + "="

    def be_faster(**more: object) -> None:
        feeding.about_to_grow.disconnect(sender=GoSumdb, dispatch_uid="faster")
        append(sumdb.pk, [Entry(path, "v1.0.0", rival, f"{path} v1.0.0 {rival}\n")])

    feeding.about_to_grow.connect(be_faster, GoSumdb, weak=False, dispatch_uid="faster")
    # The repository has no module yet: pulpcore could not remove its only complete version.
    with pytest.raises(ModuleVersionLoggedError) as told:
        owner.publish(packed)
    assert rival in str(told.value) and h1_of(packed) in str(told.value)


def test_secrets_are_not_shown(sumdb: GoSumdb) -> None:
    secret = sumdb.signing_key
    assert secret.startswith("PRIVATE+KEY+")
    assert "PRIVATE" not in f"{sumdb} {sumdb!r}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT signing_key FROM gomod_gosumdb WHERE pulp_id = %s", [sumdb.pk])
        (stored,) = cursor.fetchone()
    assert secret not in str(stored)
