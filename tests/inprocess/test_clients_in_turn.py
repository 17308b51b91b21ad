"""Whoever has much fetched from an upstream waits for itself, and leaves connections to others."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from aiohttp import web

from tests.functional.upstream_world import Upstream
from tests.inprocess.mirrors import Mirror
from tests.waiting import wait_until

from pulp_gomod.app.db import locks  # isort: skip

V = "v1.0.0"
CONNECTIONS = 4
MANY = 12
SOON = 20.0
STRANGER, OTHER, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class Slow:
    """What the upstream has, sent when it is let go."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._free = asyncio.Event()
        self._loops: list[asyncio.AbstractEventLoop] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the GOPROXY protocol."""
        self._loops.append(asyncio.get_running_loop())
        await self._free.wait()
        return self._upstream.answer(request.path.removeprefix("/proxy/"))

    def end(self) -> None:
        """Answer everything from now on."""
        wait_until(lambda: bool(self._loops))
        self._loops[0].call_soon_threadsafe(self._free.set)


@pytest.fixture
def slow(upstream: Upstream) -> Slow:
    return Slow(upstream)


def info(name: str) -> str:
    return f"example.com/{name}/@v/{V}.info"


def test_a_flood_of_one_client_leaves_the_upstream_to_others(
    content_url: str, upstream: Upstream, slow: Slow
) -> None:
    flood = [f"flood{number}" for number in range(MANY)]
    for name in (*flood, "quick", "third"):
        upstream.add(f"example.com/{name}", V)
    upstream.behaviours = {info(name): slow.answer for name in (*flood, "third")}
    mirror = Mirror.create(content_url, upstream, download_concurrency=CONNECTIONS)

    def get(client: str, name: str) -> int:
        return mirror.get(info(name), **{"X-Forwarded-For": client}).status_code

    with ThreadPoolExecutor(MANY + 1) as threads:
        try:
            asked = [threads.submit(get, STRANGER, name) for name in flood]
            wait_until(lambda: len(upstream.asked) == CONNECTIONS - 1)
            # One connection is left, whoever asks.
            assert get(OTHER, "quick") == 200
            assert not any(each.done() for each in asked)
            asked.append(threads.submit(get, THIRD, "third"))
            wait_until(lambda: upstream.count(info("third")) == 1)
            assert len(upstream.asked) == CONNECTIONS + 1
        finally:
            slow.end()
        assert [each.result() for each in asked] == [200] * (MANY + 1)


def test_what_two_clients_ask_for_waits_for_the_first_of_them_only(
    content_url: str, upstream: Upstream, slow: Slow
) -> None:
    """Whoever asks for what others want behind much else, would have them wait for all of that."""
    flood = [f"flood{number}" for number in range(MANY)]
    for name in (*flood, "wanted"):
        upstream.add(f"example.com/{name}", V)
    upstream.behaviours = {info(name): slow.answer for name in flood}
    mirror = Mirror.create(content_url, upstream, download_concurrency=CONNECTIONS)

    def get(client: str, name: str) -> int:
        return mirror.get(info(name), **{"X-Forwarded-For": client}).status_code

    with ThreadPoolExecutor(MANY + 1) as threads:
        try:
            asked = [threads.submit(get, STRANGER, name) for name in flood]
            wait_until(lambda: len(upstream.asked) == CONNECTIONS - 1)
            asked.append(threads.submit(get, STRANGER, "wanted"))
            # It waits behind the flood, as far as can be seen.
            time.sleep(0.3)
            assert upstream.count(info("wanted")) == 0
            assert get(OTHER, "wanted") == 200
            assert asked[-1].result(SOON) == 200
            assert not any(each.done() for each in asked[:-1])
        finally:
            slow.end()
        assert [each.result() for each in asked] == [200] * (MANY + 1)


def test_what_is_fetched_ahead_waits_for_nothing_else_of_who_caused_it(
    content_url: str, upstream: Upstream, slow: Slow
) -> None:
    flood = [f"flood{number}" for number in range(MANY)]
    for name in flood:
        upstream.add(f"example.com/{name}", V)
    upstream.add("example.com/old", V, f"require example.com/below {V}")
    upstream.add("example.com/below", V)
    first = Slow(upstream)
    old, below = f"example.com/old/@v/{V}.mod", f"example.com/below/@v/{V}.mod"
    upstream.behaviours = {info(name): slow.answer for name in flood} | {old: first.answer}
    mirror = Mirror.create(content_url, upstream, download_concurrency=2 * CONNECTIONS)

    def get(name: str) -> int:
        return mirror.get(name, **{"X-Forwarded-For": STRANGER}).status_code

    with ThreadPoolExecutor(MANY + 1) as threads:
        try:
            asked = [threads.submit(get, old)]
            wait_until(lambda: len(upstream.asked) == 1)
            asked += [threads.submit(get, info(name)) for name in flood]
            most = 2 * CONNECTIONS * 3 // 4
            wait_until(lambda: len(upstream.asked) == most)
            first.end()
            wait_until(lambda: upstream.count(below) == 1)
            assert asked[0].result() == 200
            assert not any(each.done() for each in asked[1:])
        finally:
            slow.end()
        assert [each.result() for each in asked] == [200] * (MANY + 1)


def test_what_one_client_waits_for_has_a_bound(
    content_url: str, upstream: Upstream, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pace", "fetch"):
        monkeypatch.setattr(f"pulp_gomod.app.remote.http.{module}.MOST_WAITING", 2)
    flood = [f"flood{number}" for number in range(CONNECTIONS - 1 + 2)]
    for name in (*flood, "one_more", "quick"):
        upstream.add(f"example.com/{name}", V)
    upstream.behaviours = {info(name): slow.answer for name in flood}
    mirror = Mirror.create(content_url, upstream, download_concurrency=CONNECTIONS)

    def get(client: str, name: str) -> requests.Response:
        return mirror.get(info(name), **{"X-Forwarded-For": client})

    with ThreadPoolExecutor(len(flood)) as threads:
        try:
            asked = [threads.submit(get, STRANGER, name) for name in flood]
            # Whichever of them come too late: the others wait.
            wait_until(lambda: len(upstream.asked) == CONNECTIONS - 1)
            time.sleep(0.3)
            refused = get(STRANGER, "one_more")
            assert refused.status_code == 503
            assert refused.text.startswith("unavailable: 2 requests of yours wait for")
            assert refused.headers["Retry-After"]
            assert get(OTHER, "quick").status_code == 200
        finally:
            slow.end()
        assert [each.result().status_code for each in asked] == [200] * len(flood)


def test_what_another_process_is_about_to_fetch_is_not_waited_for_without_end(
    content_url: str, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, it may be in the line of a client that has much else fetched."""
    monkeypatch.setattr("pulp_gomod.app.remote.upstream.TURN", 0.2)
    monkeypatch.setattr("pulp_gomod.app.remote.upstream.ZIP_TURN", 0.2)
    # Whatever is asked for, somebody has the turn.
    monkeypatch.setattr(locks, "_TAKE", "SELECT false AND pg_try_advisory_lock(%s)")
    upstream.add("example.com/wanted", V)
    mirror = Mirror.create(content_url, upstream)
    for file in (info("wanted"), info("wanted").replace(".info", ".zip")):
        assert mirror.get(file).status_code == 200, file
        assert upstream.count(file) == 1
