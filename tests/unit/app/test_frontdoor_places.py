"""What takes the API long waits at the door for a place, and everything else goes past."""

import asyncio
from ipaddress import ip_network
from pathlib import Path

import pytest

from pulp_gomod.app.content.frontdoor.places import LIGHT_BODY, DoorPlaces
from pulp_gomod.verifier.places import Places
from tests.unit.app.frontdoor_rig import OK, Rig, Seen, request, rig

UPLOAD = "/api/packages/go/go/upload"
HEAVY = b"HTTP/1.1 202 Accepted\r\nX-Gomod-Heavy: 1\r\nContent-Length: 0\r\n\r\n"
LARGE = bytes(LIGHT_BODY + 1)


def put(body: bytes, *headers: str) -> bytes:
    return request("PUT", UPLOAD, f"Content-Length: {len(body)}", *headers, body=body)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path, "verify", 1)


async def until_received(here: Rig, door: DoorPlaces) -> None:
    """Wait until somebody waits for a place."""
    while door._line._free:
        await asyncio.sleep(0.01)


def test_what_the_api_finds_heavy_comes_again_with_a_place(tmp_path: Path, places: Places) -> None:
    def answer(seen: Seen) -> bytes:
        if seen.values("x-gomod-place"):
            assert places.try_take() is None
            return OK
        return HEAVY

    async def main() -> None:
        async with rig(tmp_path, places=DoorPlaces(places)) as here:
            here.api.answer = answer
            # A client has no say in this.
            said = await here.send(put(b"zip", "X-Gomod-Place: 1"))
            assert said.startswith(b"HTTP/1.1 200 OK\r\n")
            assert [seen.body for seen in here.api.seen] == [b"zip", b"zip"]
            assert [seen.values("x-gomod-place") for seen in here.api.seen] == [[], ["1"]]

    asyncio.run(main())
    with places.take(0):
        pass


def test_a_large_body_waits_and_small_requests_do_not(tmp_path: Path, places: Places) -> None:
    async def main() -> None:
        door = DoorPlaces(places)
        async with rig(tmp_path, places=door) as here:
            with places.take(0):
                large = [asyncio.create_task(here.send(put(LARGE))) for _ in range(3)]
                await until_received(here, door)
                assert (await here.get("/pulp/api/v3/status/")).endswith(b"ok")
                assert (await here.send(put(b"small"))).endswith(b"ok")
                assert [len(seen.body) for seen in here.api.seen] == [0, 5]
                assert not any(task.done() for task in large)
            assert all(said.endswith(b"ok") for said in await asyncio.gather(*large))
            assert [len(seen.body) for seen in here.api.seen[2:]] == [len(LARGE)] * 3

    asyncio.run(main())


def test_whoever_has_gone_leaves_the_line(tmp_path: Path, places: Places) -> None:
    """Not only the first in line, since what each has sent takes room."""

    async def main() -> None:
        door = DoorPlaces(places)
        async with rig(tmp_path, places=door) as here:
            with places.take(0):
                clients = [await here.connect() for _ in range(3)]
                for _, writer in clients:
                    writer.write(put(LARGE))
                    await until_received(here, door)
                while sum(map(len, door._line._lines.values())) < 2:
                    await asyncio.sleep(0.01)
                first, *others = clients
                for _, writer in others:
                    writer.close()
                while door._line._lines:
                    await asyncio.sleep(0.01)
                # The first still waits for a place.
                assert not door._line._free
            assert (await asyncio.wait_for(first[0].read(), 20)).endswith(b"ok")
            assert len(here.api.seen) == 1

    asyncio.run(asyncio.wait_for(main(), 60))


def test_clients_get_places_in_turn(tmp_path: Path, places: Places) -> None:
    async def main() -> None:
        door = DoorPlaces(places)
        async with rig(tmp_path, places=door, proxies=[ip_network("127.0.0.0/8")]) as here:

            def send(address: str) -> "asyncio.Task[bytes]":
                large = put(LARGE, f"X-Forwarded-For: {address}")
                return asyncio.create_task(here.send(large))

            with places.take(0):
                sent = [send("192.0.2.1") for _ in range(4)]
                while sum(map(len, door._line._lines.values())) < 3:
                    await asyncio.sleep(0.01)
                sent.append(send("192.0.2.2"))
                while len(door._line._lines) < 2:
                    await asyncio.sleep(0.01)
            assert all(said.endswith(b"ok") for said in await asyncio.gather(*sent))
            by = [seen.values("x-forwarded-for")[0].split(",")[0] for seen in here.api.seen]
            # One had its turn already, and one was the next before anybody else came.
            assert by.index("192.0.2.2") == 2
            assert len(by) == 5

    asyncio.run(main())


def test_who_waits_for_too_long_is_told_to_try_again(tmp_path: Path, places: Places) -> None:
    async def main() -> None:
        async with rig(tmp_path, places=DoorPlaces(places, patience=0.2)) as here:
            with places.take(0):
                said = await here.send(put(LARGE))
            assert said.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 5\r\n" in said
            assert here.api.seen == []

    asyncio.run(main())


def test_whose_client_has_gone_is_not_handed_on(tmp_path: Path, places: Places) -> None:
    async def main() -> None:
        door = DoorPlaces(places)
        async with rig(tmp_path, places=door) as here:
            with places.take(0):
                _, writer = await here.connect()
                writer.write(put(LARGE))
                await until_received(here, door)
                writer.transport.abort()
                while not door._line._free:
                    await asyncio.sleep(0.01)
            assert (await here.send(put(LARGE))).endswith(b"ok")
            assert len(here.api.seen) == 1

    asyncio.run(main())
