"""An upstream that says how fast it may be asked: through pull-through, the go command and a sync."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from tests.functional.owners import Go
from tests.functional.rest_api import Rest
from tests.functional.upstream_world import Behaviour, Mirror, Upstream

NAMES = [f"example.com/rate{number}" for number in range(20)]
# Requests a second, and at once.
RATE, BURST = 30.0, 10.0


def _bucket(upstream: Upstream) -> Behaviour:
    tokens, filled = BURST, time.monotonic()

    async def serve(request: web.Request) -> web.StreamResponse:
        nonlocal tokens, filled
        now = time.monotonic()
        tokens, filled = min(BURST, tokens + (now - filled) * RATE), now
        if tokens < 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        tokens -= 1
        return upstream.answer(request.match_info["path"])

    return serve


@pytest.fixture
def limited(upstream: Upstream) -> Iterator[Upstream]:
    """An upstream with some modules and a limit."""
    for name in NAMES:
        upstream.add(name, "v1.0.0")
    upstream.everything = _bucket(upstream)
    yield upstream


def test_clients_that_ask_all_at_once_get_all(rest: Rest, limited: Upstream) -> None:
    mirror = Mirror.create(rest, limited)
    paths = [f"{name}/@v/v1.0.0.{file}" for name in NAMES for file in ("info", "mod", "zip")]
    with ThreadPoolExecutor(len(paths)) as pool:
        answers = list(pool.map(mirror.get, paths))
    assert {answer.status_code for answer in answers} == {200}


def test_so_does_the_go_command(rest: Rest, limited: Upstream, tmp_path: Path) -> None:
    mirror = Mirror.create(rest, limited)
    go = Go.create(tmp_path)
    wanted = "".join(f"require {name} v1.0.0\n" for name in NAMES)
    (go.directory / "work" / "go.mod").write_text(f"module example.org/main\n\ngo 1.21\n{wanted}")
    go.run(mirror.url, "mod", "download")


def test_so_does_a_sync(rest: Rest, limited: Upstream) -> None:
    mirror = Mirror.create(rest, limited, policy="immediate")
    wanted = {"remote": mirror.remote, "modules": NAMES}
    rest.wait(rest.call("POST", f"{mirror.owner.repository}sync/", json=wanted))
    assert len(mirror.held()) == len(NAMES)


def test_who_would_have_to_wait_for_too_long_is_told_when_to_come(
    rest: Rest, upstream: Upstream
) -> None:
    async def later(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "600"})

    upstream.everything = later
    mirror = Mirror.create(rest, upstream, total_timeout=20.0)
    for file in ("list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"):
        answer = mirror.get(f"example.com/later/@v/{file}")
        assert answer.status_code == 503
        assert 500 < int(answer.headers["Retry-After"]) <= 601
        assert answer.text.count("\n") == 1 and "is limiting requests" in answer.text
    # All processes know of it.
    assert len(upstream.asked) == 1
