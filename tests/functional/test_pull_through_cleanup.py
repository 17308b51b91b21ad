"""How what was cached joins repositories in batches, and how it leaves them again."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web

from tests.functional.beside import Begun, beginning
from tests.functional.rest_api import MODFILES, Rest
from tests.functional.serving import Server
from tests.functional.tasks import await_version
from tests.functional.upstream_world import Mirror, Upstream
from tests.gomods import pack
from tests.statements import connect

MODULES = 40
MOST_VERSIONS = 6


@pytest.fixture(scope="module", autouse=True)
def begun(server: Server) -> Iterator[Begun]:
    """What waits most of its time: for a quiet moment, and for uses to be written, which takes half a minute."""
    with beginning(
        server, cleanup_removes_what_was_cached_and_nothing_else, what_is_in_use_stays
    ) as begun:
        yield begun


def _wait_until_held(mirror: Mirror, count: int, seconds: float = 60) -> None:
    mirror.until(lambda: len(mirror.held()) >= count, seconds)


def test_a_cold_build_makes_few_repository_versions(rest: Rest, upstream: Upstream) -> None:
    for number in range(MODULES):
        upstream.add(f"example.com/m{number}", "v1.0.0")
    mirror = Mirror.create(rest, upstream)

    def fetch(number: int) -> None:
        for file in ("mod", "zip"):
            answer = mirror.get(f"example.com/m{number}/@v/v1.0.0.{file}")
            assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(fetch, range(MODULES)))
    _wait_until_held(mirror, MODULES, 120)
    assert mirror.number() <= MOST_VERSIONS


@pytest.mark.parametrize("limits", [{}, {"unused_days": -1}, {"max_size": "much"}])
def test_cleanup_wants_to_be_told_what(
    rest: Rest, upstream: Upstream, limits: dict[str, object]
) -> None:
    mirror = Mirror.create(rest, upstream)
    refused = rest.call("POST", f"{mirror.owner.repository}cleanup/", json=limits)
    assert refused.status_code == 400


def test_a_full_cache_passes_on_and_makes_room(rest: Rest, upstream: Upstream) -> None:
    made = upstream.add("example.com/first", "v1.0.0")
    upstream.add("example.com/other", "v1.0.0")
    mirror = Mirror.create(rest, upstream, cache_size=len(made.zip) + 10)
    assert mirror.get("example.com/first/@v/v1.0.0.zip").status_code == 200
    _wait_until_held(mirror, 1)
    assert mirror.get("example.com/other/@v/v1.0.0.zip").status_code == 200
    mirror.until(lambda: not mirror.held(), 30)


def test_zips_that_come_together_share_the_room(rest: Rest, upstream: Upstream) -> None:
    names = [f"example.com/together{number}" for number in range(20)]
    size = max(len(upstream.add(name, "v1.0.0").zip) for name in names)
    mirror = Mirror.create(rest, upstream, cache_size=2 * size + 10)

    async def slowly(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return upstream.answer(request.match_info["path"])

    upstream.everything = slowly
    with ThreadPoolExecutor(len(names)) as pool:
        found = pool.map(lambda name: mirror.get(f"{name}/@v/v1.0.0.zip").status_code, names)
        assert set(found) == {200}
    most = 0
    end = time.monotonic() + 10
    while time.monotonic() < end:
        number = mirror.number()
        most = max(most, len(mirror.held()))
        await_version(rest.url, mirror.owner.repository, after=number, timeout=1)
    # Two for each content process: what the others are about to keep is not known yet.
    assert most <= 4


def cleanup_removes_what_was_cached_and_nothing_else(
    server: Server, rest: Rest, upstream: Upstream
) -> None:
    for name in ("a", "b", "c"):
        upstream.add(f"example.com/{name}", "v1.0.0")
    upstream.add("example.com/only-mod", "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    ours = pack("example.com/ours@v1.0.0/", [("go.mod", b"module example.com/ours\n")])
    assert mirror.owner.put(ours).status_code == 201
    for name in ("a", "b", "c"):
        assert mirror.get(f"example.com/{name}/@v/v1.0.0.zip").status_code == 200
    assert mirror.get("example.com/only-mod/@v/v1.0.0.mod").status_code == 200
    _wait_until_held(mirror, 4)

    def clean(**limits: float) -> list[str]:
        href = f"{mirror.owner.repository}cleanup/"
        rest.wait(rest.call("POST", href, json=limits))
        return mirror.held()

    everything = mirror.held()
    before = mirror.number()
    assert clean(unused_days=1) == everything
    assert clean(max_size=10**9) == everything
    assert mirror.number() == before
    sizes = rest.get("content/gomod/modules/", module="example.com/a")["results"][0]["size"]
    left = clean(max_size=2 * sizes + 100)
    assert len(left) == 3 and "example.com/ours@v1.0.0" in left
    assert clean(unused_days=0) == ["example.com/ours@v1.0.0"]
    assert mirror.get("example.com/a/@v/v1.0.0.zip").status_code == 200
    assert upstream.count("example.com/a/@v/v1.0.0.zip") == 2
    _wait_until_held(mirror, 2)


def what_is_in_use_stays(server: Server, rest: Rest, upstream: Upstream) -> None:
    names = ("used", "unused", "used-mod", "unused-mod")
    for name in names:
        upstream.add(f"example.com/{name}", "v1.0.0")
    mirror = Mirror.create(rest, upstream)

    def get(name: str) -> None:
        file = "mod" if name.endswith("mod") else "zip"
        assert mirror.get(f"example.com/{name}/@v/v1.0.0.{file}").status_code == 200

    def wait_for(statement: str, count: int) -> None:
        end = time.monotonic() + 90
        while database.execute(statement.encode(), [repository]).fetchone() != (count,):
            assert time.monotonic() < end, statement
            time.sleep(1)

    for name in names:
        get(name)
    repository = UUID(mirror.owner.repository.rstrip("/").rpartition("/")[2])
    with connect(Path(server.data_dir)) as database:
        wait_for(_HELD, len(names))
        database.execute(_AGED_RELEASES, [repository])
        database.execute(_AGED_CONTENT, [repository])
        get("used")
        get("used-mod")
        wait_for(_USES, 2)
        rest.wait(rest.call("POST", f"{mirror.owner.repository}cleanup/", json={"unused_days": 1}))
        wait_for(_HELD, 2)
    assert mirror.held() == ["example.com/used@v1.0.0"]
    assert mirror.held(MODFILES) == ["example.com/used-mod@v1.0.0"]
    get("used-mod")
    assert upstream.count("example.com/used-mod/@v/v1.0.0.mod") == 1


_HELD = """
    SELECT count(*) FROM core_repositorycontent
    WHERE repository_id = %s AND version_removed_id IS NULL
"""
_AGED_RELEASES = """
    UPDATE gomod_gorelease SET last_used = now() - interval '2 days',
        first_seen = now() - interval '2 days'
    WHERE repository_id = %s
"""
_AGED_CONTENT = """
    UPDATE core_content SET timestamp_of_interest = now() - interval '2 days'
    WHERE pulp_id IN (SELECT content_id FROM core_repositorycontent WHERE repository_id = %s)
"""
# Of zips and of go.mod files: releases, and content of the other kind.
_USES = """
    SELECT (SELECT count(*) FROM gomod_gorelease AS release
            WHERE release.repository_id = held.repository_id AND last_used > now() - interval '1 hour')
        + count(*) FILTER (WHERE timestamp_of_interest > now() - interval '1 hour'
                           AND content.pulp_type = 'gomod.modfile')
    FROM core_repositorycontent AS held JOIN core_content AS content ON content.pulp_id = content_id
    WHERE held.repository_id = %s GROUP BY held.repository_id
"""


def test_cleanup_removes_what_was_cached_and_nothing_else(begun: Begun) -> None:
    begun[cleanup_removes_what_was_cached_and_nothing_else].result()


def test_what_is_in_use_stays(server: Server, begun: Begun) -> None:
    if not server.data_dir:
        pytest.skip("the database of a server that somebody else started is out of reach")
    begun[what_is_in_use_stays].result()
