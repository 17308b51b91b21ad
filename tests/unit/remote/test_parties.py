"""Each fault names who failed and on which host, and what can be done; and what cannot work is refused early."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from rest_framework.serializers import ValidationError
from yarl import URL

from pulp_gomod.app.remote.http.results import UpstreamDead, UpstreamFault
from pulp_gomod.app.remote.settings import Proxy
from pulp_gomod.app.serializers import connection
from pulp_gomod.golang.sumdb import GoSumDB
from tests.unit.remote.asking_world import Behaviour, unused_port, world

SUMDB = GoSumDB("sum.example.org", "key")


def fault(behave: Behaviour | None = None, *, trusted: bool = True, **settings: Any) -> str:
    """Return what a client is told; {here} stands for the host that was asked."""

    async def ask() -> str:
        async with world(behave, retries=0, **settings) as made:
            with pytest.raises(UpstreamFault) as failed:
                await made.get(trusted=trusted)
            return failed.value.line.replace(f"127.0.0.1:{made.port}", "{here}")

    return asyncio.run(ask())


def test_who_cannot_be_reached() -> None:
    assert fault() == "the upstream {here} cannot be reached: Connection refused"
    line = fault(trusted=False, sumdb=SUMDB)
    assert line.startswith(
        "the checksum database sum.example.org at {here} cannot be reached: Connection refused; allow "
        "this server to reach {here}, or configure the remote remote: "
    )
    assert "sumdb" in line and "nosumdb" in line and "upstream" not in line


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-proxy.invalid"])
def test_the_proxy_that_cannot_be_reached(host: str) -> None:
    port = unused_port()
    for trusted in (True, False):
        line = fault(trusted=trusted, proxy=Proxy(f"http://{host}:{port}"), sumdb=SUMDB)
        assert line.startswith(
            f"the proxy {host}:{port} (proxy_url of the remote remote) cannot be reached: "
        )


async def _asked_through_a_proxy(reply: bytes, scheme: str) -> str:
    """Return what a client is told where a proxy answers like this; {proxy} stands for it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async with await asyncio.start_server(answer, "::1") as proxy:
        port = proxy.sockets[0].getsockname()[1]
        given = Proxy(f"http://[::1]:{port}")
        async with world(None, retries=0, proxy=given) as made:
            with pytest.raises(UpstreamFault) as failed:
                await made.fetcher.document(URL(f"{scheme}://go.example.com/x"), 1000)
    return failed.value.line.replace(f"[::1]:{port}", "{proxy}")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_asks_who_we_are_is_named_and_not_the_upstream(scheme: str) -> None:
    reply = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    line = asyncio.run(_asked_through_a_proxy(reply, scheme))
    assert line == (
        "the proxy {proxy} (proxy_url of the remote remote) answered 407 Proxy Authentication Required"
    )


@pytest.mark.parametrize(
    ("scheme", "reply", "fails"),
    [
        ("http", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", " answered 403 Forbidden"),
        ("http", b"", "'s response was cut off: Server disconnected"),
        ("https", b"", "'s response was cut off: Server disconnected"),
        (
            "https",
            b"HTTP/1.1 200 OK\r\n\r\n",
            " cannot be reached: the connection was closed during the TLS handshake",
        ),
    ],
)
def test_what_may_be_the_fault_of_a_proxy_names_it(scheme: str, reply: bytes, fails: str) -> None:
    line = asyncio.run(_asked_through_a_proxy(reply, scheme))
    assert line == f"the upstream go.example.com (through the proxy {{proxy}}){fails}"


def test_a_proxy_of_the_environment_is_not_asked_and_that_is_said_where_it_would_help(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://me:secret@proxy.example.com:3128")
    assert fault() == (
        "the upstream {here} cannot be reached: Connection refused; http_proxy is not used here: "
        "the remote remote needs a proxy_url"
    )
    port = unused_port()
    line = fault(proxy=Proxy(f"http://127.0.0.1:{port}"))
    assert line.endswith("(proxy_url of the remote remote) cannot be reached: Connection refused")


def test_who_answers_with_an_error() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=403, text="not for you")

    assert fault(refuse) == "the upstream {here} answered 403 Forbidden (not for you)"
    line = fault(refuse, trusted=False, sumdb=SUMDB)
    assert line.startswith("the checksum database sum.example.org at {here} answered 403")


def test_where_an_upstream_redirects_to() -> None:
    port = unused_port()

    async def leave(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://localhost:{port}/x"})

    assert fault(leave, redirect_hosts=("localhost",)).startswith(
        f"the upstream {{here}}, which redirects to localhost:{port}, cannot be reached: "
    )
    assert fault(leave).startswith(
        f"the upstream {{here}} redirects to localhost:{port}, which is not"
    )


def test_who_is_known_to_be_dead_is_named_once() -> None:
    async def ask() -> str:
        async with world(None, retries=0) as made:
            for _ in range(2):
                with pytest.raises(UpstreamFault) as failed:
                    await made.get()
            assert isinstance(failed.value, UpstreamDead)
            return failed.value.line.replace(f"127.0.0.1:{made.port}", "{here}")

    line = asyncio.run(ask())
    assert line.startswith("the upstream {here} cannot be reached: Connection refused; it will be")


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "proxy.example.com:3128",
        "socks5://proxy.example.com:1080",
        "http://",
        "http://:3128",
        "http://proxy.example.com:99999",
        "http://proxy.example.com:0",
        "http://proxy.example.com/path",
        "http://proxy.example.com\n",
        "http://pro xy.example.com",
        "http://me:secret@proxy.example.com:3128",
    ],
)
def test_what_is_no_proxy(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        connection.validate_proxy(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "headers",
    [
        [{"X-Token": "se\r\ncret"}],
        [{"X-Token": "secret\0"}],
        [{"X-Token": "secret\x7f"}],
        [{"X-Token": 1}],
        [{"X Token": "secret"}],
        [{"X-Token:": "secret"}],
        [{"": "secret"}],
        [{"X-Tök": "secret"}],
        [{"Content-Length": "5"}],
        [{"transfer-encoding": "chunked"}],
        [{"Host": "elsewhere"}],
        ["X-Token: secret"],
    ],
)
def test_headers_that_cannot_be_sent(headers: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        connection.validate_headers(headers)
    assert "cret" not in str(refused.value)


def test_what_can_be_sent() -> None:
    connection.validate_headers([{"X-Token": "a b\tc", "Authorization": "Bearer x"}, {}])
    connection.validate_headers(None)
    for url in ("http://proxy:3128", "https://[::1]:3128/", "http://10.0.0.1"):
        connection.validate_proxy(url)
    connection.validate_login("me", "p:ä ")


@pytest.mark.parametrize(("name", "password"), [("a:b", None), ("a\n", None), (None, "secret\n")])
def test_logins_that_cannot_be_sent(name: str | None, password: str | None) -> None:
    with pytest.raises(ValidationError):
        connection.validate_login(name, password)


def test_certificates_that_are_none() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"
    for text in ("none", pem):
        with pytest.raises(ValidationError):
            connection.validate_ca(text)
        with pytest.raises(ValidationError):
            connection.validate_client(text, text)
