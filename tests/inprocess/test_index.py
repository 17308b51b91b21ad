"""The index of a distribution: what has come, in order, and nothing that is not served."""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pulp_gomod.app.content.repository import queries
from pulp_gomod.app.models import (
    GoBlock,
    GoBlockRevision,
    GoDistribution,
    GoIndexEntry,
    GoModule,
    GoPublication,
)
from pulp_gomod.app.models.visibility import wait_until_seen
from pulp_gomod.golang.index import MOST, Entry, format_time, parse_line
from tests.filling import fill
from tests.goproxy_requests import get, zip_of
from tests.inprocess.owners import Owner
from tests.unit import django_set_up  # noqa: F401

Name = tuple[str, str]


@pytest.fixture
def owner(content_url: str) -> Owner:
    return Owner.create(content_url)


def index(owner: Owner, **query: Any) -> list[Entry]:
    """Ask for the index at both URLs, which say the same."""
    answers = [get(f"{url}/index", params=query) for url in (owner.packages_url, owner.content_url)]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        assert "no-cache" in answer.headers["Cache-Control"]
        assert "Last-Modified" not in answer.headers
    assert answers[0].text == answers[1].text
    entries = [parse_line(line) for line in answers[0].text.splitlines()]
    times = [entry.time for entry in entries]
    assert times == sorted(set(times))
    return entries


def names(entries: list[Entry]) -> list[Name]:
    return [(entry.path, entry.version) for entry in entries]


def since(entry: Entry) -> str:
    return format_time(entry.time)


def path_of(owner: Owner, name: str = "m") -> str:
    return f"example.com/{owner.repository.name}/{name}"


def publish(owner: Owner, *versions: str, name: str = "m") -> None:
    path = path_of(owner, name)
    owner.publish(*(zip_of(path, version, f"module {path}\n") for version in versions))


def unit(owner: Owner, version: str) -> Any:
    return GoModule.objects.filter(module=path_of(owner), version=version)


def remove(owner: Owner, version: str) -> None:
    owner.repository.refresh_from_db()
    with owner.repository.new_version() as new:
        new.remove_content(unit(owner, version))


def add(owner: Owner, version: str) -> None:
    owner.repository.refresh_from_db()
    with owner.repository.new_version() as new:
        new.add_content(unit(owner, version))


def serve(owner: Owner, **what: Any) -> None:
    nothing = {"repository": None, "repository_version": None, "publication": None}
    with transaction.atomic():
        GoDistribution.objects.filter(pk=owner.distribution.pk).update(**(nothing | what))
        wait_until_seen()


@contextmanager
def clock(monkeypatch: pytest.MonkeyPatch, nanoseconds: int) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr("pulp_gomod.app.models.index.time.time_ns", lambda: nanoseconds)
        yield


def test_what_comes_is_told_in_order_and_each_time_is_the_beginning_of_the_rest(
    owner: Owner,
) -> None:
    assert index(owner) == []
    publish(owner, "v1.10.0", "v1.9.0", "v0.0.0-20200102030405-abcdefabcdef")
    publish(owner, "v1.0.0")
    entries = index(owner)
    assert [version for _, version in names(entries)] == [
        "v0.0.0-20200102030405-abcdefabcdef",
        "v1.9.0",
        "v1.10.0",
        "v1.0.0",
    ]
    for place, entry in enumerate(entries):
        assert index(owner, since=since(entry)) == entries[place:]
        assert index(owner, since=since(entry), limit=2) == entries[place : place + 2]
    assert index(owner, limit=10**6) == index(owner, since="") == entries
    assert index(owner, since="2262-01-01T00:00:00Z") == []


def test_the_clock_does_not_decide_the_order(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(owner, "v1.0.0")
    (first,) = index(owner)
    with clock(monkeypatch, first.time - 10**12):
        publish(owner, "v1.1.0", "v1.2.0")
    later = index(owner, since=since(first))
    assert [version for _, version in names(later)] == ["v1.0.0", "v1.1.0", "v1.2.0"]
    with clock(monkeypatch, first.time + 10**12 + 999):
        publish(owner, "v1.3.0")
    assert index(owner)[-1].time == first.time + 10**12


def test_what_is_removed_is_gone_and_comes_again_as_new(owner: Owner) -> None:
    publish(owner, "v1.0.0", "v1.1.0")
    remove(owner, "v1.0.0")
    publish(owner, "v1.2.0")
    entries = index(owner)
    assert [version for _, version in names(entries)] == ["v1.1.0", "v1.2.0"]
    add(owner, "v1.0.0")
    assert names(index(owner, since=since(entries[-1])))[1:] == [(path_of(owner), "v1.0.0")]
    serve(owner, repository_version=owner.repository.versions.get(number=1))
    assert [version for _, version in names(index(owner))] == ["v1.0.0", "v1.1.0"]
    third = owner.repository.versions.get(number=3)
    serve(owner, publication=GoPublication.objects.create(repository_version=third, complete=True))
    assert index(owner) == entries
    serve(owner)
    assert get(f"{owner.content_url}/index").status_code == 404


def test_deleted_repository_versions_change_nothing(owner: Owner) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        publish(owner, version)
    remove(owner, "v1.0.0")
    before = index(owner)
    # What it added counts as added by the next one in pulpcore's eyes.
    owner.repository.versions.get(number=2).delete()
    assert index(owner) == before
    publish(owner, "v1.3.0")
    assert index(owner)[: len(before)] == before
    # The newest one goes, and with it what it had added and removed.
    remove(owner, "v1.1.0")
    publish(owner, "v1.4.0")
    serve(owner)
    for number in (7, 6):
        owner.repository.versions.get(number=number).delete()
    serve(owner, repository=owner.repository)
    assert [version for _, version in names(index(owner))] == ["v1.1.0", "v1.2.0", "v1.3.0"]
    publish(owner, "v1.5.0")
    assert [v for _, v in names(index(owner))] == ["v1.1.0", "v1.2.0", "v1.3.0", "v1.5.0"]
    assert index(owner)[: len(before)] == before


def test_what_was_there_before_there_was_an_index_is_in_it(owner: Owner) -> None:
    publish(owner, "v1.0.0", "v1.1.0")
    remove(owner, "v1.0.0")
    publish(owner, "v1.2.0")
    add(owner, "v1.0.0")
    migration = import_module("pulp_gomod.app.migrations.0016_index_filled")
    entries = GoIndexEntry.objects.filter(repository=owner.repository).order_by("time")
    noted = list(entries.values_list("unit", "added", "removed"))
    with transaction.atomic():
        GoIndexEntry.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(migration.FILL)
        assert list(entries.values_list("unit", "added", "removed")) == noted
        transaction.set_rollback(True)


def test_a_version_that_fails_leaves_nothing(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(owner, "v1.0.0", "v1.1.0")
    before = index(owner)
    with monkeypatch.context() as patched:
        patched.setattr("pulpcore.app.models.RepositoryVersion._compute_counts", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            remove(owner, "v1.0.0")
    assert GoIndexEntry.objects.filter(repository=owner.repository, removed=2).exists()
    assert index(owner) == before
    publish(owner, "v1.2.0")
    assert index(owner)[:2] == before


def test_what_is_blocked_is_left_out(owner: Owner) -> None:
    publish(owner, "v1.0.0", "v1.1.0", "v1.2.0")
    publish(owner, "v1.0.0", name="other")
    with transaction.atomic():
        GoBlock.objects.create(
            repository=owner.repository, module=path_of(owner), versions="<v1.2.0", reason="bad"
        )
        GoBlockRevision.objects.create(repository=owner.repository, changed=timezone.now())
        wait_until_seen()
    assert names(index(owner)) == [(path_of(owner), "v1.2.0"), (path_of(owner, "other"), "v1.0.0")]
    assert names(index(owner, limit=1)) == [(path_of(owner), "v1.2.0")]


def test_many_are_told_in_pages_that_join_exactly(owner: Owner) -> None:
    publish(owner, "v1.0.0")
    connection.ensure_connection()
    count = 2 * MOST + 500
    fill(connection.connection, owner.repository.name, count, each=count)
    with transaction.atomic():
        GoBlock.objects.create(
            repository=owner.repository,
            module="filled.example.com/...",
            reason="bad",
            versions=f">=v1.1.0 <v1.{MOST + 100}.0",
        )
        GoBlockRevision.objects.create(repository=owner.repository, changed=timezone.now())
        wait_until_seen()
    # Many more than a page are left out between the first and the next.
    assert len(index(owner, limit=3)) == 3
    followed = [index(owner)]
    while len(followed[-1]) == MOST:
        followed.append(index(owner, since=since(followed[-1][-1])))
    GoBlock.objects.filter(repository=owner.repository).delete()
    with transaction.atomic():
        GoBlockRevision.objects.filter(repository=owner.repository).delete()
        wait_until_seen()
    unblocked = names(index(owner)) + names(index(owner, since=since(index(owner)[-1])))[1:]
    assert len(unblocked) == 2 * MOST - 1 and len(set(unblocked)) == len(unblocked)
    everything = names([entry for page in followed for entry in page])
    assert len(set(everything)) == 1 + count - (MOST + 99)


def test_no_more_is_read_than_is_told(owner: Owner) -> None:
    publish(owner, "v1.0.0")
    connection.ensure_connection()
    fill(connection.connection, owner.repository.name, 5000, each=5000)
    (_, second, *_) = index(owner, limit=1000)
    statement = queries.index()
    with transaction.atomic(), connection.cursor() as cursor:
        # As the content app has it: one plan, for all values.
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        types = ",".join(statement.types[name] if name else "bigint" for name in statement.names)
        numbers = itertools.count(1)
        text = re.sub("%s", lambda _: f"${next(numbers)}", statement.sql)
        cursor.execute(f"PREPARE told ({types}) AS {text}")
        # Alone in its table, and beside very many others.
        for repositories in (1, 3, 10_000):
            cursor.execute(
                "ALTER TABLE gomod_goindexentry ALTER COLUMN repository_id"
                f" SET (n_distinct = {repositories})"
            )
            cursor.execute("ANALYZE gomod_goindexentry")
            for most, since in ((1, 0), (50, 0), (50, second.time), (50, 2**62)):
                values = statement.bind(
                    repository=owner.repository.pk, number=2, since=since, most=most
                )
                called = ",".join(f"'{value}'" for value in values)
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE told ({called})")
                told, most_read = _rows(cursor.fetchone()[0][0]["Plan"])
                assert told == (most if since < 2**62 else 0)
                assert most_read <= max(most, 1)
        cursor.execute("DEALLOCATE told")
        transaction.set_rollback(True)


def _rows(plan: dict[str, Any]) -> tuple[int, int]:
    """Return how many rows a part of a plan had, and how many any part below it read."""
    own = int(plan["Actual Rows"] * plan["Actual Loops"])
    read = own + int(plan.get("Rows Removed by Filter", 0) * plan["Actual Loops"])
    return own, max([read, *(_rows(each)[1] for each in plan.get("Plans", ()))])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=yesterday", "is not an RFC 3339 time"),
        ("since=2019-13-10T19:08:52Z", "is not a time"),
        ("since=%00", "is not an RFC 3339 time"),
        ("since=%ff", "is not an RFC 3339 time"),
        ("limit=0", "no number of entries"),
        ("limit=-1", "no number of entries"),
        ("limit=ten", "no number of entries"),
        ("limit=%D9%A2", "no number of entries"),
        ("limit=" + "9" * 5000, "no number of entries"),
    ],
)
def test_what_is_malformed_is_said_to_be(owner: Owner, query: str, words: str) -> None:
    for url in (owner.packages_url, owner.content_url):
        answer = get(f"{url}/index?{query}")
        assert answer.status_code == 400, answer.text
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text.startswith("bad request: ") and words in answer.text
        assert answer.text.count("\n") == 1 and len(answer.text) < 300


def test_no_answer_is_that_of_another_query_nor_of_yesterday(owner: Owner) -> None:
    publish(owner, "v1.0.0", "v1.1.0")
    url = f"{owner.content_url}/index"
    for _ in range(3):
        whole, first = get(url), get(f"{url}?limit=1")
        assert (whole.text.count("\n"), first.text.count("\n")) == (2, 1)
    unchanged = get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    publish(owner, "v1.2.0")
    for headers in ({}, {"If-None-Match": whole.headers["ETag"]}):
        again = get(url, headers=headers)
        assert (again.status_code, again.text.count("\n")) == (200, 3)
