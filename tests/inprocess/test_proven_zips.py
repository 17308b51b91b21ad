"""Zips that the checksum database vouches for are sent while they are still being stored."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import requests
from django.conf import settings
from django.db import connection

from tests.functional.upstream_world import SUMDB_KEY, Upstream, running
from tests.inprocess.mirrors import Mirror
from tests.waiting import wait_until

from pulp_gomod.app.models import GoCacheEntry, GoPendingEntry  # isort: skip

PATH, V = "example.com/proven", "v1.0.0"
ZIP = f"{PATH}/@v/{V}.zip"
# Seconds in which what does not wait would have come.
MOMENT = 1.0


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as upstream:
        upstream.add(PATH, V, "go 1.21")
        upstream.sign()
        yield upstream


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@contextlib.contextmanager
def nothing_is_stored() -> Iterator[None]:
    """Let PostgreSQL take no row of a file."""
    given = connection.get_connection_params()
    parameters = {
        key: given[key] for key in ("dbname", "user", "password", "host", "port") if key in given
    }
    with psycopg.connect(**parameters) as other:
        other.execute("LOCK TABLE core_artifact IN SHARE MODE")
        yield
        other.rollback()


def is_kept(mirror: Mirror) -> bool:
    rows = GoCacheEntry.objects.filter(remote=mirror.remote, path=ZIP, status=200)
    return rows.exclude(content=None).exists()


def is_pending(mirror: Mirror) -> bool:
    return GoPendingEntry.objects.filter(
        repository=mirror.owner.repository, entry__path=ZIP
    ).exists()


def links() -> list[Path]:
    return list(
        Path(settings.FILE_UPLOAD_TEMP_DIR or settings.WORKING_DIRECTORY).glob("gomod-spool-*")
    )


def test_a_proven_zip_is_sent_before_it_is_stored(
    content_url: str, upstream: Upstream, clients: ThreadPoolExecutor
) -> None:
    mirror = Mirror.create(content_url, upstream, sumdb=SUMDB_KEY)
    with nothing_is_stored():
        got = mirror.get(ZIP)
        assert got.content == upstream.modules[PATH][V].zip
        assert not is_kept(mirror)

        # Whoever comes now has it as well, and nobody fetches it again.
        again = mirror.get(ZIP)
        assert (again.content, again.headers["ETag"]) == (got.content, got.headers["ETag"])

    wait_until(lambda: is_kept(mirror))
    wait_until(lambda: is_pending(mirror))
    stored = mirror.get(ZIP)
    assert (stored.content, stored.headers["ETag"]) == (got.content, got.headers["ETag"])
    assert stored.headers["Cache-Control"] == got.headers["Cache-Control"]
    assert upstream.count(ZIP) == 1
    wait_until(lambda: not links())


def test_what_nobody_vouches_for_is_stored_first(
    content_url: str, upstream: Upstream, clients: ThreadPoolExecutor
) -> None:
    mirror = Mirror.create(content_url, upstream, sumdb="off")
    with nothing_is_stored():
        asked: Future[requests.Response] = clients.submit(mirror.get, ZIP)
        wait_until(lambda: upstream.count(ZIP) == 1)
        time.sleep(MOMENT)
        assert not asked.done()
    assert asked.result().content == upstream.modules[PATH][V].zip


def test_what_is_not_proven_is_sent_to_nobody(content_url: str, upstream: Upstream) -> None:
    mirror = Mirror.create(content_url, upstream, sumdb=SUMDB_KEY)
    mirror.get(f"{PATH}/@v/{V}.mod")
    upstream.add(PATH, V, "go 1.21", **{"b.go": "package b\n"})
    with nothing_is_stored():
        refused = mirror.get(ZIP)
    assert refused.status_code == 502 and "checksum mismatch" in refused.text
    assert not links()


def test_it_joins_the_repository_of_everybody_who_waited(
    content_url: str, upstream: Upstream, clients: ThreadPoolExecutor
) -> None:
    one = Mirror.create(content_url, upstream, sumdb=SUMDB_KEY)
    other = Mirror.create(content_url, upstream, sumdb=SUMDB_KEY)
    other.owner.distribution.remote = one.remote
    other.owner.distribution.save()
    with nothing_is_stored():
        answers = [each.result() for each in [clients.submit(m.get, ZIP) for m in (one, other)]]
    assert {answer.content for answer in answers} == {upstream.modules[PATH][V].zip}
    wait_until(lambda: is_pending(one) and is_pending(other))
    assert upstream.count(ZIP) == 1


def test_a_head_leaves_nothing_behind(content_url: str, upstream: Upstream) -> None:
    mirror = Mirror.create(content_url, upstream, sumdb=SUMDB_KEY)
    with nothing_is_stored():
        head = requests.head(f"{mirror.owner.content_url}/{ZIP}", timeout=30)
    assert head.headers["Content-Length"] == str(len(upstream.modules[PATH][V].zip))
    wait_until(lambda: is_kept(mirror) and not links())
