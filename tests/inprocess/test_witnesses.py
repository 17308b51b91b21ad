"""Witnesses of a checksum database: asked whenever it has grown, believed only with their own key."""

from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import patch
from uuid import uuid4

import pytest

from pulp_gomod.golang.sumdb import checkpoint, cosignature, tlog
from tests.unit.golang.sumdb_world import h1
from tests.witness_world import Said, Witness, running

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulpcore.plugin.models import Task  # isort: skip
from pulp_gomod.app.models import GoSumdb, GoSumdbHead  # isort: skip
from pulp_gomod.app.models.feeding import Entry, append  # isort: skip
from pulp_gomod.app.storage.witnessing import COSIGN  # isort: skip
from pulp_gomod.app.remote.http import networks  # isort: skip
from pulp_gomod.app.serializers import GoSumdbSerializer  # isort: skip
from pulp_gomod.app.storage import signing  # isort: skip
from pulp_gomod.app.tasks import witnesses as tasks  # isort: skip


@pytest.fixture
def told() -> Iterator[Witness]:
    with running() as told:
        yield told


@pytest.fixture
def sumdb(content_url: str, told: Witness, monkeypatch: pytest.MonkeyPatch) -> GoSumdb:
    monkeypatch.setattr(tasks, "_PAUSES", (0.0, 0.0, 0.0))
    made = GoSumdb(name=f"go.example.com/{uuid4().hex[:12]}")
    made.witnesses = [{"url": told.url, "key": told.key}]
    signing.make_sumdb(made)
    told.logs[made.origin] = made.verifier_key
    return made


def grow(sumdb: GoSumdb, records: int) -> None:
    names = [f"example.com/{uuid4().hex}" for _ in range(records)]
    append(
        sumdb.pk,
        [Entry(name, "v1.0.0", h1(name), f"{name} v1.0.0 {h1(name)}\n") for name in names],
    )
    signing.seal(sumdb.pk)


def cosign(sumdb: GoSumdb) -> dict[str, object]:
    tasks.cosign(str(sumdb.pk))
    sumdb.refresh_from_db()
    (told,) = sumdb.witnesses
    return dict(told)


def waiting(sumdb: GoSumdb) -> int:
    resource = f"gomod:witnesses:{sumdb.pk}"
    return Task.objects.filter(name=COSIGN, reserved_resources_record__contains=[resource]).count()


def test_a_head_is_cosigned_and_one_task_at_a_time_waits(sumdb: GoSumdb, told: Witness) -> None:
    key = cosignature.new_verifier(told.key)
    assert waiting(sumdb) == 0
    for size, records in ((3, 3), (300, 297), (301, 1)):
        grow(sumdb, records)
        assert waiting(sumdb) == 1
        known = cosign(sumdb)
        assert (known["size"], known["signed_size"], known["fault"]) == (size, size, "")
        assert str(known["seen"]).endswith("Z")
        head = GoSumdbHead.objects.get(sumdb=sumdb)
        message = signing.with_cosignatures(bytes(head.checkpoint), head.size, sumdb.witnesses)
        found, signed = checkpoint.open_checkpoint(message, sumdb.verifier_key, [key])
        assert found.tree == tlog.Tree(size, bytes(head.root)) and len(signed.sigs) == 2
    assert told.asked == [0, 3, 300]
    # Who has signed this head is not asked again.
    cosign(sumdb)
    assert told.asked == [0, 3, 300]


def test_a_witness_that_knows_another_size_is_asked_from_there(
    sumdb: GoSumdb, told: Witness
) -> None:
    grow(sumdb, 5)
    cosign(sumdb)
    sumdb.witnesses = [{"url": told.url, "key": told.key}]
    sumdb.save(update_fields=["witnesses"])
    grow(sumdb, 5)
    assert cosign(sumdb)["signed_size"] == 10
    assert told.asked == [0, 0, 5]


def test_a_witness_that_is_ahead_says_that_records_were_lost(sumdb: GoSumdb, told: Witness) -> None:
    grow(sumdb, 5)
    told.seen[sumdb.origin] = tlog.Tree(9, tlog.EMPTY_HASH)
    known = cosign(sumdb)
    assert "it has cosigned a tree of 9 records, more than the 5" in str(known["fault"])
    assert not known.get("line")


@pytest.mark.parametrize(
    ("instead", "fault", "times"),
    [
        (Said(404), "does not know the origin", 1),
        (Said(403), "does not know the key", 1),
        (Said(422), "does not accept the proof", 1),
        (Said(503), "answered with status 503", 3),
        (Said(302), "answered with status 302", 3),
        (Said(200, b"<html>"), "not a list of signatures", 3),
        (Said(409, b"0\n", "text/x.tlog.size"), "keeps saying that it knows 0 records", 3),
        (Said(409, b"1\n"), "another tree of the same size", 1),
    ],
)
def test_what_a_witness_does_wrong_is_told_and_bounded(
    sumdb: GoSumdb, told: Witness, instead: Said, fault: str, times: int
) -> None:
    grow(sumdb, 2)
    told.instead = lambda body: instead
    known = cosign(sumdb)
    assert fault in str(known["fault"])
    assert not known.get("line") and len(told.paths) == times
    # The next head finds it well again.
    told.instead = lambda body: None
    grow(sumdb, 2)
    assert cosign(sumdb)["signed_size"] == 4


def test_a_forked_log_is_not_cosigned(sumdb: GoSumdb, told: Witness) -> None:
    grow(sumdb, 5)
    cosign(sumdb)
    told.seen[sumdb.origin] = tlog.Tree(5, tlog.record_hash(b"another tree"))
    grow(sumdb, 5)
    known = cosign(sumdb)
    assert "does not accept the proof" in str(known["fault"])
    assert known["signed_size"] == 5


def test_somebody_elses_signature_is_not_kept(sumdb: GoSumdb, told: Witness) -> None:
    with running("witness.example/w2") as other:
        other.logs = told.logs
        sumdb.witnesses = [{"url": other.url, "key": told.key}]
        sumdb.save(update_fields=["witnesses"])
        grow(sumdb, 2)
        known = cosign(sumdb)
    assert "signed with another key" in str(known["fault"])
    assert not known.get("line")


def test_whoever_is_no_witness_any_more_is_forgotten(sumdb: GoSumdb, told: Witness) -> None:
    grow(sumdb, 2)
    with running("witness.example/w2") as other:
        other.logs = told.logs
        new = [{"url": other.url, "key": other.key}]

        def change(body: bytes) -> None:
            # While it is being asked, an administrator has another one asked instead.
            GoSumdb.objects.filter(pk=sumdb.pk).update(witnesses=new)

        told.instead = change
        known = cosign(sumdb)
        assert known == new[0]
        assert cosign(sumdb)["signed_size"] == 2


def test_nothing_is_asked_of_a_database_that_refuses(sumdb: GoSumdb, told: Witness) -> None:
    grow(sumdb, 2)
    GoSumdb.objects.filter(pk=sumdb.pk).update(refused="restored")
    cosign(sumdb)
    assert told.paths == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://w.example",
        "https://",
        "https://user:secret@w.example",
        "https://w.example/?a=b",
        "https://w.example/#a",
        "https://w.example:0",
        "https://w.example:x",
    ],
)
def test_urls_that_no_witness_has(sumdb: GoSumdb, told: Witness, url: str) -> None:
    asked = GoSumdbSerializer(sumdb, {"witnesses": [{"url": url, "key": told.key}]}, partial=True)
    assert not asked.is_valid()
    assert "Give an http or https URL" in str(asked.errors)


def test_forbidden_addresses_and_keys_of_others_are_refused_at_once(
    sumdb: GoSumdb, told: Witness
) -> None:
    chosen = SimpleNamespace(GOMOD_REMOTE_DENIED_NETWORKS=["loopback"])
    with patch.object(networks, "settings", chosen):
        asked = GoSumdbSerializer(
            sumdb, {"witnesses": [{"url": told.url, "key": told.key}]}, partial=True
        )
        assert not asked.is_valid() and "GOMOD_REMOTE_DENIED_NETWORKS" in str(asked.errors)
    own = [{"url": told.url, "key": sumdb.verifier_key}]
    asked = GoSumdbSerializer(sumdb, {"witnesses": own}, partial=True)
    assert not asked.is_valid() and "not the Ed25519 key of a witness" in str(asked.errors)


def test_a_new_witness_is_asked_at_once(sumdb: GoSumdb, told: Witness) -> None:
    GoSumdb.objects.filter(pk=sumdb.pk).update(witnesses=[])
    sumdb.refresh_from_db()
    grow(sumdb, 2)
    assert waiting(sumdb) == 0
    new = {"witnesses": [{"url": told.url, "key": told.key}]}
    asked = GoSumdbSerializer(sumdb, new, partial=True)
    assert asked.is_valid(), asked.errors
    asked.save()
    assert waiting(sumdb) == 1
    assert cosign(sumdb)["signed_size"] == 2


def test_what_a_witness_signs_stays_when_the_list_is_changed_meanwhile(
    sumdb: GoSumdb, told: Witness
) -> None:
    grow(sumdb, 2)
    same = {"witnesses": [{"url": told.url, "key": told.key}]}
    asked = GoSumdbSerializer(GoSumdb.objects.get(pk=sumdb.pk), same, partial=True)
    assert asked.is_valid(), asked.errors
    signed = cosign(sumdb)
    assert signed["signed_size"] == 2
    asked.save()
    sumdb.refresh_from_db()
    assert sumdb.witnesses == [signed]
