"""The front door, byte by byte."""

import asyncio
import gzip
import os
import resource
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pulp_gomod.app.content.frontdoor import spool
from tests.unit.app.frontdoor_rig import LIMIT, OK, Rig, chunked, request, rig

UPLOAD = "/api/packages/go/go/upload"
BIG = bytes(range(256)) * 4096 * 3

Scene = Callable[[Rig], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Run a scene with a door."""

    def run(scene: Scene, **options: Any) -> None:
        async def main() -> None:
            async with rig(tmp_path, **options) as here:
                await scene(here)

        asyncio.run(main())

    return run


Play = Callable[..., None]


@pytest.mark.parametrize(
    "target",
    [
        "/pulp/api/v3/status/",
        "/a/%21burnt!sushi/@v/v1.0.0%2Bincompatible",
        "/a%2Fb//c/../d/./e;f?q=%20+%21&empty=&q=2",
        "/%C3%A9%FF%2500",
    ],
)
def test_the_target_stays_as_it_was_written(play: Play, target: str) -> None:
    async def scene(here: Rig) -> None:
        answer = await here.get(target)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert here.api.seen[0].line == f"GET {target} HTTP/1.1"

    play(scene)


def test_headers_travel_and_those_of_the_hop_do_not(play: Play) -> None:
    async def scene(here: Rig) -> None:
        await here.get(
            "/",
            "Cookie: a=b",
            "Authorization: Basic eDp5",
            "Accept-Encoding: br",
            "X-One: 1",
            "X-One: 2",
            "X-Forwarded-For: 10.0.0.1",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Ssl: on",
            "X-Forwarded-Host: evil.example.com",
            "Forwarded: for=10.0.0.1",
            "Connection: x-secret",
            "X-Secret: 1",
            "Keep-Alive: timeout=5",
            "TE: trailers",
            "Proxy-Authorization: Basic eDp5",
        )
        seen = here.api.seen[0]
        assert sorted(seen.headers) == [
            ("accept-encoding", "br"),
            ("authorization", "Basic eDp5"),
            ("connection", "close"),
            ("cookie", "a=b"),
            ("host", "go.example.com"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "http"),
            ("x-one", "1"),
            ("x-one", "2"),
        ]

    play(scene)


@pytest.mark.parametrize("body", [b"", b"x", b"y" * spool.MEMORY, BIG], ids=len)
def test_a_chunked_body_arrives_whole_and_with_its_length(play: Play, body: bytes) -> None:
    async def scene(here: Rig) -> None:
        sent = request("PUT", UPLOAD, "Transfer-Encoding: chunked", body=chunked(body))
        assert (await here.send(sent)).startswith(b"HTTP/1.1 200")
        (seen,) = here.api.seen
        assert seen.values("content-length") == [str(len(body))]
        assert not seen.values("transfer-encoding")
        assert seen.body == body

    play(scene)


def test_a_body_with_its_length_arrives_whole(play: Play) -> None:
    async def scene(here: Rig) -> None:
        await here.send(request("POST", "/x", f"Content-Length: {len(BIG)}", body=BIG))
        assert here.api.seen[0].body == BIG

    play(scene)


@pytest.mark.parametrize("body", [gzip.compress(BIG), b"no gzip"], ids=["gzip", "no gzip"])
def test_a_compressed_body_is_not_taken(play: Play, body: bytes) -> None:
    async def scene(here: Rig) -> None:
        headers = ("Content-Encoding: gzip", f"Content-Length: {len(body)}")
        answer = await here.send(request("PUT", UPLOAD, *headers, body=body))
        assert answer.startswith(b"HTTP/1.1 415 ")
        assert b"\r\nAccept-Encoding: identity\r\n" in answer
        assert answer.count(b"\n") - answer.count(b"\r\n") == 1
        assert not here.api.seen
        assert not here.api.asked

    play(scene)


def test_a_slow_body_keeps_nobody_waiting(play: Play) -> None:
    async def scene(here: Rig) -> None:
        reader, writer = await here.connect()
        writer.write(request("PUT", UPLOAD, "Content-Length: 2000000", body=b"x" * 1_999_999))
        await writer.drain()
        await here.get("/first")
        assert [seen.line for seen in here.api.seen] == ["GET /first HTTP/1.1"]
        writer.write(b"x")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert here.api.seen[1].body == b"x" * 2_000_000

    play(scene)


def test_a_body_that_is_announced_too_large_is_not_waited_for(play: Play) -> None:
    async def scene(here: Rig) -> None:
        reader, writer = await here.connect()
        writer.write(request("PUT", UPLOAD, f"Content-Length: {LIMIT + 1}"))
        answer = await asyncio.wait_for(reader.readuntil(b"\n\r\n"), 5)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"\r\nConnection: close\r\n" in answer
        writer.close()
        assert not here.api.seen

    play(scene)


def test_a_chunked_body_that_grows_too_large_is_refused(play: Play) -> None:
    async def scene(here: Rig) -> None:
        body = chunked(b"x" * (LIMIT + 1))
        answer = await here.send(request("PUT", UPLOAD, "Transfer-Encoding: chunked", body=body))
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"8388608 bytes" in answer
        assert not here.api.seen

    play(scene)


def test_the_largest_body_is_taken(play: Play) -> None:
    async def scene(here: Rig) -> None:
        body = b"x" * LIMIT
        answer = await here.send(request("PUT", UPLOAD, f"Content-Length: {LIMIT}", body=body))
        assert answer.startswith(b"HTTP/1.1 200")

    play(scene)


@pytest.mark.parametrize(
    "tail", [b"", b"5\r\nabc", b"zz\r\n"], ids=["closed", "closed in a chunk", "no chunk"]
)
def test_a_body_that_breaks_off_leaves_nothing(play: Play, tmp_path: Path, tail: bytes) -> None:
    async def scene(here: Rig) -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        reader, writer = await here.connect()
        start = chunked(BIG).removesuffix(b"0\r\n\r\n")
        writer.write(request("PUT", UPLOAD, "Transfer-Encoding: chunked", body=start + tail))
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 15)
        writer.close()
        assert not here.api.seen
        assert os.listdir(tmp_path) == ["api.sock"]
        await asyncio.sleep(0.1)
        assert sorted(os.listdir("/proc/self/fd")) == before

    play(scene)


def test_a_client_that_falls_silent_is_sent_away(play: Play) -> None:
    async def scene(here: Rig) -> None:
        reader, writer = await here.connect()
        writer.write(request("PUT", UPLOAD, "Content-Length: 10", body=b"12345"))
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408 ")
        writer.close()
        assert not here.api.seen

    play(scene, window=0.2)


def test_the_disk_is_not_filled_to_the_brim(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "DISK_RESERVE", 1 << 60)

    async def scene(here: Rig) -> None:
        for headers, body in (
            (["Transfer-Encoding: chunked"], chunked(BIG)),
            ([f"Content-Length: {len(BIG)}"], b""),
        ):
            answer = await here.send(request("PUT", UPLOAD, *headers, body=body))
            assert answer.startswith(b"HTTP/1.1 507 ")
        # What fits into memory needs no disk.
        answer = await here.send(request("PUT", UPLOAD, "Content-Length: 1", body=b"x"))
        assert answer.startswith(b"HTTP/1.1 200 ")

    play(scene)


def test_a_write_that_the_system_refuses_is_a_full_disk(play: Play) -> None:
    async def scene(here: Rig) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, limits[1]))
        try:
            answer = await here.send(
                request("PUT", UPLOAD, f"Content-Length: {len(BIG)}", body=BIG)
            )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert answer.startswith(b"HTTP/1.1 507 ")
        assert not here.api.seen

    play(scene)


EXPECT = ("Expect: 100-continue", "Content-Length: 5")


UNAUTHORIZED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("PUT", UPLOAD, EXPECT),
        ("PUT", UPLOAD, (f"Content-Length: {spool.MEMORY + 1}",)),
        ("POST", "/nothing/here", ("Transfer-Encoding: chunked",)),
        ("PATCH", "/pulp/api/v3/x/", (f"Content-Length: {LIMIT}", "Content-Type: a/b")),
    ],
)
def test_a_body_is_refused_before_it_is_received(
    play: Play, method: str, target: str, headers: tuple[str, ...]
) -> None:
    async def scene(here: Rig) -> None:
        here.api.verdict = UNAUTHORIZED
        reader, writer = await here.connect()
        writer.write(request(method, target, "Authorization: Basic eDp5", *headers))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()
        assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
        assert b"WWW-Authenticate: Basic\r\n" in answer
        assert b"Connection: close\r\n" in answer
        assert not here.api.seen
        (asked,) = here.api.asked
        assert asked.line == f"OPTIONS {target} HTTP/1.1"
        assert asked.values("x-gomod-body-of") == [method]
        assert asked.values("authorization") == ["Basic eDp5"]
        for name in ("expect", "content-length", "content-type", "transfer-encoding"):
            assert not asked.values(name)

    play(scene)


def test_a_welcome_upload_is_told_to_continue(play: Play) -> None:
    async def scene(here: Rig) -> None:
        reader, writer = await here.connect()
        writer.write(request("PUT", UPLOAD, *EXPECT))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert len(here.api.asked) == 1
        assert [seen.body for seen in here.api.seen] == [b"hello"]

    play(scene)


def test_other_requests_are_told_to_continue_at_once(play: Play) -> None:
    async def scene(here: Rig) -> None:
        answer = await here.send(request("POST", "/pulp/api/v3/x/", *EXPECT, body=b"hello"))
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert [seen.body for seen in here.api.seen] == [b"hello"]
        assert not here.api.asked

    play(scene)


def test_an_api_that_does_not_know_the_question_is_sent_the_body(play: Play) -> None:
    async def scene(here: Rig) -> None:
        here.api.verdict = OK
        sent = request("POST", "/x", f"Content-Length: {len(BIG)}", body=BIG)
        assert (await here.send(sent)).startswith(b"HTTP/1.1 200 ")
        assert here.api.seen[0].body == BIG

    play(scene)


def test_a_page_about_the_question_is_a_bad_gateway(play: Play) -> None:
    async def scene(here: Rig) -> None:
        page = b"Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
        here.api.verdict = b"HTTP/1.1 500 Internal Server Error\r\n" + page
        answer = await here.send(request("PUT", UPLOAD, *EXPECT))
        assert answer.startswith(b"HTTP/1.1 502 ")

    play(scene)


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PROPFIND"])
def test_no_large_body_is_taken_with_other_methods(play: Play, method: str) -> None:
    async def scene(here: Rig) -> None:
        reader, writer = await here.connect()
        writer.write(request(method, "/x", f"Content-Length: {spool.MEMORY + 1}"))
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 413 ")
        writer.close()
        body = chunked(bytes(spool.MEMORY + 1))
        answer = await here.send(request(method, "/x", "Transfer-Encoding: chunked", body=body))
        assert answer.startswith(b"HTTP/1.1 413 ")
        small = request(method, "/x", "Content-Length: 5", body=b"hello")
        assert (await here.send(small)).startswith(b"HTTP/1.1 200 ")
        assert not here.api.asked
        assert [seen.body for seen in here.api.seen] == [b"hello"]

    play(scene)


def test_too_large_a_body_is_never_asked_for(play: Play) -> None:
    async def scene(here: Rig) -> None:
        headers = ("Expect: 100-continue", f"Content-Length: {LIMIT + 1}")
        reader, writer = await here.connect()
        writer.write(request("PUT", UPLOAD, *headers))
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()
        assert not here.api.seen

    play(scene)


def test_an_unknown_expectation_fails(play: Play) -> None:
    async def scene(here: Rig) -> None:
        answer = await here.get("/x", "Expect: miracles")
        assert answer.startswith(b"HTTP/1.1 417 ")

    play(scene)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (
            "GET",
            b"HTTP/1.1 302 Go Away\r\nLocation: http://127.0.0.1:1/\r\nSet-Cookie: a=1\r\n"
            b"Set-Cookie: b=2\r\nServer: own\r\nDate: own\r\nContent-Type: x/y\r\n"
            b"Content-Length: 2\r\n\r\nno",
        ),
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nContent-Encoding: gzip\r\nServer: s\r\n"
            b"Date: d\r\nContent-Length: 22\r\n\r\n" + gzip.compress(b"hi", mtime=0),
        ),
        (
            "HEAD",
            b"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nServer: s\r\nDate: d\r\n"
            b"Content-Length: 1234\r\n\r\n",
        ),
        ("DELETE", b"HTTP/1.1 204 No Content\r\nServer: s\r\nDate: d\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nServer: s\r\nDate: d\r\n\r\n"),
    ],
)
def test_the_answer_travels_as_it_is(play: Play, method: str, answer: bytes) -> None:
    async def scene(here: Rig) -> None:
        here.api.answer = lambda _: answer
        received = await here.send(request(method, "/x"))
        head, _, body = received.partition(b"\r\n\r\n")
        sent_head, _, sent_body = answer.partition(b"\r\n\r\n")
        head = head.replace(b"\r\nConnection: close", b"")
        assert head.partition(b"\r\n")[0] == sent_head.partition(b"\r\n")[0]
        assert sorted(head.lower().split(b"\r\n")) == sorted(sent_head.lower().split(b"\r\n"))
        assert body == sent_body

    play(scene)


def test_a_long_answer_of_unknown_length_is_passed_on(play: Play) -> None:
    async def scene(here: Rig) -> None:
        here.api.answer = lambda _: b"HTTP/1.1 200 OK\r\n\r\n" + BIG
        head, _, body = (await here.get("/x")).partition(b"\r\n\r\n")
        if b"chunked" in head.lower():
            body = _unchunk(body)
        assert body == BIG

    play(scene)


def _unchunk(data: bytes) -> bytes:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        if not int(size, 16):
            return body
        body += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]


def test_an_answer_that_breaks_off_looks_so(play: Play) -> None:
    async def scene(here: Rig) -> None:
        here.api.answer = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"
        answer = await here.get("/x")
        assert answer.endswith(b"12345")
        assert b"\r\nContent-Length: 10\r\n" in answer

    play(scene)


def test_a_page_about_an_error_is_a_bad_gateway_where_lines_are_promised(play: Play) -> None:
    async def scene(here: Rig) -> None:
        page = b"Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
        here.api.answer = lambda _: b"HTTP/1.1 500 Internal Server Error\r\n" + page
        answer = await here.send(request("PUT", UPLOAD, "Content-Length: 1", body=b"x"))
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert b"<html>" not in answer
        assert (await here.get("/pulp/api/v3/x")).startswith(b"HTTP/1.1 500 ")

    play(scene)


def test_an_api_that_is_away_is_a_bad_gateway(play: Play, tmp_path: Path) -> None:
    async def scene(here: Rig) -> None:
        here.api.path.unlink()
        answer = await here.send(request("PUT", UPLOAD, "Content-Length: 1", body=b"x"))
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert answer.endswith(b"Try again in a moment.\n")

    play(scene)


def test_an_api_that_comes_back_is_waited_for(play: Play) -> None:
    async def scene(here: Rig) -> None:
        away = here.api.path.with_suffix(".away")
        here.api.path.rename(away)
        sending = asyncio.create_task(
            here.send(request("PUT", UPLOAD, "Content-Length: 1", body=b"x"))
        )
        await asyncio.sleep(0.4)
        away.rename(here.api.path)
        assert (await sending).startswith(b"HTTP/1.1 200 ")
        assert [seen.body for seen in here.api.seen] == [b"x"]

    play(scene, patience=5)


def test_only_what_changes_nothing_is_asked_twice(play: Play) -> None:
    async def scene(here: Rig) -> None:
        here.api.answer = lambda _: b""
        assert (await here.send(request("POST", "/x"))).startswith(b"HTTP/1.1 502 ")
        assert len(here.api.seen) == 1
        here.api.answer = lambda _: OK if len(here.api.seen) > 2 else b""
        assert (await here.get("/x")).startswith(b"HTTP/1.1 200 ")

    play(scene, patience=2)


def test_content_is_not_forwarded(play: Play) -> None:
    async def scene(here: Rig) -> None:
        assert (await here.get("/api/packages/go/go/m/@v/list")).endswith(b"\r\n\r\ncontent")
        answer = await here.send(request("DELETE", "/pulp/content/go/m/@v/v1.0.0.zip"))
        assert answer.startswith(b"HTTP/1.1 405 ")
        assert b"\r\nAllow: GET, HEAD\r\n" in answer
        # With domains the content app has no route for the beginning of all content.
        assert (await here.get("/pulp/content/")).startswith(b"HTTP/1.1 404 ")
        assert not here.api.seen
        await here.send(request("DELETE", "/api/packages/go/go/m/@v/v1.0.0"))
        assert [seen.line for seen in here.api.seen] == [
            "DELETE /api/packages/go/go/m/@v/v1.0.0 HTTP/1.1"
        ]

    play(scene)


class Home:
    def __init__(self, path: str) -> None:
        self._path = path

    async def path(self, request: web.Request) -> str:
        return self._path


def test_browsers_are_led_on_from_where_they_are(play: Play) -> None:
    # A web server may have put something before the path.
    html, home = "Accept: text/html", "/api/packages/go/go/"
    cases = (("/", f".{home}"), ("/api/packages/team/go", "go/"))

    async def led(here: Rig) -> None:
        for path, elsewhere in cases:
            answer = (await here.get(path, html)).decode()
            assert answer.startswith("HTTP/1.1 302 ") and f"Location: {elsewhere}\r\n" in answer
            assert b" 302 " not in await here.get(path)
        assert [each.line for each in here.api.seen] == [
            f"GET {path} HTTP/1.1" for path, _ in cases
        ]
        assert b" 302 " not in await here.get("/api/packages/team/go/", html)

    async def stays(here: Rig) -> None:
        assert b" 302 " not in await here.get("/", html)

    play(led, home=Home(home))
    play(stays, home=Home(""))
    play(stays)
