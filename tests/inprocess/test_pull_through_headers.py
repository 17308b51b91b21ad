"""What an upstream may say in its headers, and where it may send us."""

import asyncio
import zlib

import pytest
from aiohttp import web

from tests.functional.upstream_world import Behaviour, Upstream
from tests.inprocess.mirrors import Mirror
from tests.inprocess.settings import configured
from tests.pins import AIOHTTP

LIST = b"v1.0.0\n"


def _raw(*lines: bytes, body: bytes = b"", status: bytes = b"200 OK") -> Behaviour:
    """Answer with these very bytes."""
    head = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *lines, b"", body]

    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.write(b"\r\n".join(head))
        request.transport.close()
        return web.Response()

    return answer


@pytest.mark.parametrize(
    "line",
    [
        b'ETag: "\xff\xfe"',
        b'ETag: "\x1b[31m"',
        b'ETag: "' + b"x" * 7000 + b'"',
        b"Last-Modified: \xff",
        b"Content-Type: \xff/\xfe; charset=none",
    ],
)
def test_headers_that_cannot_be_kept_do_no_harm(
    content_url: str, upstream: Upstream, line: bytes
) -> None:
    upstream.behaviours["example.com/h/@v/list"] = _raw(line, body=LIST)
    mirror = Mirror.create(content_url, upstream, cache_ttl=0)
    for _ in range(2):
        answer = mirror.get("example.com/h/@v/list")
        assert (answer.status_code, answer.content) == (200, LIST)


@pytest.mark.parametrize(
    "location",
    [
        b"http://127.0.0.1:99999/",
        b"http://[::1/",
        b"//\xff\xfe/x",
        b"http://e\x1b[31mvil.example/",
        b"http://\xc3\xa9vil.example/",
        b"file:///etc/passwd",
        b"gopher://127.0.0.1/",
        b"//169.254.169.254/latest/meta-data/",
        b"http://127.0.0.1:1/",
        b"http://me:secret@127.0.0.1:1/",
        b"http://127.0.0.1%00.example/",
        b"\t",
    ],
)
def test_redirects_to_anywhere_else(content_url: str, upstream: Upstream, location: bytes) -> None:
    upstream.everything = _raw(b"Location: " + location, status=b"302 Found")
    mirror = Mirror.create(content_url, upstream, sumdb="off", redirect_hosts="trusted.example")
    for file in ("list", "v1.0.0.zip"):
        answer = mirror.get(f"example.com/r/@v/{file}")
        assert answer.status_code == 502, answer.text
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text.count("\n") == 1 and " redirects " in answer.text
        assert answer.text.isascii() and answer.text.strip().isprintable()
        assert "secret" not in answer.text


BROKEN = {
    "no HTTP": b"garbage\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nv1.0.0\n",
    "wrong length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nv1.0.0\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nv1.0.0\n",
    "no chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nv1.0.0\r\n",
    "header with NUL": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 7\r\n\r\nv1.0.0\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nv1.0.0\n",
    "brotli": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 7\r\n\r\nv1.0.0\n",
}
_ENCODED = ("no gzip", "brotli")
if AIOHTTP < (3, 11):
    # It takes these, and what comes with them.
    del BROKEN["header with NUL"], BROKEN["many headers"]


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_http_is_told_in_plain_words(
    content_url: str, upstream: Upstream, case: str
) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.write(BROKEN[case])
        await asyncio.sleep(0.1)
        request.transport.close()
        return web.Response()

    upstream.everything = answer
    mirror = Mirror.create(content_url, upstream, max_retries=0)
    for file in ("list", "v1.0.0.zip"):
        told = mirror.get(f"example.com/b/@v/{file}")
        assert told.status_code == 502, told.text
        said = " compressed its response, " if case in _ENCODED else "'s response was cut off: "
        assert told.text.count("\n") == 1 and said in told.text
        # Where we were redirected to, the URL may be a signed one.
        assert upstream.url not in told.text and "400, message" not in told.text


def _bomb(size: int) -> bytes:
    """Compress that many MiB, without the time that this takes: each is what the one before is, but for the first."""
    packer, same = zlib.compressobj(wbits=31), b"0" * 1024 * 1024
    first, other = (packer.compress(same) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    # Nobody gets as far as the checksum.
    return first + other * (size - 1) + packer.flush()


def test_bombs_are_small(content_url: str, upstream: Upstream) -> None:
    bomb = _bomb(90)

    async def answer(request: web.Request) -> web.Response:
        found = not request.path.endswith(".info")
        headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
        return web.Response(body=bomb, headers=headers, status=200 if found else 404)

    upstream.everything = answer
    mirror = Mirror.create(content_url, upstream)
    with configured(GOMOD_MAX_ZIP_SIZE=50 * 1024 * 1024):
        for file in ("list", "v1.0.0.mod", "v1.0.0.zip"):
            told = mirror.get(f"example.com/b/@v/{file}")
            assert told.status_code == 502
            assert "sends more than the" in told.text
    told = mirror.get("example.com/b/@v/v1.0.0.info")
    assert told.status_code == 404 and len(told.content) < 5000
