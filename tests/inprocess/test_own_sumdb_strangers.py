"""What strangers may do to a checksum database of one's own: ask for nonsense, for too much, and for what is not theirs."""

import http.client
import random
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from tests.functional.upstream_world import SUMDB_KEY, Upstream, running
from tests.inprocess import content
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.inprocess.test_guards import Guarded, Reader
from tests.inprocess.test_own_sumdb_served import client, env, feed, get, module_zip

from pulp_gomod.app.models import GoLogRecord, GoSumdb  # isort: skip
from pulp_gomod.app.storage import signing  # isort: skip


@pytest.fixture
def sumdb(content_url: str) -> GoSumdb:
    made = GoSumdb(name=f"go.example.com/{uuid4().hex[:12]}")
    signing.make_sumdb(made)
    return made


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        started.sign()
        yield started


NAMES = ("{}", "{}/", "/{}", "{}%00", "%00", "%ff%fe", "%ed%a0%80", "{}%2f..", "%2e%2e/{}", "..")
NAMES += (
    ".",
    "",
    "é",
    "a" * 300,
    "a/" * 40 + "b",
    "sum.golang.org",
    "x+y",
    "%25%32%65",
    "{}%0d%0a",
)
NAMES += ("%f0%9f%98%80", "{}/c2sp", "c2sp/{}", "lookup/{}", "tile", "{}/lookup")
ASKED = (
    "lookup/{}",
    "tile/{}",
    "c2sp/{}",
    "{}",
    "tile/8/{}",
    "c2sp/tile/{}",
    "c2sp/tile/entries/{}",
)
ASKED += ("tile/8/data/{}", "tile/8/0/{}")
RESTS = ("", "/", "%00", "%ff", "x@v1.0.0", "%21x@v1.0.0", "%21%21x@v1.0.0", "X@v1.0.0", "!@v1.0.0")
RESTS += ("example.com/x@v1.0.0%00", "example.com/x@%00", "example.com/x@v1.0.0@v1.0.0", "@v1.0.0")
RESTS += ("example.com/%2e%2e/x@v1.0.0", "example.com/%21X@v1.0.0", "example.com/x%ff@v1.0.0", "@")
RESTS += (
    "example.com/x@v1",
    "example.com/x@v1.0.0+incompatible",
    f"example.com/{'m' * 3000}@v1.0.0",
)
RESTS += (
    f"example.com/x@v1.0.{'9' * 400}",
    "example.com/x@v1.0.0-%f0%9f%98%80",
    "example.com/x@..",
)
RESTS += (
    "000",
    "000.p/0",
    "000.p/256",
    "000.p/257",
    "000.p/-1",
    "0",
    "-01",
    "x000/000",
    "000.p/1e3",
)
RESTS += (
    "999999999999999999999",
    "x999/x999/x999/x999/x999/x999/999",
    "000.p/%31",
    "000.p/1/..",
    "%2e",
)
RESTS += (
    "٣٣٣",
    "000.p/٣",
    "000%2ep/1",
    "8/0/000",
    "63/0/000",
    "99999999999999999999/0/000",
    "latest",
)
RESTS += (
    "supported",
    "checkpoint",
    "checkpoint/",
    "checkpoint%00",
    "entries/000",
    "-1/000",
    "data/000",
)


def ask(url: str, path: str) -> tuple[int, bytes]:
    """Send a path as it is, whatever is in it."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), 60) as sent:
        target = f"{parts.path}/{path}".encode()
        sent.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        response = http.client.HTTPResponse(sent)
        response.begin()
        return response.status, response.read()


def test_nonsense_is_answered_with_one_line(
    content_url: str, sumdb: GoSumdb, upstream: Upstream
) -> None:
    owners = [feed(Owner.create(content_url), sumdb)]
    owners.append(feed(Mirror.create(content_url, upstream, sumdb=SUMDB_KEY).owner, sumdb))
    owners.append(Owner.create(content_url))
    owners[0].publish(module_zip("corp.example/strange", "v1.0.0"))
    made = random.Random(17)
    paths = [f"{sumdb.name}/{asked.format(rest)}" for asked in ASKED for rest in RESTS]
    paths += [f"{name.format(sumdb.name)}/{rest}" for name in NAMES for rest in RESTS[:5]]
    for _ in range(100):
        name, rest = made.choice(NAMES), made.choice(ASKED).format(made.choice(RESTS))
        paths.append(f"{name.format(sumdb.name)}/{rest}")

    def check(number: int) -> int:
        path = paths[number]
        owner = owners[number % len(owners)]
        url = owner.packages_url if number % 2 else owner.content_url
        status, body = ask(url, f"sumdb/{path}")
        assert status < 500, (path, status, body)
        if status >= 400:
            line = body.decode()
            assert "\n" not in line.removesuffix("\n") and line.isascii(), (path, body)
            assert len(line) < 4000 and "Error" not in line, (path, body)
        return status

    with ThreadPoolExecutor(4) as pool:
        statuses = Counter(pool.map(check, range(len(paths))))
    # What is right among it is served.
    assert statuses[200] and set(statuses) <= {200, 400, 404, 414}, statuses
    assert GoLogRecord.objects.filter(sumdb=sumdb).count() == 1


def test_only_so_many_public_modules_get_a_record_in_an_hour(
    content_url: str, sumdb: GoSumdb, upstream: Upstream, tmp_path: Path
) -> None:
    paths = [f"example.com/{name}" for name in ("one", "two", "three", "four")]
    for path in paths:
        upstream.add(path, "v1.0.0")
    owner = feed(Mirror.create(content_url, upstream, sumdb=SUMDB_KEY).owner, sumdb)
    root = f"{owner.content_url}/sumdb/{sumdb.name}"
    with configured(GOMOD_SUMDB_RECORDS_PER_HOUR=2):
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda path: get(root, f"lookup/{path}@v1.0.0"), paths[:3]))
        assert sorted(answer.status_code for answer in found) == [200, 200, 503]
        (full,) = (answer for answer in found if answer.status_code == 503)
        assert full.text.startswith("unavailable: 2 public modules were put on record in")
        assert full.text.count("\n") == 1
        assert 3500 < int(full.headers["Retry-After"]) <= 3600
        # Nobody else is asked meanwhile, what is on record is served, and what is published gets there.
        asked = len(upstream.asked)
        assert get(root, f"lookup/{paths[3]}@v1.0.0").status_code == 503
        assert len(upstream.asked) == asked
        owner.publish(module_zip("corp.example/own", "v1.0.0"))
        assert get(root, "lookup/corp.example/own@v1.0.0").status_code == 200
        # The go command neither takes it for a wrong checksum nor for a module that does not exist.
        told = client(tmp_path).run(
            f"{owner.content_url},off",
            *("mod", "download", f"{paths[3]}@v1.0.0"),
            env=env(sumdb.verifier_key),
            check=False,
        )
        assert told.returncode != 0
        assert "503 Service Unavailable" in told.stderr, told.stderr
        assert "public modules were put on record" in told.stderr, told.stderr
        assert "SECURITY" not in told.stderr and "404" not in told.stderr
    sumdb.refresh_from_db()
    assert sumdb.taken == 2 and sumdb.size == 3
    past = timezone.now() - timedelta(hours=1)
    GoSumdb.objects.filter(pk=sumdb.pk).update(taken_since=past)
    other = feed(Mirror.create(content_url, upstream, sumdb=SUMDB_KEY).owner, sumdb)
    _forget_fullness(owner)
    with configured(GOMOD_SUMDB_RECORDS_PER_HOUR=2):
        answer = get(other.content_url, f"sumdb/{sumdb.name}/lookup/{paths[3]}@v1.0.0")
        assert answer.status_code == 200, answer.text
    sumdb.refresh_from_db()
    assert sumdb.taken == 1 and sumdb.size == 4


def _forget_fullness(owner: Owner) -> None:
    """As when the hour is over."""
    (own,) = content.sumdbs
    own._full._values.clear()


def test_all_who_wait_for_a_public_module_wait_for_one_request(
    content_url: str, sumdb: GoSumdb, upstream: Upstream
) -> None:
    upstream.add("example.com/wanted", "v1.0.0")
    owner = feed(Mirror.create(content_url, upstream, sumdb=SUMDB_KEY).owner, sumdb)
    path = f"sumdb/{sumdb.name}/lookup/example.com/wanted@v1.0.0"
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: get(owner.content_url, path), range(20)))
    assert {answer.status_code for answer in found} == {200}
    assert len({answer.content for answer in found}) == 1
    looked = [each for each in upstream.asked if "lookup/example.com/wanted" in each]
    assert len(looked) == 1
    assert GoLogRecord.objects.filter(sumdb=sumdb).count() == 1


def test_a_guard_is_asked_for_every_path_before_anything_is_said(
    content_url: str, sumdb: GoSumdb
) -> None:
    owner = feed(Owner.create(content_url), sumdb)
    owner.publish(module_zip(f"corp.example/m{sumdb.pk.hex}", "v1.0.0"))
    Guarded(owner)
    reader = Reader()
    paths = (
        "supported",
        "latest",
        f"lookup/corp.example/m{sumdb.pk.hex}@v1.0.0",
        "tile/8/0/000.p/1",
    )
    paths += ("tile/8/data/000.p/1", "c2sp/checkpoint", "c2sp/tile/0/000.p/1")
    paths += ("c2sp/tile/entries/000.p/1", "lookup/nonsense", "nonsense")
    for root in (owner.content_url, owner.packages_url):
        for name in (sumdb.name, "go.example.com/none"):
            for path in paths:
                url = f"{root}/sumdb/{name}/{path}"
                nobody, stranger = requests.get(url), requests.get(url, headers=reader.headers)
                # There is nothing to be learned of which names there are.
                assert (nobody.status_code, stranger.status_code) == (401, 403), path
                for answer in (nobody, stranger):
                    assert sumdb.name not in answer.text and "corp.example" not in answer.text
