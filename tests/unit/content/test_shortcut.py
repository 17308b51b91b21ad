"""What is answered before aiohttp sees it, and what must not be."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pulp_gomod.app.content.accelerator import shortcut
from tests.unit.content.connections import BODY, FORESEEN, HEAD, Client, Memory, connected

pytestmark = pytest.mark.skipif(bool(shortcut.why_off()), reason=shortcut.why_off())

Test = Callable[[Memory, Client], Awaitable[None]]


def run(test: Test, keepalive: float = 60.0) -> None:
    async def main() -> None:
        memory = Memory()
        async with connected(memory, keepalive) as client:
            await test(memory, client)

    asyncio.run(main())


async def warm(client: Client) -> None:
    """The first request makes the short cut, the second shows it where requests end."""
    for _ in range(3):
        assert await client.ask(HEAD) == b"/known "
    assert await client.ask(HEAD) == b"again"


def test_a_request_that_is_known_is_answered_at_once() -> None:
    async def test(memory: Memory, client: Client) -> None:
        await warm(client)
        assert list(memory.known) == [HEAD]
        assert await client.ask(HEAD.replace(b"known", b"other")) == b"/other "
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_a_request_like_a_known_one_is_answered_if_its_answer_is_in_memory() -> None:
    async def test(memory: Memory, client: Client) -> None:
        other = HEAD.replace(b"known", b"other")
        memory.foreseen[other] = (FORESEEN,)
        await warm(client)
        assert await client.ask(other) == b"foreseen"
        long = HEAD.replace(b"known", b"o" * shortcut.LONGEST_HEAD)
        memory.foreseen[long] = (FORESEEN,)
        assert (await client.ask(long)).startswith(b"/oo")
        assert await client.ask(other.replace(b"other", b"third")) == b"/third "
        assert await client.ask(HEAD) == b"again"

    run(test)


@pytest.mark.parametrize(
    "header",
    (
        b"Authorization: Basic eDp5",
        b"Cookie: a=b",
        b"Range: bytes=0-1",
        b"X-Unknown: 1",
        b"Connection: keep-alive, X-Unknown",
    ),
)
def test_requests_with_other_headers_are_never_learned(header: bytes) -> None:
    async def test(memory: Memory, client: Client) -> None:
        for _ in range(5):
            assert await client.ask(HEAD[:-2] + header + b"\r\n\r\n") == b"/known "
        assert not memory.known

    run(test)


@pytest.mark.parametrize(
    "header", (b"Connection: keep-alive", b"connection: Keep-Alive", b"Content-Type: text/html")
)
def test_what_clients_say_needlessly_does_no_harm(header: bytes) -> None:
    async def test(memory: Memory, client: Client) -> None:
        head = HEAD[:-2] + header + b"\r\n\r\n"
        for _ in range(3):
            assert await client.ask(head) == b"/known "
        assert await client.ask(head) == b"again"

    run(test)


def test_a_head_in_pieces_is_not_taken_for_what_it_ends_with() -> None:
    async def test(memory: Memory, client: Client) -> None:
        await warm(client)
        assert await client.ask(HEAD[:9], HEAD[9:]) == b"/known "
        assert await client.ask(HEAD[:-2], HEAD[-2:]) == b"/known "
        # All of a known request, in the midst of another one's headers, where it is nonsense.
        answer = await client.ask(b"GET /other HTTP/1.1\r\nX-Trick: 1\r\n", HEAD)
        assert answer.startswith(b"Invalid header")

    run(test)


def test_a_body_is_not_taken_for_a_request() -> None:
    async def test(memory: Memory, client: Client) -> None:
        await warm(client)
        head, body = (BODY % (len(HEAD), HEAD)).split(b"\r\n\r\n", 1)
        for _ in range(3):
            assert await client.ask(head + b"\r\n\r\n", body) == b"/other " + HEAD
            assert await client.ask(head + b"\r\n\r\n" + body) == b"/other " + HEAD
        assert await client.ask(BODY % (3, b"abc")) == b"/other abc"
        assert await client.ask(HEAD) == b"/known "
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_requests_that_come_together_are_answered_in_order() -> None:
    async def test(memory: Memory, client: Client) -> None:
        await warm(client)
        other = HEAD.replace(b"known", b"other")
        await client.send(HEAD + other + HEAD + HEAD + other)
        assert await client.receive(5) == [b"/known ", b"/other ", *[b"/known "] * 2, b"/other "]
        client.writer.write(other)
        client.writer.write(HEAD)
        assert await client.receive(2) == [b"/other ", b"/known "]

    run(test)


def test_a_connection_that_is_used_is_not_closed() -> None:
    async def test(memory: Memory, client: Client) -> None:
        await warm(client)
        for _ in range(50):
            assert await client.ask(HEAD) in (b"again", b"/known ")
            await asyncio.sleep(0.05)

    run(test, keepalive=2.0)


def test_who_does_not_read_is_not_answered() -> None:
    async def test(memory: Memory, client: Client) -> None:
        await warm(client)
        memory.known[HEAD] = (b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n", b"x" * 400_000)
        before = len(memory.asked)
        for _ in range(300):
            client.writer.write(HEAD)
            await asyncio.sleep(0.001)
        # What the system's buffers hold, and no more.
        assert len(memory.asked) - before < 150
        # Everything is answered in the end, by whomever.
        bodies = await client.receive(300)
        assert {body[:1] for body in bodies} <= {b"x", b"/"}
        assert bodies[-1] == b"/known "

    run(test)


OTHER = HEAD.replace(b"known", b"other")


async def hold(memory: Memory, client: Client) -> "asyncio.Future[None]":
    """Have a request wait for its answer."""
    await warm(client)
    memory.looking = looking = asyncio.get_running_loop().create_future()
    client.writer.write(OTHER)
    while not memory.brought:
        await asyncio.sleep(0.01)
    return looking


def test_a_request_is_answered_when_its_answer_was_looked_up() -> None:
    async def test(memory: Memory, client: Client) -> None:
        looking = await hold(memory, client)
        memory.foreseen[OTHER] = (FORESEEN,)
        looking.set_result(None)
        assert await client.receive(1) == [b"foreseen"]
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_aiohttp_answers_what_cannot_be_foreseen_after_all() -> None:
    async def test(memory: Memory, client: Client) -> None:
        looking = await hold(memory, client)
        looking.set_result(None)
        assert await client.receive(1) == [b"/other "]
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_aiohttp_answers_what_cannot_be_looked_up() -> None:
    async def test(memory: Memory, client: Client) -> None:
        looking = await hold(memory, client)
        memory.foreseen[OTHER] = (FORESEEN,)
        looking.set_exception(OSError("the database is gone"))
        assert await client.receive(1) == [b"/other "]

    run(test)


def test_aiohttp_answers_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut, "LONGEST_HOLD", 0.05)

    async def test(memory: Memory, client: Client) -> None:
        looking = await hold(memory, client)
        assert await client.receive(1) == [b"/other "]
        memory.foreseen[OTHER] = (FORESEEN,)
        looking.set_result(None)
        assert await client.ask(HEAD) == b"again"

    run(test)


@pytest.mark.parametrize("answer", (b"foreseen", b"/other "))
def test_what_comes_meanwhile_is_answered_afterwards(answer: bytes) -> None:
    async def test(memory: Memory, client: Client) -> None:
        looking = await hold(memory, client)
        third = HEAD.replace(b"known", b"third")
        await client.send(third + HEAD[:9], HEAD[9:], OTHER)
        if answer == b"foreseen":
            memory.foreseen[OTHER] = (FORESEEN,)
        looking.set_result(None)
        first, *others = await client.receive(4)
        assert first == answer
        assert others == [b"/third ", b"/known ", b"/other "]
        for _ in range(2):
            assert await client.ask(HEAD) in (b"again", b"/known ")

    run(test)


def test_who_leaves_is_not_answered() -> None:
    async def test(memory: Memory, client: Client) -> None:
        looking = await hold(memory, client)
        client.writer.close()
        await asyncio.sleep(0.05)
        looking.set_result(None)
        await asyncio.sleep(0.05)
        # Nobody asked for it a second time.
        assert memory.wanted.count(OTHER) == 1

    run(test)
