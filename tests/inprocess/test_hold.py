"""What a policy holds back because it is young, by whose clock, and until when."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from django.db import transaction

from pulp_gomod.app.content.repository.conditions import ages as learning
from pulp_gomod.app.content.repository.conditions import history
from pulp_gomod.app.db.pool import Database
from pulp_gomod.app.models import (
    GoDistribution,
    GoPolicy,
    GoSeenVersion,
    GoSumdbMark,
    GoSumdbNumber,
    GoVulndb,
)
from pulp_gomod.app.remote.http.health import HANGS
from pulp_gomod.golang.sumdb import note
from tests.functional.upstream_world import SUMDB, Upstream, running
from tests.goproxy_requests import get, zip_of
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.test_documentation import run as document
from tests.inprocess.test_policies import change, check_stopped, is_stopped
from tests.inprocess.test_sumdb_kept import join_now
from tests.unit import django_set_up  # noqa: F401

PATH = "example.com/m"
DAY = timedelta(days=1)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as started:
        started.modules[PATH] = {}
        yield started


class World:
    """A mirror with a checksum database that nobody else has."""

    def __init__(self, url: str, upstream: Upstream, **settings: Any) -> None:
        self.upstream = upstream
        signer, self.key = note.generate_key(SUMDB)
        upstream.sign(signer)
        settings = {"sumdb": self.key, **settings}
        self.mirror = Mirror.create(url, upstream, **settings)
        self.urls = [
            f"{root}/{PATH}"
            for root in (self.mirror.owner.content_url, self.mirror.owner.packages_url)
        ]

    def log(self, *versions: str, ago: timedelta) -> None:
        """Let versions come to the checksum database, so long ago."""
        for version in versions:
            self.upstream.add(PATH, version)
            assert self.mirror.get(f"sumdb/{SUMDB}/lookup/{PATH}@{version}").status_code == 200
        GoSumdbMark.objects.filter(verifier_key=self.key, seen__gte=datetime.now(UTC)).delete()
        size = GoSumdbMark.objects.filter(verifier_key=self.key).count() + len(versions)
        GoSumdbMark.objects.create(verifier_key=self.key, size=size, seen=datetime.now(UTC) - ago)

    def lookups(self) -> int:
        return sum("/lookup/" in path for path in self.upstream.asked)


def obey(owner: Owner, **conditions: Any) -> GoPolicy:
    policy = GoPolicy(name=f"of {owner.repository.name}", **conditions)
    policy.note_hold()
    with transaction.atomic():
        policy.save()
        owner.distribution.policy = policy
        owner.distribution.save()
    return policy


@pytest.fixture
def world(content_url: str, upstream: Upstream) -> World:
    made = World(content_url, upstream)
    made.log("v1.0.0", ago=20 * DAY)
    made.log("v1.1.0", ago=2 * DAY)
    upstream.modules[PATH]["main"] = upstream.modules[PATH]["v1.1.0"]
    return made


@pytest.mark.parametrize("says_latest", [True, False])
def test_a_slow_upstream_is_waited_for_where_nothing_is_held(
    world: World, upstream: Upstream, says_latest: bool
) -> None:
    """The list and the go.mod of the newest version decide, and there is nothing to answer with instead."""

    async def slowly(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(HANGS + 1)
        return upstream.answer(request.match_info["path"])

    async def nothing(_: web.Request) -> web.Response:
        return web.Response(status=404)

    for file in ("list", "v1.1.0.mod"):
        upstream.behaviours[f"{PATH}/@v/{file}"] = slowly
    if says_latest:
        obey(world.mirror.owner, hold_days=14)
    else:
        upstream.behaviours[f"{PATH}/@latest"] = nothing
    answer = get(f"{world.urls[0]}/@latest")
    assert answer.status_code == 200, answer.text
    assert answer.json()["Version"] == ("v1.0.0" if says_latest else "v1.1.0")


def test_what_is_young_is_held_back_and_says_until_when(world: World) -> None:
    policy = obey(world.mirror.owner, hold_days=14)
    asked = world.lookups()
    for url in world.urls:
        for _ in range(2):
            assert get(f"{url}/@v/list").text == "v1.0.0\n"
            assert get(f"{url}/@latest").json()["Version"] == "v1.0.0"
        until = datetime.now(UTC) + 12 * DAY
        words = ("14 days", policy.name, "record 1 of", f"free on {until:%Y-%m-%d}", "to get it")
        check_stopped(url, "v1.1.0", *words)
        assert is_stopped(get(f"{url}/@v/main.info"), "record 1")
        assert get(f"{url}/@v/v1.0.0.zip").status_code == 200
        assert get(f"{url}/@v/v9.0.0.info").status_code == 404
    assert world.mirror.get(f"sumdb/{SUMDB}/lookup/{PATH}@v1.1.0").status_code == 200
    # What was looked up once is known; and one that does not exist is asked for once.
    assert world.lookups() - asked <= 1
    numbers = GoSumdbNumber.objects.filter(verifier_key=world.key, module=PATH)
    assert dict(numbers.values_list("version", "number")) == {"v1.0.0": 0, "v1.1.0": 1}

    change(policy, hold_exempt="example.com/other,example.com")
    assert get(f"{world.urls[0]}/@v/list").text == "v1.0.0\nv1.1.0\n"
    change(policy, hold_exempt="", hold_mode="lists")
    assert get(f"{world.urls[0]}/@latest").json()["Version"] == "v1.0.0"
    assert get(f"{world.urls[0]}/@v/v1.1.0.zip").status_code == 200
    change(policy, hold_mode="observe")
    assert get(f"{world.urls[0]}/@latest").json()["Version"] == "v1.1.0"


def test_only_who_asks_for_a_file_lets_an_upstream_be_asked(world: World) -> None:
    owner = world.mirror.owner
    assert world.mirror.get(f"{PATH}/@v/v1.0.0.zip").status_code == 200
    join_now(owner.repository, 1)
    assert document(owner) == {"documented": 1, "failed": 0}
    GoSumdbNumber.objects.filter(verifier_key=world.key).delete()
    obey(owner, hold_days=14, hold_own=True)
    asked = list(world.upstream.asked)
    for path in (
        "v1/search?q=m",
        f"v1/module/{PATH}",
        f"v1/versions/{PATH}",
        "index",
        "bundle.tar",
        "sbom.json",
    ):
        assert get(f"{owner.packages_url}/{path}").status_code < 500, path
    for path in ("", PATH):
        page = get(f"{owner.packages_url}/{path}", headers={"Accept": "text/html"})
        assert page.status_code < 500
    assert world.upstream.asked == asked
    assert get(f"{world.urls[0]}/@v/v1.0.0.info").status_code == 200
    # How many records the database had is learned beside the answer.
    for _ in range(300):
        if world.upstream.asked != asked:
            return
        time.sleep(0.1)
    raise AssertionError("nobody was asked")


def test_who_wants_nothing_fetched_leaves_no_refusal_for_others(world: World) -> None:
    obey(world.mirror.owner, hold_days=14)
    # Nothing is known of it, and nobody may be asked.
    GoSumdbNumber.objects.filter(verifier_key=world.key).delete()
    by_content, by_packages = (f"{url}/@v/v1.0.0.info" for url in world.urls)
    held_only = {"Disable-Module-Fetch": "true"}
    assert is_stopped(get(by_content, headers=held_only), "not known yet")
    assert get(by_content).status_code == get(by_packages).status_code == 200


def test_it_is_free_when_the_time_has_come(content_url: str, upstream: Upstream) -> None:
    world = World(content_url, upstream)
    obey(world.mirror.owner, hold_days=1)
    world.log("v1.0.0", ago=DAY - timedelta(seconds=4))
    url = world.urls[0]
    assert get(f"{url}/@v/list").text == ""
    for _ in range(3):
        assert is_stopped(get(f"{url}/@v/v1.0.0.zip"))
    for _ in range(300):
        if get(f"{url}/@v/v1.0.0.zip").status_code == 200:
            break
        time.sleep(0.1)
    assert get(f"{url}/@v/list").text == "v1.0.0\n"
    assert get(f"{url}/@v/v1.0.0.zip").status_code == 200


def test_what_no_database_knows_is_as_old_as_we_have_seen_it(
    content_url: str, upstream: Upstream
) -> None:
    world = World(content_url, upstream, nosumdb="example.com")
    upstream.add(PATH, "v1.0.0")
    policy = obey(world.mirror.owner, hold_days=14)
    url = world.urls[0]
    assert get(f"{url}/@v/list").text == ""
    check_stopped(url, "v1.0.0", "is known here since")
    assert get(f"{url}/@v/v9.0.0.info").status_code == 404
    seen = GoSeenVersion.objects.get(remote=world.mirror.remote, module=PATH)
    assert seen.version == "v1.0.0" and world.lookups() == 0
    change(policy, hold_clock="info_time")
    assert get(f"{url}/@v/v1.0.0.zip").status_code == 200
    assert get(f"{url}/@v/list").text == "v1.0.0\n"


def test_what_was_here_before_and_what_is_published_here_is_free_unless_told(
    world: World,
) -> None:
    owner, url = world.mirror.owner, world.urls[0]
    assert get(f"{url}/@v/v1.1.0.zip").status_code == 200
    join_now(owner.repository, 1)
    mine = f"example.com/{owner.repository.name}"
    owner.publish(zip_of(mine, "v1.0.0"))
    policy = obey(owner, hold_days=14)
    assert get(f"{url}/@v/v1.1.0.zip").status_code == 200
    assert get(f"{url}/@v/list").text == "v1.0.0\nv1.1.0\n"
    assert get(f"{owner.content_url}/{mine}/@v/v1.0.0.zip").status_code == 200
    owner.publish(zip_of(mine, "v1.1.0"))
    assert get(f"{owner.content_url}/{mine}/@latest").json()["Version"] == "v1.1.0"
    change(policy, hold_own=True)
    assert is_stopped(get(f"{owner.content_url}/{mine}/@v/v1.1.0.zip"), "is known here since")
    assert is_stopped(get(f"{url}/@v/v1.1.0.zip"), "record 1")


def test_who_asks_may_have_more_held_back_but_never_less(world: World) -> None:
    owner = world.mirror.owner
    for root in (owner.content_url, owner.packages_url):
        for _ in range(2):
            assert get(f"{root}/{PATH}/@v/list").text == "v1.0.0\nv1.1.0\n"
            assert get(f"{root}/{PATH}/@latest").json()["Version"] == "v1.1.0"
            held = f"{root}/hold/14d"
            check_stopped(f"{held}/{PATH}", "v1.1.0", "hold/14d in the URL", "14 days")
            stopped = get(f"{held}/{PATH}/@v/v1.1.0.info").text
            assert stopped.endswith("; to get it earlier, ask without hold/14d\n")
            assert get(f"{held}/{PATH}/@v/list").text == "v1.0.0\n"
            assert get(f"{held}/{PATH}/@latest").json()["Version"] == "v1.0.0"
            assert get(f"{held}/{PATH}/@v/v1.0.0.zip").status_code == 200
            assert get(f"{held}/sumdb/{SUMDB}/supported").status_code == 200
            assert get(f"{held}/sumdb/{SUMDB}/lookup/{PATH}@v1.1.0").status_code == 200
            assert get(f"{held}/index").status_code == 200
            assert get(f"{root}/hold/1d/{PATH}/@latest").json()["Version"] == "v1.1.0"
            assert get(f"{root}/{PATH}/@v/v1.1.0.zip").status_code == 200
        for wrong in ("0d", "14", "3651d", "d", "-1d", "014d", "1d/hold/2d"):
            answer = get(f"{root}/hold/{wrong}/{PATH}/@v/list")
            assert answer.status_code == 400 and "hold/" in answer.text, answer.text
    policy = obey(owner, hold_days=7)
    url = f"{owner.content_url}/hold"
    assert is_stopped(get(f"{url}/1d/{PATH}/@v/v1.1.0.zip"), "7 days", policy.name)
    assert is_stopped(get(f"{url}/8d/{PATH}/@v/v1.1.0.zip"), "8 days", "in the URL")
    change(policy, hold_mode="observe")
    assert get(f"{url}/1d/{PATH}/@v/v1.1.0.zip").status_code == 200
    assert is_stopped(get(f"{url}/3d/{PATH}/@v/v1.1.0.zip"), "3 days")


def test_a_version_that_fixes_what_the_newest_free_one_has_passes_at_once(
    world: World, content_url: str
) -> None:
    world.log("v1.2.0", ago=DAY)
    other = Mirror.create(content_url, world.upstream, sumdb=world.key)
    vulndb = GoVulndb.objects.create(name=f"of {world.mirror.remote.name}")
    for report, affected, is_reviewed in (
        ("GO-1", [["0", "", ""], ["", "1.1.0", ""]], True),
        ("GO-2", [["0", "", ""], ["", "1.2.0", ""]], False),
        ("GO-3", [["1.1.0", "", ""], ["", "1.2.0", ""]], True),
    ):
        vulndb.rows.create(
            module=PATH,
            report=report,
            summary="it leaks",
            is_reviewed=is_reviewed,
            affected=[[[affected], []]],
        )
    world.mirror.owner.distribution.vulndb = vulndb
    policies = [obey(each.owner, hold_days=14) for each in (world.mirror, other)]
    url = world.urls[0]
    # v1.2.0 fixes what v1.1.0 has, too, but that would be free only by the same exception.
    assert get(f"{url}/@v/list").text == "v1.0.0\nv1.1.0\n"
    assert get(f"{url}/@latest").json()["Version"] == "v1.1.0"
    assert get(f"{url}/@v/v1.1.0.zip").status_code == 200
    assert is_stopped(get(f"{url}/@v/v1.2.0.zip"), "record 2")
    assert is_stopped(other.get(f"{PATH}/@v/v1.1.0.zip"), "record 1")
    # The database of a policy counts, too, and what another distribution of the same repository has does not.
    change(policies[1], vulnerable_db=vulndb)
    assert other.get(f"{PATH}/@v/list").text == "v1.0.0\nv1.1.0\n"
    assert other.get(f"{PATH}/@v/v1.1.0.zip").status_code == 200
    name = f"{other.owner.repository.name}-without"
    with transaction.atomic():
        without = GoDistribution.objects.create(
            name=name,
            base_path=name,
            repository=other.owner.repository,
            remote=other.remote,
            policy=GoPolicy.objects.create(name=name, hold_days=14),
        )
    url = f"{content_url}/pulp/content/{without.base_path}/{PATH}"
    assert is_stopped(get(f"{url}/@v/v1.1.0.zip"), "record 1")


def test_it_costs_one_statement_for_a_module_and_then_none(
    content_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Owner.create(content_url)
    mine = f"example.com/{owner.repository.name}"
    owner.publish(zip_of(mine, "v1.0.0"), zip_of(mine, "v1.1.0"))
    obey(owner, hold_days=14, hold_own=True)
    asked: list[str] = []
    fetch_all = Database.fetch_all

    async def noted(self: Database, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return await fetch_all(self, sql, *rest)

    monkeypatch.setattr(Database, "fetch_all", noted)
    url = f"{owner.content_url}/{mine}/@v"
    for file in ("v1.0.0.zip", "v1.1.0.info", "v1.0.0.info", "list", "v1.1.0.zip"):
        is_stop = file != "list"
        assert get(f"{url}/{file}").status_code == (403 if is_stop else 200)
    assert sum("gomod_gosumdbnumber" in sql for sql in asked) == 1
    for _ in range(3):
        assert is_stopped(get(f"{url}/v1.1.0.zip"))
    assert sum("gomod_gosumdbnumber" in sql for sql in asked) == 1
    for file in ("v9.0.0.info", "v9.0.0.zip", "v9.0.0.mod"):
        assert get(f"{url}/{file}").status_code == 404


def test_a_list_of_many_unknown_versions_does_not_wait_for_all(
    content_url: str, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(content_url, upstream)
    versions = [f"v1.{minor}.0" for minor in range(100)]
    for version in versions:
        upstream.add(PATH, version)
    obey(world.mirror.owner, hold_days=14)
    monkeypatch.setattr(learning, "PATIENCE", 0.05)
    free, answering = asyncio.Event(), [0, 0]

    async def slowly(request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if "/lookup/" in path and not path.endswith("@v1.7.0"):
            answering[0] += 1
            answering[1] = max(answering)
            while not free.is_set():
                await asyncio.sleep(0.02)
            answering[0] -= 1
        return upstream.answer(path)

    upstream.everything = slowly
    url = world.urls[0]
    assert get(f"{url}/@v/list").text == ""
    # Who asks for one version does not wait for all others.
    assert is_stopped(get(f"{url}/@v/v1.7.0.zip"), "record 0")
    assert 0 < answering[1] <= learning.AT_ONCE
    free.set()
    for _ in range(300):
        if GoSumdbNumber.objects.filter(verifier_key=world.key).count() == len(versions):
            break
        get(f"{url}/@v/list")
        time.sleep(0.1)
    assert world.lookups() == len(versions)
    GoSumdbMark.objects.filter(verifier_key=world.key).update(seen=datetime.now(UTC) - 15 * DAY)
    other = World.__new__(World)
    other.mirror = Mirror.create(content_url, upstream, sumdb=world.key)
    obey(other.mirror.owner, hold_days=14)
    assert len(other.mirror.get(f"{PATH}/@v/list").text.split()) == len(versions)
    assert world.lookups() == len(versions)


def test_the_past_is_learned_from_the_index(content_url: str, upstream: Upstream) -> None:
    world = World(content_url, upstream)
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        upstream.add(PATH, version)
    then = datetime.now(UTC) - 14 * DAY
    asked: list[str] = []

    async def index(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["since"])
        line = {
            "Path": PATH,
            "Version": "v1.1.0",
            "Timestamp": f"{then - timedelta(hours=2):%FT%TZ}",
        }
        return web.Response(text=json.dumps(line) + "\n")

    upstream.behaviours["index"] = index
    for version in ("v1.0.0", "v1.1.0"):
        assert world.mirror.get(f"sumdb/{SUMDB}/lookup/{PATH}@{version}").status_code == 200
    obey(world.mirror.owner, hold_days=14)
    assert is_stopped(world.mirror.get(f"{PATH}/@v/v1.2.0.info"), "record 2")
    for _ in range(100):
        if GoSumdbMark.objects.filter(verifier_key=world.key, size=1).exists():
            break
        time.sleep(0.1)
    # Of v1.0.0 nothing was known before: now it is known to be old, and of v1.1.0 that is not sure.
    assert world.mirror.get(f"{PATH}/@v/v1.0.0.info").status_code == 200
    assert is_stopped(world.mirror.get(f"{PATH}/@v/v1.1.0.info"), "record 1")
    assert len(asked) == 1


def test_however_many_days_are_asked_for_the_upstream_is_asked_little_at_a_time(
    content_url: str, upstream: Upstream
) -> None:
    world = World(content_url, upstream)
    world.log("v1.0.0", ago=2 * DAY)
    goes_on = threading.Event()
    asked: list[str] = []

    async def index(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["since"])
        await asyncio.to_thread(goes_on.wait, 60)
        return web.Response(text="")

    upstream.behaviours["index"] = index
    root = world.mirror.owner.content_url
    try:
        for days in range(101, 120):
            assert is_stopped(get(f"{root}/hold/{days}d/{PATH}/@v/v1.0.0.info"), f"{days} days")
        assert len(asked) <= history._AT_ONCE
    finally:
        goes_on.set()
