"""The API's few workers are for everybody: tokens that somebody makes up come no further than the front door, and a flood waits there for itself."""

import asyncio
import ipaddress
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from pulp_gomod.app.auth import refusals, tokens
from pulp_gomod.app.auth.secret import new_secret
from pulp_gomod.app.content import services
from pulp_gomod.app.content.frontdoor.credentials import Credentials
from pulp_gomod.app.content.frontdoor.places import LIGHT_BODY, DoorPlaces
from pulp_gomod.app.content.repository.guard import GuardCache
from pulp_gomod.verifier.places import Places
from tests.inprocess.test_guards import Reader
from tests.inprocess.test_made_up_tokens import ELSEWHERE, STRANGER, Statements, token_of
from tests.unit.app.frontdoor_rig import Rig, Seen, request, rig

UPLOAD = "/api/packages/go/go/upload"
REST = "/pulp/api/v3/repositories/"
MANY = 20
WORKERS = 2
MARK = refusals.WORTHLESS.lower()
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]

Play = Callable[..., None]


@pytest.fixture
def door() -> Credentials:
    return Credentials(WORKERS)


@pytest.fixture
def play(content_url: str, tmp_path: Path, door: Credentials) -> Play:
    """Run a scene with a door that verifies credentials."""

    def run(scene: Callable[[Rig], Awaitable[None]]) -> None:
        async def main() -> None:
            gate: Any = GuardCache()
            shared: dict[web.AppKey[Any], Any] = {services.KEY: SimpleNamespace(gate=gate)}
            async with rig(tmp_path, credentials=door, proxies=LOOPBACK, services=shared) as here:
                await scene(here)
            gate.close()

        asyncio.run(main())

    return run


def basic(secret: str) -> str:
    return f"Authorization: Basic {b64encode(f'__token__:{secret}'.encode()).decode()}"


def bearer(secret: str) -> str:
    return f"Authorization: Bearer {secret}"


def put(target: str, *headers: str, body: bytes = b"x") -> bytes:
    return request("PUT", target, f"Content-Length: {len(body)}", *headers, body=body)


@pytest.mark.parametrize("header", [basic, bearer])
@pytest.mark.parametrize("target", [UPLOAD, REST])
def test_what_changes_something_is_refused_at_the_door(
    play: Play, header: Callable[[str], str], target: str
) -> None:
    async def scene(here: Rig) -> None:
        answer = await here.send(put(target, header(new_secret())))
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert refusals.INVALID.encode() in answer
        assert b"WWW-Authenticate: Basic" in answer
        assert not here.api.seen

    play(scene)


@pytest.mark.parametrize("header", [basic, bearer])
def test_good_tokens_go_on_and_made_up_ones_are_marked(
    play: Play, header: Callable[[str], str]
) -> None:
    good = token_of(Reader())

    async def scene(here: Rig) -> None:
        for _ in range(2):
            assert (await here.send(put(UPLOAD, header(good)))).startswith(b"HTTP/1.1 200 ")
        await here.get(REST, header(good))
        await here.get(REST, header(new_secret()))
        marks = [seen.values(MARK) for seen in here.api.seen]
        assert marks == [[], [], [], ["1"]]

    play(scene)


def test_the_api_is_asked_one_at_a_time_for_tokens_that_are_made_up(
    play: Play, door: Credentials
) -> None:
    good = token_of(Reader())

    async def scene(here: Rig) -> None:
        free = asyncio.Event()

        async def wait(seen: Seen) -> None:
            if seen.values(MARK):
                await free.wait()

        def get(address: str, secret: str) -> "asyncio.Task[bytes]":
            headers = (f"X-Forwarded-For: {address}", bearer(secret))
            return asyncio.create_task(here.get(REST, *headers))

        here.api.before = wait
        sent = [get(STRANGER, new_secret()) for _ in range(MANY)]
        await until(lambda: waiting(door) == MANY - 1 and len(here.api.seen) == 1)
        sent.append(get(ELSEWHERE, new_secret()))
        await until(lambda: waiting(door) == MANY)
        assert (await get(STRANGER, good)).startswith(b"HTTP/1.1 200 ")
        assert [seen.values(MARK) for seen in here.api.seen] == [["1"], []]
        free.set()
        assert all(each.startswith(b"HTTP/1.1 200 ") for each in await asyncio.gather(*sent))
        marked = [seen for seen in here.api.seen if seen.values(MARK)]
        by = [seen.values("x-forwarded-for")[0].split(",")[0] for seen in marked]
        # One of the stranger's had begun, and one had its turn before.
        assert by.index(ELSEWHERE) == 2
        assert len(by) == MANY + 1

    play(scene)


def test_whoever_asks_for_much_leaves_the_api_to_others(play: Play) -> None:
    good = token_of(Reader())

    async def scene(here: Rig) -> None:
        free = asyncio.Event()

        async def wait(seen: Seen) -> None:
            if not seen.values("authorization"):
                await free.wait()

        def get(address: str, *headers: str) -> "asyncio.Task[bytes]":
            return asyncio.create_task(here.get(REST, f"X-Forwarded-For: {address}", *headers))

        here.api.before = wait
        flood = [get(STRANGER) for _ in range(MANY)]
        await until(lambda: len(here.api.seen) == WORKERS)
        # Of the same address, too, whoever has shown that it belongs here.
        for address in (STRANGER, ELSEWHERE):
            answer = await get(address, bearer(good))
            assert answer.startswith(b"HTTP/1.1 200 ")
        other = get(ELSEWHERE)
        await until(lambda: len(here.api.seen) == WORKERS + 3)
        assert not any(each.done() for each in flood)
        free.set()
        for answer in await asyncio.gather(*flood, other):
            assert answer.startswith(b"HTTP/1.1 200 ")

    play(scene)


def test_all_of_whom_nobody_tells_the_address_are_one_client(play: Play) -> None:
    """They come by a Unix socket, from a web server that says nothing of them."""

    async def scene(here: Rig) -> None:
        free = asyncio.Event()

        async def wait(seen: Seen) -> None:
            if seen.line.startswith(f"GET {REST}?flood"):
                await free.wait()

        here.api.before = wait
        flood = [
            asyncio.create_task(here.send(request("GET", f"{REST}?flood"), as_proxy=True))
            for _ in range(MANY)
        ]
        await until(lambda: len(here.api.seen) == WORKERS)
        answer = await here.get(REST, f"X-Forwarded-For: {ELSEWHERE}")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert len(here.api.seen) == WORKERS + 1
        free.set()
        for answer in await asyncio.gather(*flood):
            assert answer.startswith(b"HTTP/1.1 200 ")

    play(scene)


def test_all_tokens_of_a_user_are_one_client(play: Play) -> None:
    greedy, other = Reader(), Reader()
    many, one = [token_of(greedy) for _ in range(MANY)], token_of(other)

    async def scene(here: Rig) -> None:
        free = asyncio.Event()

        async def wait(seen: Seen) -> None:
            if seen.line.startswith(f"GET {REST}?flood"):
                await free.wait()

        here.api.before = wait
        flood = [asyncio.create_task(here.get(f"{REST}?flood", bearer(token))) for token in many]
        await until(lambda: len(here.api.seen) == WORKERS)
        assert (await here.get(REST, bearer(one))).startswith(b"HTTP/1.1 200 ")
        assert len(here.api.seen) == WORKERS + 1
        free.set()
        for answer in await asyncio.gather(*flood):
            assert answer.startswith(b"HTTP/1.1 200 ")

    play(scene)


def test_whoever_has_gone_waits_no_longer(play: Play, door: Credentials) -> None:
    async def scene(here: Rig) -> None:
        free = asyncio.Event()

        async def wait(seen: Seen) -> None:
            await free.wait()

        here.api.before = wait
        flood = [await here.connect() for _ in range(MANY)]
        for _, writer in flood:
            writer.write(request("GET", REST))
        in_line = door._turns._lines
        await until(lambda: sum(map(len, in_line.values())) == MANY - WORKERS)
        for _, writer in flood:
            writer.close()
        await until(lambda: not in_line)
        free.set()
        assert (await here.get(REST)).startswith(b"HTTP/1.1 200 ")
        assert len(here.api.seen) == WORKERS + 1

    play(scene)


@pytest.mark.parametrize("is_told", [True, False])
def test_made_up_tokens_leave_a_thread_to_others(
    play: Play, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    """Whether a web server says from where they come, or not."""
    good, looked_up = token_of(Reader()), Statements()
    monkeypatch.setattr(
        tokens, "owner_of", looked_up.hold(tokens.owner_of, lambda sent: sent.secret)
    )

    async def scene(here: Rig) -> None:
        by = [f"X-Forwarded-For: {STRANGER}"] if is_told else []
        flood = [
            asyncio.create_task(
                here.send(request("GET", REST, *by, bearer(new_secret())), as_proxy=True)
            )
            for _ in range(MANY)
        ]
        await until(lambda: bool(looked_up.asked))
        answer = asyncio.create_task(here.get(REST, f"X-Forwarded-For: {ELSEWHERE}", bearer(good)))
        await until(lambda: good in looked_up.asked)
        assert len(looked_up.asked) == 2
        looked_up.let_go()
        for each in await asyncio.gather(answer, *flood):
            assert each.startswith(b"HTTP/1.1 200 ")

    play(scene)


@pytest.mark.parametrize("is_form", [True, False])
def test_a_flood_keeps_nobody_else_from_having_credentials_verified(
    play: Play, is_form: bool
) -> None:
    """Those who verify them are few, so whoever has one of their turns may not wait for another turn of its own."""

    async def scene(here: Rig) -> None:
        free = asyncio.Event()

        async def wait(seen: Seen) -> None:
            if seen.line.startswith(f"GET {REST}?flood"):
                await free.wait()

        def verify(address: str) -> "asyncio.Task[bytes]":
            by = f"X-Forwarded-For: {address}"
            if not is_form:
                return asyncio.create_task(here.get(REST, by, bearer(new_secret())))
            return asyncio.create_task(
                here.send(request("POST", "/auth/login/", by, "Content-Length: 1", body=b"x"))
            )

        here.api.before = wait
        by = f"X-Forwarded-For: {STRANGER}"
        flood = [asyncio.create_task(here.get(f"{REST}?flood", by)) for _ in range(MANY)]
        await until(lambda: len(here.api.seen) == WORKERS)
        for address in (STRANGER, ELSEWHERE):
            assert (await verify(address)).startswith(b"HTTP/1.1 200 ")
        assert not any(each.done() for each in flood)
        free.set()
        await asyncio.gather(*flood)

    play(scene)


def test_whoever_has_a_place_waits_for_nothing_else(
    content_url: str, tmp_path: Path, door: Credentials
) -> None:
    """What waits for a place meanwhile would wait for all that its client has sent beside."""
    places = Places(tmp_path, "verify", 1)
    good = token_of(Reader())

    async def main() -> None:
        gate: Any = GuardCache()
        shared: dict[web.AppKey[Any], Any] = {services.KEY: SimpleNamespace(gate=gate)}
        free = asyncio.Event()

        async def wait(seen: Seen) -> None:
            if seen.line.startswith("GET"):
                await free.wait()

        queue = DoorPlaces(places)
        line = queue._line
        options = {"credentials": door, "services": shared, "places": queue}
        async with rig(tmp_path, proxies=LOOPBACK, **options) as here:
            here.api.before = wait
            large = put(UPLOAD, bearer(good), body=bytes(LIGHT_BODY + 1))
            with places.take(0):
                sent = asyncio.create_task(here.send(large))
                await until(lambda: not line._free)
                flood = [asyncio.create_task(here.get(REST, bearer(good))) for _ in range(MANY)]
                await until(lambda: len(here.api.seen) == WORKERS)
            assert (await sent).startswith(b"HTTP/1.1 200 ")
            assert not any(each.done() for each in flood)
            free.set()
            await asyncio.gather(*flood)
        gate.close()

    asyncio.run(main())


def waiting(door: Credentials) -> int:
    """How many wait at the door."""
    return sum(map(len, door._worthless._lines.values()))


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not check():
            await asyncio.sleep(0.01)
