"""What is answered before aiohttp sees it, and what must not be."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pulp_gomod.app.content.accelerator import connection, server
from tests.unit.content.connections import (
    BODY,
    FETCHED,
    HEAD,
    OTHER,
    Cache,
    Client,
    opened,
    wire,
)

pytestmark = pytest.mark.skipif(bool(server.why_off()), reason=server.why_off())

Test = Callable[[Cache, Client], Awaitable[None]]


def run(test: Test, keepalive: float = 60.0) -> None:
    async def main() -> None:
        async with opened(keepalive) as house:
            await test(house.cache, await house.connect())

    asyncio.run(main())


async def warm(client: Client) -> None:
    """The first request is aiohttp's."""
    assert await client.ask(HEAD) == b"/known "
    assert await client.ask(HEAD) == b"again"


def test_a_request_that_is_known_is_answered_at_once() -> None:
    async def test(cache: Cache, client: Client) -> None:
        await warm(client)
        assert cache.paths == ["known"]
        assert await client.ask(OTHER) == b"/other "
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_a_request_like_a_known_one_is_answered_if_its_answer_is_in_memory() -> None:
    async def test(cache: Cache, client: Client) -> None:
        cache.answers["other"] = FETCHED
        await warm(client)
        assert await client.ask(OTHER) == b"fetched"
        name = "o" * connection.LONGEST_HEAD
        cache.answers[name] = FETCHED
        assert (await client.ask(HEAD.replace(b"known", name.encode()))).startswith(b"/oo")
        assert await client.ask(HEAD.replace(b"known", b"third")) == b"/third "
        assert await client.ask(HEAD) == b"again"

    run(test)


@pytest.mark.parametrize(
    "header",
    (
        b"Cookie: a=b",
        b"Range: bytes=0-1",
        b"X-Unknown: 1",
        b"Remote-User: admin",
        b"Connection: keep-alive, X-Unknown",
        b"If-None-Match: 1\r\nIf-None-Match: 2",
        b"Accept: \xff",
    ),
)
def test_requests_with_other_headers_are_aiohttps(header: bytes) -> None:
    async def test(cache: Cache, client: Client) -> None:
        head = HEAD[:-2] + header + b"\r\n\r\n"
        first = await client.ask(head)
        assert [await client.ask(head) for _ in range(3)] == [first] * 3
        assert first != b"again" and not cache.asked

    run(test)


@pytest.mark.parametrize(
    "header", (b"Connection: keep-alive", b"connection: Keep-Alive", b"Content-Type: text/html")
)
def test_what_clients_say_needlessly_does_no_harm(header: bytes) -> None:
    async def test(cache: Cache, client: Client) -> None:
        head = HEAD[:-2] + header + b"\r\n\r\n"
        assert await client.ask(head) == b"/known "
        assert await client.ask(head) == b"again"

    run(test)


def with_headers(*lines: bytes) -> bytes:
    return b"\r\n".join([HEAD[:-4], *lines, b"", b""])


def test_headers_that_decide_nothing_may_change() -> None:
    async def test(cache: Cache, client: Client) -> None:
        forms = [
            [b"X-Forwarded-For: 192.0.2.%d" % number, b"Traceparent: 00-%d" % number]
            for number in range(3)
        ]
        assert await client.ask(with_headers(*forms[0])) == b"/known "
        for form in forms:
            assert await client.ask(with_headers(*form)) == b"again"
        # Who says more, or less, has not been seen.
        assert await client.ask(with_headers(forms[0][0])) == b"/known "
        assert await client.ask(with_headers(*forms[0], b"Range: bytes=0-1")) == b"/known "
        assert await client.ask(with_headers(forms[0][0], b"X-Unknown: 1")) == b"/known "

    run(test)


def test_headers_of_who_is_no_proxy_are_aiohttps() -> None:
    async def main() -> None:
        async with opened() as house:
            head = with_headers(b"X-Forwarded-For: 192.0.2.1")
            client = await house.connect()
            assert await client.ask(head) == b"/known "
            assert await client.ask(head) == b"again"
            house.cache.is_proxy = False
            # By what a proxy said, nobody else is known.
            other = await house.connect()
            for _ in range(3):
                assert await other.ask(head) == b"/known "

    asyncio.run(main())


def test_a_condition_may_change_and_is_passed_on() -> None:
    async def test(cache: Cache, client: Client) -> None:
        for number in range(4):
            tag = b'"%d"' % number
            expected = b"again" if number else b"/known "
            assert await client.ask(with_headers(b"If-None-Match: " + tag)) == expected
        assert [each.if_none_match for each in cache.asked] == ['"1"', '"2"', '"3"']

    run(test)


def test_credentials_are_known_on_their_connection_only() -> None:
    async def main() -> None:
        async with opened() as house:
            head = with_headers(b"Authorization: Basic eDp5")
            client, other = await house.connect(), await house.connect()
            assert await client.ask(head) == b"/known "
            assert await client.ask(head) == b"again"
            assert house.cache.asked[-1].digest == b"digest"
            assert await other.ask(head) == b"/known "
            # Other credentials, or none, are not these.
            count = len(house.cache.asked)
            assert await client.ask(head.replace(b"eDp5", b"eDp6")) == b"/known "
            assert await client.ask(HEAD) == b"/known "
            assert len(house.cache.asked) == count

    asyncio.run(main())


def test_several_clients_of_a_proxy_are_known_on_one_connection() -> None:
    async def test(cache: Cache, client: Client) -> None:
        heads = [with_headers(b"User-Agent: %d" % number) for number in range(3)]
        for head in heads:
            assert await client.ask(head) == b"/known "
        for head in heads * 2:
            assert await client.ask(head) == b"again"

    run(test)


def test_a_head_in_pieces_is_not_taken_for_what_it_ends_with() -> None:
    async def test(cache: Cache, client: Client) -> None:
        await warm(client)
        assert await client.ask(HEAD[:9], HEAD[9:]) == b"/known "
        assert await client.ask(HEAD[:-2], HEAD[-2:]) == b"/known "
        # All of a known request, in the midst of another one's headers, where it is nonsense.
        answer = await client.ask(b"GET /other HTTP/1.1\r\nX-Trick: 1\r\n", HEAD)
        assert answer.startswith(b"Invalid header")

    run(test)


def test_a_body_is_not_taken_for_a_request() -> None:
    async def test(cache: Cache, client: Client) -> None:
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
    async def test(cache: Cache, client: Client) -> None:
        await warm(client)
        await client.send(HEAD + OTHER + HEAD + HEAD + OTHER)
        assert await client.receive(5) == [b"/known ", b"/other ", *[b"/known "] * 2, b"/other "]
        client.writer.write(OTHER)
        client.writer.write(HEAD)
        assert await client.receive(2) == [b"/other ", b"/known "]

    run(test)


def test_a_connection_that_is_used_is_not_closed() -> None:
    async def test(cache: Cache, client: Client) -> None:
        await warm(client)
        for _ in range(50):
            assert await client.ask(HEAD) in (b"again", b"/known ")
            await asyncio.sleep(0.05)

    run(test, keepalive=2.0)


def test_who_does_not_read_is_not_answered() -> None:
    async def test(cache: Cache, client: Client) -> None:
        await warm(client)
        cache.answers["known"] = wire(b"x" * 400_000)
        before = len(cache.asked)
        for _ in range(300):
            client.writer.write(HEAD)
            await asyncio.sleep(0.001)
        # What the system's buffers hold, and no more.
        assert len(cache.asked) - before < 150
        # Everything is answered in the end, by whomever.
        bodies = await client.receive(300)
        assert {body[:1] for body in bodies} <= {b"x", b"/"}
        assert bodies[-1] == b"/known "

    run(test)


async def hold(cache: Cache, client: Client) -> "asyncio.Future[None]":
    """Have a request wait for its answer."""
    await warm(client)
    cache.looking = looking = asyncio.get_running_loop().create_future()
    client.writer.write(OTHER)
    while not cache.fetched:
        await asyncio.sleep(0.01)
    return looking


def test_a_request_is_answered_when_its_answer_was_looked_up() -> None:
    async def test(cache: Cache, client: Client) -> None:
        looking = await hold(cache, client)
        cache.answers["other"] = FETCHED
        looking.set_result(None)
        assert await client.receive(1) == [b"fetched"]
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_aiohttp_answers_what_cannot_be_foreseen_after_all() -> None:
    async def test(cache: Cache, client: Client) -> None:
        looking = await hold(cache, client)
        looking.set_result(None)
        assert await client.receive(1) == [b"/other "]
        assert await client.ask(HEAD) == b"again"

    run(test)


def test_aiohttp_answers_what_cannot_be_looked_up() -> None:
    async def test(cache: Cache, client: Client) -> None:
        looking = await hold(cache, client)
        cache.answers["other"] = FETCHED
        looking.set_exception(OSError("the database is gone"))
        assert await client.receive(1) == [b"/other "]

    run(test)


def test_aiohttp_answers_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LONGEST_HOLD", 0.05)

    async def test(cache: Cache, client: Client) -> None:
        looking = await hold(cache, client)
        assert await client.receive(1) == [b"/other "]
        cache.answers["other"] = FETCHED
        looking.set_result(None)
        assert await client.ask(HEAD) == b"again"

    run(test)


@pytest.mark.parametrize("answer", (b"fetched", b"/other "))
def test_what_comes_meanwhile_is_answered_afterwards(answer: bytes) -> None:
    async def test(cache: Cache, client: Client) -> None:
        looking = await hold(cache, client)
        third = HEAD.replace(b"known", b"third")
        await client.send(third + HEAD[:9], HEAD[9:], OTHER)
        if answer == b"fetched":
            cache.answers["other"] = FETCHED
        looking.set_result(None)
        first, *others = await client.receive(4)
        assert first == answer
        assert others == [b"/third ", b"/known ", b"/other "]
        for _ in range(2):
            assert await client.ask(HEAD) in (b"again", b"/known ")

    run(test)


def test_who_leaves_is_not_answered() -> None:
    async def test(cache: Cache, client: Client) -> None:
        looking = await hold(cache, client)
        client.writer.close()
        await asyncio.sleep(0.05)
        looking.set_result(None)
        await asyncio.sleep(0.05)
        # Nobody asked for it a second time.
        assert cache.paths.count("other") == 1

    run(test)
