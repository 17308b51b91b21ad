"""An upstream that misbehaves: what clients are told."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web
from django.db import InternalError, connection

from pulp_gomod.app.api.errors import explain
from tests.functional.test_pull_through_faults import FAULTS, FILES, check_fault
from tests.functional.upstream_world import Behaviour, Upstream, running
from tests.inprocess.mirrors import Mirror
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured

# MiB of the largest zip, where one is larger.
MOST = 8


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_and_pass(content_url: str, upstream: Upstream, fault: str) -> None:
    mirror = Mirror.create(content_url, upstream, sock_read_timeout=1.0)
    check_fault(upstream, mirror, fault)


@contextmanager
def read_only() -> Iterator[None]:
    """Let PostgreSQL write nothing, as a standby, or one that has lost its place to another."""

    def configure(change: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER SYSTEM {change}")
            cursor.execute("SELECT pg_reload_conf()")

    configure("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        configure("RESET default_transaction_read_only")


def test_a_database_that_cannot_be_written_is_told(content_url: str) -> None:
    with running() as upstream:
        upstream.add("example.com/m", "v1.0.0")
        mirror = Mirror.create(content_url, upstream)

        def status(number: int) -> int:
            # Each of them is news.
            return mirror.get(f"example.com/m/@v/v1.0.{number}.info").status_code

        with read_only():
            numbers = iter(range(100, 400))
            while (said := status(next(numbers))) == 404:
                time.sleep(0.1)
            assert said == 503
            refused = mirror.get("example.com/m/@v/v1.0.0.info")
            assert refused.status_code == 503
            assert refused.text == "unavailable: the server's database is not responding\n"
        while (said := status(next(numbers))) == 503:
            time.sleep(0.1)
        assert said == 404 and status(0) == 200


def test_the_api_tells_it_as_well(content_url: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            with pytest.raises(InternalError) as failed:
                Owner.create(content_url)
        finally:
            cursor.execute("SET default_transaction_read_only = off")
    told = explain(failed.value)
    assert told is not None and told.status == 503 and told.headers["Retry-After"]


def _without_length(body: bytes) -> Behaviour:
    """Send something whose end is that of the connection, so that nobody sees that it was cut off."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Connection": "close"})
        response._send_headers_immediately = True
        assert request.transport
        request.transport.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        request.transport.close()
        return response

    return answer


async def _oversized(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _ in range(MOST + 1):
        await response.write(b"x" * 1024 * 1024)
    return response


def test_oversized_zips_are_refused(content_url: str, upstream: Upstream) -> None:
    upstream.behaviours["example.com/big/@v/v1.0.0.zip"] = _oversized
    mirror = Mirror.create(content_url, upstream)
    with configured(GOMOD_MAX_ZIP_SIZE=MOST * 1024 * 1024):
        answer = mirror.get("example.com/big/@v/v1.0.0.zip")
    assert answer.status_code == 502
    assert f"more than the {MOST * 1024 * 1024} bytes" in answer.text


def test_an_upstream_that_is_gone_costs_little(content_url: str) -> None:
    with running() as upstream:
        mirror = Mirror.create(content_url, upstream)
    began = time.monotonic()
    for _ in range(5):
        answer = mirror.get("example.com/x/@v/list")
        assert (answer.status_code, "cannot be reached" in answer.text) == (502, True)
    # With one wait for a connection each it would be more than a minute.
    assert time.monotonic() - began < 40


def test_what_is_no_answer_is_a_fault_and_passes(content_url: str, upstream: Upstream) -> None:
    made = upstream.add("example.com/cut", "v1.0.0")
    upstream.latest["example.com/cut"] = made.info
    mirror = Mirror.create(content_url, upstream)
    broken = {
        "@v/list": [b'{"error": "quota"}'],
        "@latest": [b"", b"[]", made.info[:-5], b'{"Time": "2020-02-03T04:05:06Z"}'],
        "@v/v1.0.0.info": [b"", b"null", b'"v1.0.0"', made.info[:-5], b"{}", b'{"Version": 1}'],
        "@v/v1.0.0.mod": [b"", b" \n", b'{"errors": []}', b"\xef\xbb\xbf<html>", b"\n<html>"],
        "@v/v1.0.0.zip": [b"", made.zip[:-30], made.zip[: len(made.zip) // 2], made.info],
        "@v/main.zip": [b"", made.zip[:-30]],
    }
    for file, bodies in broken.items():
        path = f"example.com/cut/{file}"
        for body in bodies:
            upstream.behaviours[path] = _without_length(body)
            answer = mirror.get(path)
            assert answer.status_code == 502, (file, body, answer.text)
            assert answer.text.startswith("bad gateway: the upstream"), answer.text
        del upstream.behaviours[path]
    for file in FILES:
        assert mirror.get(f"example.com/cut/{file}").status_code == 200, file


def test_redirects_and_credentials(content_url: str, upstream: Upstream) -> None:
    made = upstream.add("example.com/r", "v1.0.0")
    with running() as elsewhere:

        async def leave(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{elsewhere.url}/stored.zip"})

        async def stay(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": "/proxy/other/list"})

        async def stored(_: web.Request) -> web.Response:
            return web.Response(body=made.zip)

        async def listed(_: web.Request) -> web.Response:
            return web.Response(text="v1.0.0\n")

        upstream.behaviours |= {
            "example.com/r/@v/v1.0.0.zip": leave,
            "example.com/r/@v/list": stay,
            "other/list": listed,
        }
        elsewhere.behaviours["stored.zip"] = stored
        mirror = Mirror.create(
            content_url, upstream, username="me", password="secret", headers=[{"X-Token": "abc"}]
        )
        refused = mirror.get("example.com/r/@v/v1.0.0.zip")
        assert (refused.status_code, "redirect_hosts" in refused.text) == (502, True)
        assert elsewhere.asked == []
        assert mirror.get("example.com/r/@v/list").text == "v1.0.0\n"
        assert all("Authorization" in each and each["X-Token"] for each in upstream.headers)
        mirror.change(redirect_hosts="127.0.0.1")
        assert mirror.get("example.com/r/@v/v1.0.0.zip").content == made.zip
        (sent,) = elsewhere.headers
        assert "Authorization" not in sent and "X-Token" not in sent


def test_credentials_do_not_come_back_after_leaving(content_url: str, upstream: Upstream) -> None:
    with running() as elsewhere:

        async def leave(_: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{elsewhere.url}/back"})

        async def back(_: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{upstream.url}/steal"})

        async def steal(_: web.Request) -> web.Response:
            return web.Response(text="v1.0.0\n")

        upstream.behaviours |= {"example.com/s/@v/list": leave, "steal": steal}
        elsewhere.behaviours["back"] = back
        mirror = Mirror.create(
            content_url, upstream, username="me", password="secret", redirect_hosts="127.0.0.1"
        )
        assert mirror.get("example.com/s/@v/list").status_code == 200
    sent = dict(zip(upstream.asked, upstream.headers, strict=True))
    assert "Authorization" in sent["example.com/s/@v/list"]
    assert "Authorization" not in sent["steal"]


def test_a_slow_refresh_is_not_waited_for(content_url: str, upstream: Upstream) -> None:
    upstream.add("example.com/slow", "v1.0.0")
    mirror = Mirror.create(content_url, upstream, cache_ttl=1)
    assert mirror.get("example.com/slow/@v/list").text == "v1.0.0\n"
    upstream.add("example.com/slow", "v1.1.0")

    go_on = threading.Event()

    async def slowly(request: web.Request) -> web.Response:
        while not go_on.is_set():
            await asyncio.sleep(0.05)
        return upstream.answer(request.match_info["path"])

    upstream.behaviours["example.com/slow/@v/list"] = slowly
    time.sleep(1.1)
    # Who waited for it would do so until the upstream goes on, which it does only afterwards.
    try:
        assert mirror.get("example.com/slow/@v/list").text == "v1.0.0\n"
    finally:
        go_on.set()
    end = time.monotonic() + 30
    while mirror.get("example.com/slow/@v/list").text != "v1.0.0\nv1.1.0\n":
        assert time.monotonic() < end
        time.sleep(0.2)
