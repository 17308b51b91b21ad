"""Who got a module version is on record, whichever memory it was answered from, and only if that is wanted."""

import random
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pulp_gomod.app.auth.secret import digest, new_secret
from pulp_gomod.app.content import consumers
from pulp_gomod.app.content.repository.resolver import Resolver
from pulp_gomod.app.models import GoConsumer, GoToken
from pulp_gomod.app.models.consumer import Consumed, record, trim
from tests.goproxy_requests import get, zip_of
from tests.inprocess.owners import Owner
from tests.inprocess.test_guards import READER, Reader, _rbac
from tests.unit import django_set_up  # noqa: F401

from pulpcore.plugin.util import assign_role  # isort: skip

VERSION = "v1.0.0"


@pytest.fixture
def owner(content_url: str, monkeypatch: pytest.MonkeyPatch) -> Owner:
    # What is noted while a test asks may be written in between; the rest is not to wait for long then.
    monkeypatch.setattr(consumers, "AGAIN", 0.0)
    owner = Owner.create(content_url)
    path = path_of(owner)
    owner.publish(zip_of(path, VERSION, f"module {path}\n"))
    return owner


def path_of(owner: Owner) -> str:
    return f"example.com/{owner.repository.name}"


def file(owner: Owner, name: str = f"{VERSION}.zip", root: str = "") -> str:
    return f"{root or owner.packages_url}/{path_of(owner)}/@v/{name}"


def rows(owner: Owner) -> list[GoConsumer]:
    return list(GoConsumer.objects.filter(distribution=owner.distribution).order_by("last_seen"))


def wait(check: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def total(owner: Owner) -> int:
    return sum(row.requests for row in rows(owner))


def test_each_download_counts_from_whichever_memory_it_comes(owner: Owner) -> None:
    session = requests.Session()
    for root in (owner.packages_url, owner.content_url):
        for _ in range(4):
            assert session.get(file(owner, root=root)).status_code == 200
        # A new connection, and one that is closed afterwards.
        assert get(file(owner, root=root), headers={"Connection": "close"}).status_code == 200
        ranged = get(file(owner, root=root), headers={"Range": "bytes=0-9"})
        assert ranged.status_code == 206
    wait(lambda: total(owner) >= 12)
    (row,) = rows(owner)
    assert (row.module, row.version, row.requests) == (path_of(owner), VERSION, 12)
    assert (row.user_name, row.token, row.address) == ("", "", "127.0.0.1")


def test_what_is_answered_from_memory_counts_as_what_it_was_then(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = requests.Session()
    assert session.get(file(owner)).status_code == 200
    recall = Resolver.recall

    # Nothing is trusted any longer when the response is sent, but was when it was found.
    def forgetful(self: Resolver, domain: str, base_path: str, ahead: bool = False) -> Any:
        return recall(self, domain, base_path, ahead) if ahead else None

    monkeypatch.setattr(Resolver, "recall", forgetful)
    for _ in range(6):
        assert session.get(file(owner)).status_code == 200
    wait(lambda: total(owner) == 7)


def test_what_is_no_download_does_not_count(owner: Owner) -> None:
    for name in ("list", f"{VERSION}.info", f"{VERSION}.mod", "v2.0.0.zip", "v7.zip"):
        for _ in range(3):
            get(file(owner, name))
    assert requests.head(file(owner), timeout=60).status_code == 200
    assert get(file(owner)).status_code == 200
    wait(lambda: rows(owner))
    assert [(row.version, row.requests) for row in rows(owner)] == [(VERSION, 1)]


def test_a_proxy_that_is_trusted_says_whose_address_it_is(owner: Owner) -> None:
    session = requests.Session()
    for forwarded in ("192.0.2.7", "198.51.100.1, 192.0.2.8", "192.0.2.7", "no address"):
        answer = session.get(file(owner), headers={"X-Forwarded-For": forwarded})
        assert answer.status_code == 200
    wait(lambda: total(owner) == 4)
    found = {row.address: row.requests for row in rows(owner)}
    assert found == {"192.0.2.7": 2, "192.0.2.8": 1, "127.0.0.1": 1}


def guarded(owner: Owner) -> tuple[Reader, dict[str, str]]:
    """Put a guard before the distribution; return a user whom it permits, and what to send with a token."""
    guard, reader = _rbac(), Reader()
    with transaction.atomic():
        owner.distribution.content_guard = guard
        owner.distribution.save()
    assign_role(READER, reader.user, guard)
    secret = new_secret()
    GoToken.objects.create(
        name="laptop", owner=reader.user, digest=digest(secret), hint=secret[:8], scope="read"
    )
    sent = b64encode(f"__token__:{secret}".encode()).decode()
    return reader, {"Authorization": f"Basic {sent}"}


def test_behind_a_guard_it_is_users_and_their_tokens(owner: Owner) -> None:
    reader, token = guarded(owner)
    name = reader.user.username
    for headers in (reader.headers, token):
        session = requests.Session()
        for _ in range(3):
            assert session.get(file(owner), headers=headers).status_code == 200
    assert get(file(owner)).status_code == 401
    wait(lambda: total(owner) == 6)
    found = {(row.user_name, row.token, row.address): row.requests for row in rows(owner)}
    assert found == {(name, "", "127.0.0.1"): 3, (name, "laptop", "127.0.0.1"): 3}
    reader.user.delete()
    assert len(rows(owner)) == 2


def set_consumers(owner: Owner, value: str) -> None:
    owner.distribution.refresh_from_db()
    with transaction.atomic():
        owner.distribution.consumers = value
        owner.distribution.save()


def test_it_is_for_those_who_want_it(owner: Owner) -> None:
    reader, _ = guarded(owner)
    assert get(file(owner), headers=reader.headers).status_code == 200
    wait(lambda: rows(owner))
    set_consumers(owner, "users")
    assert not rows(owner)
    assert get(file(owner), headers=reader.headers).status_code == 200
    wait(lambda: rows(owner))
    assert {(row.user_name, row.address) for row in rows(owner)} == {(reader.user.username, "")}
    set_consumers(owner, "off")
    assert not rows(owner)
    for _ in range(3):
        assert get(file(owner), headers=reader.headers).status_code == 200
    other = Owner.create(owner.url)
    other.publish(zip_of(path_of(other), VERSION, f"module {path_of(other)}\n"))
    assert get(file(other)).status_code == 200
    # What came later is written: so would be what came before.
    wait(lambda: rows(other))
    assert not rows(owner)


def seen(owner: Owner, address: str, version: str = VERSION) -> Consumed:
    return Consumed(owner.distribution.pk, path_of(owner), version, "", "", address)


def test_what_is_old_goes_and_what_is_too_much(owner: Owner) -> None:
    now = timezone.now()
    for days in (40, 20, 10, 0):
        record([(seen(owner, f"192.0.2.{days}"), 2)], now - timedelta(days=days))
    record([(seen(owner, "192.0.2.20"), 3)], now - timedelta(days=19))
    trim(30, 1_000)
    assert [row.address for row in rows(owner)] == ["192.0.2.20", "192.0.2.10", "192.0.2.0"]
    assert rows(owner)[0].requests == 5
    trim(30, 2)
    assert [row.address for row in rows(owner)] == ["192.0.2.10", "192.0.2.0"]


def test_what_goes_is_not_read(owner: Owner) -> None:
    table = f'FROM "{GoConsumer._meta.db_table}"'
    ours = GoConsumer.objects.filter(distribution=owner.distribution.pk)

    def asked_by(act: Callable[[], object]) -> list[str]:
        for number in range(3):
            then = timezone.now() - timedelta(days=40)
            record([(seen(owner, f"192.0.2.{number}"), 1)], then)
        assert ours.count() == 3
        with CaptureQueriesContext(connection) as caught:
            act()
        assert not ours.exists()
        asked = [each["sql"] for each in caught.captured_queries if table in each["sql"]]
        return [each for each in asked if "COUNT(" not in each]

    def forget() -> None:
        owner.distribution.consumers = "users"
        owner.distribution.save()

    for act in (lambda: trim(30, 1_000), lambda: trim(0, 1_000), forget):
        (deleted,) = asked_by(act)
        assert deleted.startswith("DELETE")
    owner.distribution.consumers = "all"
    owner.distribution.save()
    # Once all are gone, Django may look for rows that it would have to delete.
    assert asked_by(owner.distribution.delete)[0].startswith("DELETE")


def test_names_of_any_length_and_of_what_is_gone_do_no_harm(owner: Owner) -> None:
    now, gone = timezone.now(), Owner.create(owner.url)
    key = seen(gone, "192.0.2.1")
    gone.distribution.delete()
    long = seen(owner, "192.0.2.2")._replace(module="m" * 5_000)
    named = seen(owner, "192.0.2.3")._replace(user_name="u" * 5_000, token="t" * 5_000)
    record([(key, 1), (long, 1), (named, 1)], now)
    assert [row.address for row in rows(owner)] == ["192.0.2.3"]


def test_no_name_keeps_others_from_being_recorded(owner: Owner) -> None:
    now, one = timezone.now(), seen(owner, "")._replace(user_name="one")
    digits = "".join(random.Random(1).choices("0123456789abcdef", k=1300))
    signs = "".join(map(chr, random.Random(2).choices(range(0x10000, 0x20000), k=200)))
    odd = [
        # The same once they are cut, as those of workloads on two branches.
        one._replace(user_name=f"{'u' * 200}1"),
        one._replace(user_name=f"{'u' * 200}2"),
        one._replace(module=digits[:890], version=f"v1.0.0-{digits}", user_name=signs, token=signs),
        one._replace(user_name="nul\0"),
        one._replace(user_name="half\ud800"),
    ]
    record([(one, 3), *((key, 1) for key in odd)], now)
    found = {row.user_name: row.requests for row in rows(owner) if row.module == one.module}
    assert found == {"one": 3, "u" * 200: 2, "nul\N{REPLACEMENT CHARACTER}": 1, "half?": 1}
    (long,) = [row for row in rows(owner) if row.module != one.module]
    assert long.version.startswith("v1.0.0-") and len(long.version) > 1000
    assert signs.startswith(long.user_name) and len(long.user_name) == 50


def test_what_goes_wrong_once_does_not_end_it(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = iter([True])

    def once(*args: Any) -> None:
        if next(fails, False):
            raise RuntimeError("it failed")
        record(*args)

    monkeypatch.setattr(consumers, "record", once)
    assert get(file(owner)).status_code == 200
    wait(lambda: next(fails, None) is None)
    assert get(file(owner)).status_code == 200
    wait(lambda: total(owner) >= 1)
