"""A sync that is ended in the middle: nothing of it is seen, and the next one goes on."""

import asyncio
import signal
import threading
import time
from os import kill

import pytest
from aiohttp import web

from tests.functional.killing import parts
from tests.functional.rest_api import Rest
from tests.functional.serving import Server
from tests.functional.test_sync import sync, zips
from tests.functional.upstream_world import Mirror, Upstream

MODULES = 30
# The one that never comes.
STUCK = "example.com/m17/@v/v1.0.0.zip"


@pytest.fixture(scope="module")
def rest(sync_server: Server) -> Rest:
    return Rest(sync_server.url, (sync_server.username, sync_server.password))


class Stuck:
    """An upstream that sends all but one zip."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._reached = threading.Event()
        for number in range(MODULES):
            upstream.add(f"example.com/m{number}", "v1.0.0")
        upstream.behaviours[STUCK] = self._hang

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        self._reached.set()
        await asyncio.sleep(3600)
        raise AssertionError

    def wait(self) -> None:
        """Wait until all other zips have been sent."""
        assert self._reached.wait(60)
        end = time.monotonic() + 60
        while len(zips(self._upstream)) < MODULES:
            assert time.monotonic() < end
            time.sleep(0.05)

    def free(self) -> None:
        """Send that one, too."""
        del self._upstream.behaviours[STUCK]


def _begin(rest: Rest, mirror: Mirror) -> str:
    names = [f"example.com/m{number}" for number in range(MODULES)]
    body = {"remote": mirror.remote, "modules": names}
    answer = rest.call("POST", f"{mirror.owner.repository}sync/", json=body)
    assert answer.status_code == 202, answer.text
    task: str = answer.json()["task"]
    return task


def _wait_until_stored(rest: Rest, href: str) -> None:
    """Wait until the task has dealt with all zips but the one."""
    end = time.monotonic() + 60
    while True:
        reports = rest.get(href)["progress_reports"]
        # Written every other second, or so; the stuck one holds one of ten places, so the rest goes on.
        done = [each["done"] for each in reports if each["code"] == "sync.gomod.downloading"]
        if done and done[0] >= MODULES - 1:
            return
        assert time.monotonic() < end, reports
        time.sleep(0.1)


def _finish(rest: Rest, mirror: Mirror, upstream: Upstream, stuck: Stuck) -> None:
    """Sync again, and see that nothing is fetched twice."""
    assert mirror.number() == 0 and mirror.held() == []
    stuck.free()
    before = len(upstream.asked)
    sync(mirror, modules=[f"example.com/m{number}" for number in range(MODULES)])
    assert len(mirror.held()) == MODULES
    assert mirror.number() == 1
    again = [path for path in upstream.asked[before:] if path.endswith(".zip")]
    assert STUCK in again and len(again) <= 2, again


def _ended(rest: Rest, href: str) -> str:
    end = time.monotonic() + 90
    while (state := rest.get(href)["state"]) in ("running", "waiting", "canceling"):
        assert time.monotonic() < end, state
        time.sleep(0.1)
    return str(state)


def test_cancelled(rest: Rest, upstream: Upstream) -> None:
    stuck = Stuck(upstream)
    mirror = Mirror.create(rest, upstream, policy="immediate")
    href = _begin(rest, mirror)
    stuck.wait()
    _wait_until_stored(rest, href)
    assert rest.status("PATCH", href, json={"state": "canceled"}) == 200
    assert _ended(rest, href) == "canceled"
    _finish(rest, mirror, upstream, stuck)


def test_killed(sync_server: Server, rest: Rest, upstream: Upstream) -> None:
    if not sync_server.pid:
        pytest.skip("the processes of a server that somebody else started are out of reach")
    stuck = Stuck(upstream)
    mirror = Mirror.create(rest, upstream, policy="immediate")
    href = _begin(rest, mirror)
    stuck.wait()
    _wait_until_stored(rest, href)
    for pid in parts(sync_server.pid)["worker child"]:
        kill(pid, signal.SIGKILL)
    assert _ended(rest, href) == "failed"
    _finish(rest, mirror, upstream, stuck)
