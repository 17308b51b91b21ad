"""An upstream that misbehaves: what clients are told, what is kept of it, and what still works."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from uuid import uuid4

import pytest
import requests
from aiohttp import web

from tests.functional.rest_api import REMOTES, Rest
from tests.functional.upstream_world import Behaviour, Mirror, Upstream
from tests.gomods import pack


def _status(code: int) -> Behaviour:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=code, text=f"status {code}\n")

    return answer


# Seconds for which an upstream that hangs says nothing.
HANG = 30.0
# Content processes of the server: each has to find out by itself.
PROCESSES = 2
# Who waits for it does so for two seconds, and nobody else takes most of that, on a busy machine either.
WAITED = 1.5


async def _hang(_: web.Request) -> web.Response:
    await asyncio.sleep(HANG)
    return web.Response(text="late")


async def _page(_: web.Request) -> web.Response:
    return web.Response(text="\n <!DOCTYPE html><p>Sign in</p>", content_type="text/html")


async def _reset(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def _truncated(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    await response.prepare(request)
    await response.write(b"PK\x03\x04 and no more")
    assert request.transport
    request.transport.close()
    return response


async def _nowhere(_: web.Request) -> web.Response:
    return web.Response(status=302)


async def _round(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": str(request.rel_url)})


FAULTS: dict[str, tuple[Behaviour, int]] = {
    "401": (_status(401), 502),
    "403": (_status(403), 502),
    "429": (_status(429), 502),
    "500": (_status(500), 502),
    "503": (_status(503), 502),
    "504": (_status(504), 504),
    "204": (_status(204), 502),
    "hang": (_hang, 504),
    "page": (_page, 502),
    "reset": (_reset, 502),
    "truncated": (_truncated, 502),
    "redirect to nowhere": (_nowhere, 502),
    "redirect in a circle": (_round, 502),
}
# Seconds in which a fault is over for everybody.
_PASSED = 10.0
FILES = ("@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip")


class Reads(Protocol):
    """A distribution that pulls through."""

    def get(self, path: str) -> requests.Response:
        """Read a path of the protocol."""


def check_fault(upstream: Upstream, mirror: Reads, fault: str) -> None:
    """Have an upstream misbehave, and hold each file to what clients are to be told then, and afterwards."""
    behaviour, status = FAULTS[fault]
    made = upstream.add("example.com/f", "v1.0.0")
    upstream.latest["example.com/f"] = made.info
    upstream.everything = behaviour
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda file: mirror.get(f"example.com/f/{file}"), FILES))
    for file, answer in zip(FILES, answers, strict=True):
        assert answer.status_code == status, (file, answer.text)
        assert answer.headers["Content-Type"].startswith("text/plain"), file
        assert answer.text.count("\n") == 1 and "upstream" in answer.text, answer.text
    upstream.everything = None
    # What a zip is compared with may still be asked for, in vain, when all have been answered.
    end = time.monotonic() + _PASSED
    for file in FILES:
        while (answer := mirror.get(f"example.com/f/{file}")).status_code != 200:
            assert time.monotonic() < end, (file, answer.text)


# One of each kind; all of them are tried with the content app alone (tests/inprocess).
@pytest.mark.parametrize("fault", ["503", "hang", "truncated"])
def test_faults_are_told_and_pass(rest: Rest, upstream: Upstream, fault: str) -> None:
    check_fault(upstream, Mirror.create(rest, upstream, sock_read_timeout=1.0), fault)


def test_malformed_modules_are_passed_on_and_not_kept(rest: Rest, upstream: Upstream) -> None:
    made = upstream.add("example.com/bad", "v1.0.0")
    made.zip = pack("example.com/bad@v1.0.0/", [("x/go.mod", b"module x\n"), ("a.go", b"")])
    made.info = b'{"Version": "v1.0.0", "Time": "yesterday"}'
    other = upstream.add("example.com/other", "v1.0.0")
    other.mod, other.info = b"no go.mod\n", b'{"Version": "v1.0.1"}'
    other.zip = upstream.add("example.com/bad", "v1.0.1").zip
    mirror = Mirror.create(rest, upstream)
    for path, version in (("example.com/bad", made), ("example.com/other", other)):
        for _ in range(2):
            for file in ("info", "mod", "zip"):
                answer = mirror.get(f"{path}/@v/v1.0.0.{file}")
                assert (answer.status_code, answer.content) == (200, getattr(version, file))
    time.sleep(7)
    assert mirror.held() == []


def test_other_bytes_than_before_are_refused(rest: Rest, upstream: Upstream) -> None:
    upstream.add("example.com/moved", "v1.0.0")
    mirror = Mirror.create(rest, upstream)
    assert mirror.get("example.com/moved/@v/v1.0.0.zip").status_code == 200
    mirror.until(lambda: mirror.held() == ["example.com/moved@v1.0.0"], 30)
    cleaned = rest.call("POST", f"{mirror.owner.repository}cleanup/", json={"max_size": 0})
    rest.wait(cleaned)
    assert mirror.held() == []
    upstream.add("example.com/moved", "v1.0.0", **{"evil.go": "package a\n"})
    answer = mirror.get("example.com/moved/@v/v1.0.0.zip")
    assert answer.status_code == 502
    assert "SECURITY ERROR" in answer.text


def test_what_no_connection_can_be_made_with_is_refused(rest: Rest, upstream: Upstream) -> None:
    fine = {"name": f"refused-{uuid4().hex[:8]}", "url": upstream.url}
    wrong: dict[str, dict[str, Any]] = {
        "proxy_url": {"proxy_url": "foo"},
        "headers": {"headers": [{"X-Token": "a\r\nb"}]},
        "username": {"username": "a:b", "password": "c"},
        "ca_cert": {"ca_cert": "no certificate"},
        "client_cert": {"client_cert": "none", "client_key": "none"},
        "url": {"url": f"{upstream.url}/a b"},
    }
    for field, settings in wrong.items():
        answer = rest.call("POST", REMOTES, json=fine | settings)
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.text
    remote = rest.create(REMOTES, **fine, headers=[{"Authorization": "Bearer x"}])
    wrong["headers"] = {"username": "me", "password": "secret"}
    for field, settings in wrong.items():
        answer = rest.call("PATCH", remote["pulp_href"], json=settings)
        assert (answer.status_code, list(answer.json())) == (400, [field]), answer.text


def test_nobody_waits_twice_for_a_hanging_upstream(rest: Rest, upstream: Upstream) -> None:
    mirror = Mirror.create(rest, upstream, mix="example.com/m")
    ours = pack("example.com/m@v0.9.0/", [("go.mod", b"module example.com/m\n")])
    assert mirror.owner.put(ours).status_code == 201
    upstream.everything = _hang
    taken = []
    for path in ("example.com/m/@v/list", "example.com/m/@latest") * 5:
        began = time.monotonic()
        assert mirror.get(path).status_code == 200
        taken.append(time.monotonic() - began)
    assert sum(seconds > WAITED for seconds in taken) <= PROCESSES, taken
    assert max(taken) < HANG / 2


def test_local_modules_do_not_wait_for_a_hanging_upstream(rest: Rest, upstream: Upstream) -> None:
    mirror = Mirror.create(rest, upstream)
    ours = pack("example.com/ours@v1.0.0/", [("go.mod", b"module example.com/ours\n")])
    assert mirror.owner.put(ours).status_code == 201
    quiet = _latencies(mirror)
    upstream.everything = _hang
    with ThreadPoolExecutor(80) as pool:
        waiting = [
            pool.submit(_give_up_after, 12.0, f"{mirror.url}/example.com/hang{n}/@v/v1.0.0.{file}")
            for n in range(20)
            for file in ("info", "mod", "zip")
        ]
        time.sleep(3)
        busy = _latencies(mirror)
        listed = time.monotonic()
        assert mirror.get("example.com/ours/@v/list").text == "v1.0.0\n"
        assert mirror.get("example.com/ours/@latest").json()["Version"] == "v1.0.0"
        # Far less than the upstream takes, and more than a machine that is busy with other tests.
        assert time.monotonic() - listed < HANG / 3
        del waiting
    assert sorted(busy)[len(busy) // 2] < 3 * sorted(quiet)[len(quiet) // 2] + 0.5


def _latencies(mirror: Mirror) -> list[float]:
    taken = []
    for _ in range(10):
        for file in ("info", "mod", "zip"):
            began = time.monotonic()
            assert mirror.get(f"example.com/ours/@v/v1.0.0.{file}").status_code == 200
            taken.append(time.monotonic() - began)
    return taken


def _give_up_after(seconds: float, url: str) -> None:
    with pytest.raises(requests.RequestException):
        requests.get(url, timeout=seconds)
