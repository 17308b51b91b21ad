"""An upstream that says how fast it may be asked: all wait, and nobody asks too early."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from pulp_gomod.app.auth.shared_table import SharedTable
from pulp_gomod.app.content.http.replies import fault_response
from pulp_gomod.app.remote.http import pace
from pulp_gomod.app.remote.http.pace import LONGEST, Pace, TooSoon
from pulp_gomod.app.remote.http.results import RateLimited, UpstreamFault
from pulp_gomod.app.remote.http.retry_after import parse_retry_after
from tests.unit.remote.asking_world import Behaviour, world

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = format_datetime(NOW + timedelta(seconds=7), usegmt=True)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("2", "", 2.0),
        (" 0 ", "", 0.0),
        ("1.5", "", 1.5),
        ("9" * 18, "", float("9" * 18)),
        (LATER, "", 7.0),
        # The server's own clock counts, where it tells the time.
        (LATER, format_datetime(NOW + timedelta(seconds=4), usegmt=True), 3.0),
        (LATER, "yesterday", 7.0),
        ("Friday, 01-May-26 12:00:07 GMT", "", 7.0),
        (format_datetime(NOW - timedelta(days=9)), "", 0.0),
        *[(bad, "", None) for bad in ("", "soon", "-1", "1e9", "²", "9" * 19, "1;2", "99-99")],
    ],
)
def test_what_the_header_says(value: str, date: str, seconds: float | None) -> None:
    assert parse_retry_after(value, date, NOW) == seconds


def bucket(rate: float, size: int, status: int, told: float) -> Behaviour:
    """An upstream of so many requests a second, which says after how many seconds to ask again."""
    tokens, filled = float(size), time.monotonic()

    async def serve(_: web.Request) -> web.Response:
        nonlocal tokens, filled
        now = time.monotonic()
        tokens, filled = min(size, tokens + (now - filled) * rate), now
        if tokens >= 1:
            tokens -= 1
            return web.Response(text="v1.0.0")
        return web.Response(status=status, headers={"Retry-After": f"{told:g}"})

    return serve


@pytest.mark.parametrize("status", [429, 503])
def test_a_rate_limit_is_waited_for_whoever_asks(status: int) -> None:
    async def scene() -> None:
        # Fewer connections than questions: what waits for one must not be sent in a pause either.
        async with world(bucket(40, 10, status, 0.3), connections=20) as here:
            found = await asyncio.gather(*(here.get(str(n)) for n in range(60)))
            assert len(found) == 60
            # A pause refuses as many as were under way, once; and then a few.
            assert len(here.asked) < 60 * 2

    asyncio.run(scene())


def test_nobody_asks_before_the_time_is_up() -> None:
    refused: list[float] = []

    async def serve(_: web.Request) -> web.Response:
        if not refused:
            refused.append(time.monotonic())
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(text="v1.0.0")

    async def scene() -> None:
        async with world(serve) as here:
            first = asyncio.create_task(here.get())
            while not refused:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            await asyncio.gather(first, *(here.get(str(n)) for n in range(20)))
            assert here.asked[1] - refused[0] >= 1
            assert len(here.asked) == 22
            # Waiting as it is told to is no sign of a fault.
            assert not here.health.doubtful

    asyncio.run(scene())


@pytest.mark.parametrize("told", ["60", str(10**17), None])
def test_who_cannot_wait_so_long_is_told_when_to_ask_again(told: str | None) -> None:
    value = told or format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    async def serve(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": value})

    async def scene() -> None:
        async with world(serve, total=5.0) as here:
            for _ in range(3):
                with pytest.raises(RateLimited, match="503 Service Unavailable") as limited:
                    await here.get()
            assert len(here.asked) == 1
            answer = fault_response(limited.value)
            assert answer.status == 503
            seconds = int(answer.headers["Retry-After"])
            assert 50 < seconds <= 61 if told != str(10**17) else seconds in (3600, 3601)

    asyncio.run(scene())


def test_who_waited_in_vain_is_told_so() -> None:
    async def serve(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "0"})

    async def scene() -> None:
        async with world(serve, total=0.7) as here:
            with pytest.raises(RateLimited):
                await here.get()
            # Zero is no invitation to ask all the time.
            assert 1 < len(here.asked) < 8

    asyncio.run(scene())


@pytest.mark.parametrize(("status", "value"), [(429, "soon"), (503, ""), (500, "1"), (403, "1")])
def test_what_says_no_time_is_an_ordinary_fault(status: int, value: str) -> None:
    async def serve(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": value} if value else {})

    async def scene() -> None:
        async with world(serve, retries=0) as here:
            with pytest.raises(UpstreamFault, match=str(status)) as fault:
                await here.get()
            assert fault.value.status == 502
            assert len(here.asked) == 1

    asyncio.run(scene())


def test_a_pause_is_seen_by_the_other_processes_and_by_no_other_remote() -> None:
    async def scene() -> None:
        table = SharedTable(4)
        ours, theirs = Pace("one http://a", 4, table), Pace("one http://a", 4, table)
        other = Pace("two http://a", 4, table)
        ours.limited(10**9, "it answered 429")
        assert 0 < theirs.pause <= LONGEST + 1
        with pytest.raises(TooSoon):
            async with theirs.turn(time.monotonic() + 5):
                pass
        async with other.turn(time.monotonic() + 5):
            pass

    asyncio.run(scene())


def test_one_slow_answer_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        limited = Pace("slow", 4, SharedTable(4))
        limited.limited(0, "it answered 429")
        end = time.monotonic() + 3600
        async with limited.turn(end), limited.turn(end), limited.turn(end):
            pass

    monkeypatch.setattr(pace, "_PATIENCE", 0.02)
    asyncio.run(scene())
