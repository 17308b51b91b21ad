"""Lists and queries of an upstream that misbehaves, and of modules that are held here, too."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import web

from tests.functional.upstream_world import Behaviour, Upstream
from tests.gomods import pack
from tests.inprocess.mirrors import Mirror
from tests.inprocess.test_sync import sync

from pulp_gomod.app.models import GoModFile  # isort: skip

M = "example.com/m"
# Content processes: each has to find out by itself (there are two in tests of whole servers).
PROCESSES = 1
# Seconds for which an upstream that hangs says nothing.
HANG = 30.0
# Who waits for it does so for two seconds, and nobody else takes most of that, on a busy machine either.
WAITED = 1.5
# Seconds between two questions of who asks again and again.
PAUSE = 0.05


def _say(body: bytes) -> Behaviour:
    async def say(_: web.Request) -> web.Response:
        return web.Response(body=body)

    return say


async def _hang(_: web.Request) -> web.Response:
    await asyncio.sleep(HANG)
    return web.Response(text="late")


def _hold(mirror: Mirror, version: str = "v0.9.0") -> None:
    ours = pack(f"{M}@{version}/", [("go.mod", f"module {M}\n".encode())])
    mirror.owner.publish(ours)


def _slow(taken: list[float]) -> int:
    return sum(seconds > WAITED for seconds in taken)


def test_nothing_but_versions_comes_through(content_url: str, upstream: Upstream) -> None:
    body = b"v1.0.0\nv1.0.1\x1b[31m\n<script>\nv1.1.0 injected\nv2.0.0\nv1.2.0+meta\n\0\n"
    upstream.behaviours[f"{M}/@v/list"] = _say(body)
    mirror = Mirror.create(content_url, upstream, mix=M)
    # Nor do versions that the module cannot have.
    versions = b"v1.0.0\nv1.1.0\n"
    assert mirror.get(f"{M}/@v/list").content == versions
    _hold(mirror, "v1.0.0")
    assert mirror.get(f"{M}/@v/list").content == versions
    _hold(mirror)
    assert mirror.get(f"{M}/@v/list").content == b"v0.9.0\nv1.0.0\nv1.1.0\n"


BROKEN = {
    "text": b"down for maintenance\n",
    "json": b'{"error":"quota"}',
    "control characters": b'{"Version":"v1.0.0\\n\\u001b[31m"}',
    "page": b"\n<!DOCTYPE html><p>Sign in</p>",
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_answer_is_not_kept(content_url: str, upstream: Upstream, case: str) -> None:
    paths = [f"{M}/@v/list", f"{M}/@latest", f"{M}/@v/master.info"]
    mirror = Mirror.create(content_url, upstream, mix=M, cache_ttl=1)
    upstream.everything = _say(BROKEN[case])
    for path in paths:
        told = mirror.get(path)
        assert (told.status_code, told.text.count("\n")) == (502, 1), (path, told.text)
    upstream.everything = None
    made = upstream.add(M, "v1.0.0")
    upstream.latest[M] = made.info
    upstream.behaviours[paths[2]] = _say(made.info)
    good = [mirror.get(path) for path in paths]
    assert [answer.status_code for answer in good] == [200] * 3
    upstream.everything = _say(BROKEN[case])
    time.sleep(2.2)
    for path, answer in zip(paths, good, strict=True):
        assert mirror.get(path).content == answer.content, path


def test_lists_without_end_are_refused(content_url: str, upstream: Upstream) -> None:
    body = b"".join(b"v1.0.%d\n" % number for number in range(1_000_000))
    upstream.behaviours[f"{M}/@v/list"] = _say(body)
    mirror = Mirror.create(content_url, upstream, mix=M)
    assert "more than the 2097152 bytes" in mirror.get(f"{M}/@v/list").text
    _hold(mirror)
    assert mirror.get(f"{M}/@v/list").text == "v0.9.0\n"
    assert mirror.get(f"{M}/@latest").json()["Version"] == "v0.9.0"


def test_a_long_list_holds_nobody_up(content_url: str, upstream: Upstream) -> None:
    body = b"".join(b"v1.0.%d\n" % number for number in range(20_000))
    upstream.behaviours[f"{M}/@v/list"] = _say(body)
    upstream.behaviours[f"{M}/@v/v1.0.19999.mod"] = _say(f"module {M}\n\ngo 1.20\n".encode())
    upstream.behaviours[f"{M}/@v/v1.0.19999.info"] = _say(b'{"Version":"v1.0.19999"}')
    mirror = Mirror.create(content_url, upstream, mix=M)
    _hold(mirror)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(mirror.get, f"{M}/@v/list") for _ in range(8)]
        slowest = 0.0
        while not all(each.done() for each in asked):
            began = time.monotonic()
            assert mirror.get(f"{M}/@v/v0.9.0.info").status_code == 200
            slowest = max(slowest, time.monotonic() - began)
            # Asking without a pause would take the processors from what it is held up by.
            time.sleep(PAUSE)
    # What the loop computes meanwhile is measured in test_held_loop; here, that nobody is left waiting.
    assert slowest < 5
    # Nobody waits for it longer than for anything else.
    end = time.monotonic() + 30
    while not mirror.get(f"{M}/@v/list").text.startswith("v0.9.0\nv1.0.0\nv1.0.1\n"):
        assert time.monotonic() < end
        time.sleep(PAUSE)
    assert mirror.get(f"{M}/@latest").json()["Version"] == "v1.0.19999"


def test_nobody_waits_twice_for_a_hanging_upstream(content_url: str, upstream: Upstream) -> None:
    mirror = Mirror.create(content_url, upstream, mix=M)
    _hold(mirror)
    upstream.everything = _hang
    taken = []
    for path in (f"{M}/@v/list", f"{M}/@latest") * 5:
        began = time.monotonic()
        assert mirror.get(path).status_code == 200
        taken.append(time.monotonic() - began)
    assert _slow(taken) <= PROCESSES, taken
    assert max(taken) < HANG / 2


def test_nobody_waits_for_a_list_alone_that_hangs(content_url: str, upstream: Upstream) -> None:
    upstream.behaviours[f"{M}/@v/list"] = _hang
    upstream.add("example.com/lively", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, mix=M, not_found_ttl=0, cache_ttl=0)
    _hold(mirror)
    taken = []
    for _ in range(10):
        assert mirror.get("example.com/lively/@v/list").status_code == 200
        began = time.monotonic()
        assert mirror.get(f"{M}/@v/list").text == "v0.9.0\n"
        taken.append(time.monotonic() - began)
    assert _slow(taken) <= PROCESSES, taken


def test_nobody_waits_each_time_for_an_upstream_that_fails(
    content_url: str, upstream: Upstream
) -> None:
    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=500, text="no\n")

    mirror = Mirror.create(content_url, upstream, mix=M)
    _hold(mirror)
    upstream.everything = fail
    assert mirror.get(f"{M}/@v/list").text == "v0.9.0\n"
    asked = len(upstream.asked)
    for _ in range(20):
        assert mirror.get(f"{M}/@v/list").text == "v0.9.0\n"
    # One more process may find out by itself, and each tries again now and then; nobody repeats what
    # has just failed, which would be some questions for each of these.
    assert len(upstream.asked) <= asked + 12


def test_the_latest_version_is_not_waited_for(content_url: str, upstream: Upstream) -> None:
    upstream.add(M, "v1.0.0")
    upstream.behaviours[f"{M}/@v/v1.0.0.mod"] = _hang
    mirror = Mirror.create(content_url, upstream, mix=M)
    _hold(mirror)
    assert mirror.get(f"{M}/@v/list").text == "v0.9.0\nv1.0.0\n"
    began = time.monotonic()
    assert mirror.get(f"{M}/@latest").json()["Version"] == "v0.9.0"
    assert time.monotonic() - began < HANG / 2


def test_choosing_the_latest_fetches_nothing_for_who_asks_so(
    content_url: str, upstream: Upstream
) -> None:
    upstream.add(M, "v1.0.0")
    mirror = Mirror.create(content_url, upstream, mix=M)
    _hold(mirror)
    assert mirror.get(f"{M}/@v/list").text == "v0.9.0\nv1.0.0\n"
    upstream.asked.clear()
    no_fetch = {"Disable-Module-Fetch": "true"}
    assert mirror.get(f"{M}/@latest", **no_fetch).json()["Version"] == "v0.9.0"
    assert upstream.asked == []


def test_the_latest_is_chosen_from_the_list_where_the_upstream_says_none(
    content_url: str, upstream: Upstream
) -> None:
    mirror = Mirror.create(content_url, upstream)
    assert mirror.get(f"{M}/@latest").status_code == 404
    upstream.add(f"{M}/pre", "v1.0.0-rc.1")
    upstream.add(f"{M}/some", "v1.0.0")
    upstream.add(f"{M}/some", "v1.1.0")
    upstream.add(f"{M}/some", "v1.1.1", "retract [v1.1.0, v1.1.1]")
    upstream.add(f"{M}/some", "v1.2.0-pre")
    older, newer = "v0.0.0-20200101000000-0123456789ab", "v0.0.0-20210101000000-0123456789ab"
    for version in (newer, older):
        upstream.add(f"{M}/pseudo", version)

    async def listed(_: web.Request) -> web.Response:
        return web.Response(text=f"{newer}\n{older} 2019-01-01T00:00:00Z\n")

    upstream.behaviours[f"{M}/pseudo/@v/list"] = listed
    for path, version in (("pre", "v1.0.0-rc.1"), ("some", "v1.0.0"), ("pseudo", newer)):
        assert mirror.get(f"{M}/{path}/@latest").json()["Version"] == version
    assert mirror.get(f"{M}/pseudo/@v/list").text == ""
    sync(mirror.owner, mirror.remote, modules=[f"{M}/pseudo@latest"])
    assert f"{M}/pseudo@{newer}" in mirror.held(GoModFile)
