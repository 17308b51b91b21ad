"""Fetches that are shared, and an upstream that is not worth waiting for."""

import asyncio

import pytest

from pulp_gomod.app.upstream import health
from pulp_gomod.app.upstream.flight import Flights
from pulp_gomod.app.upstream.health import Health
from pulp_gomod.app.upstream.results import UpstreamFault, UpstreamSilent


def test_one_flight_for_all_and_a_client_that_leaves() -> None:
    async def run() -> None:
        flights: Flights[int] = Flights()
        began = 0

        async def fetch() -> int:
            nonlocal began
            began += 1
            await asyncio.sleep(0.05)
            return 7

        async def wait() -> int:
            return await asyncio.shield(flights.start("k", fetch))

        clients = [asyncio.create_task(wait()) for _ in range(5)]
        await asyncio.sleep(0.01)
        clients[0].cancel()
        assert await asyncio.gather(*clients[1:]) == [7] * 4
        assert began == 1
        assert await wait() == 7
        assert began == 2

    asyncio.run(run())


def test_a_failed_flight_does_not_stay() -> None:
    async def run() -> None:
        flights: Flights[int] = Flights()

        async def fail() -> int:
            raise UpstreamFault("no")

        async def work() -> int:
            return 1

        with pytest.raises(UpstreamFault):
            await flights.start("k", fail)
        await asyncio.sleep(0)
        assert await flights.start("k", work) == 1

    asyncio.run(run())


def test_one_fault_of_one_file_is_no_doubt() -> None:
    upstream = Health()
    with pytest.raises(UpstreamFault), upstream.watch():
        raise UpstreamFault("the upstream answered 403")
    assert not upstream.doubtful


def test_an_upstream_that_is_down_is_doubtful_until_it_is_heard_again() -> None:
    upstream = Health()
    with pytest.raises(UpstreamFault), upstream.watch():
        raise UpstreamFault("refused", down=True)
    assert upstream.doubtful
    with upstream.watch():
        upstream.heard()
    assert not upstream.doubtful


def test_an_upstream_that_takes_no_connection_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(health.time, "monotonic", lambda: now)
    upstream = Health()
    for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0):
        with pytest.raises(UpstreamSilent, match="no connection"), upstream.watch():
            raise UpstreamSilent("no connection", dead=True)
        now += pause - 0.01
        with pytest.raises(UpstreamSilent, match="asked again"), upstream.watch():
            pass
        now += 0.02
    with upstream.watch():
        upstream.heard()
    with upstream.watch():
        pass


def test_a_request_that_hangs_makes_it_doubtful_unless_others_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(health.time, "monotonic", lambda: now)
    upstream = Health()
    with upstream.watch():
        now += 1
        assert not upstream.doubtful
        now += 1
        assert upstream.doubtful
        upstream.heard()
        assert not upstream.doubtful
        now += 2
        assert upstream.doubtful
    assert not upstream.doubtful
