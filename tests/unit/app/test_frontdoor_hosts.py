"""The names that the door knows."""

import asyncio
import ipaddress
from pathlib import Path

import pytest

from pulp_gomod.app.content.frontdoor.hosts import Hosts
from tests.unit.app.frontdoor_rig import rig

NAMES = ["localhost", "Go.example.com", ".corp.example.com"]


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8080",
        "go.example.com",
        "go.example.com.",
        "a.corp.example.com:1",
        "goserver:8080",
        "127.0.0.1:8080",
        "203.0.113.9",
        "[::1]:8080",
        "[2001:db8::1]",
    ],
)
def test_known(host: str) -> None:
    hosts = Hosts(NAMES)
    assert host in hosts
    assert host in hosts


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "localhost.evil.example.com",
        "corp.example.com.evil",
        "evil@localhost",
        "localhost/evil",
        "[::1",
        "127.0.0.1.evil.example.com",
        "0x7f.1",
        " ",
    ],
)
def test_unknown(host: str) -> None:
    assert host not in Hosts(NAMES)


def test_the_door_refuses_them_on_every_path(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(tmp_path, hosts=NAMES) as here:
            for path in ("/pulp/api/v3/status/", "/api/packages/go/go/x/@v/list"):
                for host, status in (("evil.example.com", 400), ("127.0.0.1", 200)):
                    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                    answer = await here.send(head.encode())
                    assert answer.startswith(b"HTTP/1.1 %d " % status), (path, host)
            assert len(here.api.seen) == 1

    asyncio.run(main())


def test_a_proxy_decides_for_itself(tmp_path: Path) -> None:
    async def main() -> None:
        loopback = [ipaddress.ip_network("127.0.0.0/8")]
        async with rig(tmp_path, hosts=NAMES, proxies=loopback) as here:
            head = b"GET / HTTP/1.1\r\nHost: pulp-content\r\nConnection: close\r\n\r\n"
            assert (await here.send(head)).startswith(b"HTTP/1.1 200 ")

    asyncio.run(main())
