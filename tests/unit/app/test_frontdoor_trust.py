"""The front door behind a proxy, and what it says to the API in its own name."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from tests.unit.app.frontdoor_rig import OK, Rig, Seen, request, rig

UPLOAD = "/api/packages/go/go/upload"
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
ELSEWHERE = [ipaddress.ip_network("10.0.0.0/8")]

Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs a scene with a door of its own."""

    def run(scene: Callable[[Rig], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            async with rig(tmp_path, **options) as here:
                await scene(here)

        asyncio.run(main())

    return run


def test_a_proxy_that_is_trusted_is_added_to_what_it_says(play: Play) -> None:
    async def scene(here: Rig) -> None:
        await here.get(
            "/",
            "X-Forwarded-For: 203.0.113.9",
            "X-Forwarded-For: 10.1.2.3",
            "X-Forwarded-Proto: https",
        )
        (seen,) = here.api.seen
        assert seen.values("x-forwarded-for") == ["203.0.113.9,10.1.2.3, 127.0.0.1"]
        assert seen.values("x-forwarded-proto") == ["https"]

    play(scene, proxies=LOOPBACK)


def test_a_proxy_that_says_nothing_is_the_client(play: Play) -> None:
    async def scene(here: Rig) -> None:
        await here.get("/")
        (seen,) = here.api.seen
        assert seen.values("x-forwarded-for") == ["127.0.0.1"]
        assert seen.values("x-forwarded-proto") == ["http"]

    play(scene, proxies=LOOPBACK)


def test_a_client_is_no_proxy(play: Play) -> None:
    async def scene(here: Rig) -> None:
        await here.get("/", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https")
        (seen,) = here.api.seen
        assert seen.values("x-forwarded-for") == ["127.0.0.1"]
        assert seen.values("x-forwarded-proto") == ["http"]

    play(scene, proxies=ELSEWHERE)


SAID_OF_WHO_ASKS = (
    "X-Client-Cert: a%20certificate",
    "x_client_cert: a%20certificate",
    "Remote-User: admin",
    "REMOTE_USER: admin",
    "X-RH-Identity: eyJ9",
    "X-Real-IP: 10.0.0.1",
    "X-Forwarded-User: admin",
)


@pytest.mark.parametrize("variable", ["SCRIPT_NAME: /pulp", "PATH_INFO: /auth/login/", "x_team: 1"])
def test_a_client_sets_no_variables_of_the_api(play: Play, variable: str) -> None:
    async def scene(here: Rig) -> None:
        await here.get("/", variable, *SAID_OF_WHO_ASKS)
        (seen,) = here.api.seen
        assert {name for name, _ in seen.headers} == {
            "host",
            "connection",
            "x-forwarded-for",
            "x-forwarded-proto",
        }

    play(scene, proxies=ELSEWHERE)


@pytest.mark.parametrize("variable", ["SCRIPT_NAME", "PATH_INFO", "x_client_cert"])
def test_nor_does_it_by_a_proxy(play: Play, variable: str) -> None:
    async def scene(here: Rig) -> None:
        await here.get("/", f"{variable}: /pulp")
        (seen,) = here.api.seen
        assert seen.values(variable.lower()) == []

    play(scene, proxies=LOOPBACK)


def test_a_proxy_says_who_asks(play: Play) -> None:
    async def scene(here: Rig) -> None:
        await here.get("/", *SAID_OF_WHO_ASKS)
        (seen,) = here.api.seen
        for line in SAID_OF_WHO_ASKS:
            name, _, value = line.partition(": ")
            assert seen.values(name.lower()) == ([] if "_" in name else [value])

    play(scene, proxies=LOOPBACK)


class Waiter:
    """Answers for each change at once, and notes for which."""

    def __init__(self) -> None:
        self.changes: list[UUID] = []

    async def wait_for(self, change: UUID, accept: str) -> web.Response:
        self.changes.append(change)
        return web.Response(status=201, headers={"X-Waited": "yes"})

    async def close(self) -> None:
        pass


def test_the_door_waits_for_what_the_api_has_stored(play: Play) -> None:
    waiter, change = Waiter(), uuid4()

    def answer(seen: Seen) -> bytes:
        return (
            b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n"
            + f"X-Gomod-Change: {change}\r\n\r\n".encode()
        )

    async def scene(here: Rig) -> None:
        here.api.answer = answer
        got = await here.send(request("PUT", UPLOAD, "Content-Length: 1", body=b"x"))
        assert got.startswith(b"HTTP/1.1 201 ")
        assert b"X-Waited: yes" in got
        assert here.api.seen[0].values("x-gomod-waiter") == ["1"]

    play(scene, changes=waiter)
    assert waiter.changes == [change]


def test_other_answers_are_not_waited_for(play: Play) -> None:
    waiter = Waiter()

    async def scene(here: Rig) -> None:
        got = await here.send(request("PUT", UPLOAD, "Content-Length: 1", body=b"x"))
        assert got.endswith(b"ok")

    play(scene, changes=waiter)
    assert waiter.changes == []


def test_nobody_else_speaks_in_the_name_of_the_door(play: Play) -> None:
    async def scene(here: Rig) -> None:
        here.api.answer = lambda seen: OK
        await here.get("/", "X-Gomod-Waiter: 1", "X-Gomod-Change: 1", "X-Gomodular: 1")
        (seen,) = here.api.seen
        assert [name for name, _ in seen.headers if name.startswith("x-gomod")] == ["x-gomodular"]

    play(scene)
