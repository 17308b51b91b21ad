"""Fetches that are shared, and an upstream that is not worth waiting for."""

import asyncio

import pytest

from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.app.remote.http import health
from pulp_gomod.app.remote.http.health import Health
from pulp_gomod.app.remote.http.results import UpstreamDead, UpstreamFault, UpstreamSilent


def test_one_flight_for_all_and_a_client_that_leaves() -> None:
    async def run() -> None:
        flights: SingleFlight[int] = SingleFlight()
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
        flights: SingleFlight[int] = SingleFlight()

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


def _refuse(upstream: Health, line: str) -> None:
    """Let an attempt be refused."""

    async def run() -> None:
        async with upstream.attempt():
            raise UpstreamFault(line, down=True, unconnected=True)

    asyncio.run(run())


def _hear(upstream: Health) -> None:
    async def run() -> None:
        async with upstream.attempt():
            upstream.heard()

    asyncio.run(run())


def test_an_upstream_that_takes_no_connection_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(health.time, "monotonic", lambda: now)
    upstream = Health()
    with pytest.raises(UpstreamFault, match="refused"):
        _refuse(upstream, "refused")
    assert not upstream.is_dead
    now += health.DEAD_AFTER + 0.01
    for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0):
        with pytest.raises(UpstreamFault, match="^refused$"):
            _refuse(upstream, "refused")
        assert upstream.is_dead
        now += pause - 0.01
        with pytest.raises(UpstreamDead, match="refused; it will be tried again in 0.0 s"):
            _hear(upstream)
        now += 0.02
    _hear(upstream)
    assert not upstream.is_dead
    with pytest.raises(UpstreamFault, match="^refused$"):
        _refuse(upstream, "refused")
    _hear(upstream)


def test_silence_is_enough_to_be_taken_for_dead_and_so_is_the_last_attempt() -> None:
    async def silent(upstream: Health) -> None:
        async with upstream.attempt():
            raise UpstreamSilent("refuses connections", unconnected=True)

    upstream = Health()
    with pytest.raises(UpstreamSilent):
        asyncio.run(silent(upstream))
    assert upstream.is_dead
    upstream = Health()
    upstream.give_up(UpstreamFault("the upstream answered 403"))
    assert not upstream.is_dead
    upstream.give_up(UpstreamFault("refused", unconnected=True))
    assert upstream.is_dead


def test_after_a_pause_one_tries_and_the_others_wait_for_what_comes_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene(is_back: bool) -> tuple[int, list[object]]:
        upstream, tried, over = Health(), 0, asyncio.Event()
        upstream.give_up(UpstreamFault("refused", unconnected=True))
        upstream._until = 0.0

        async def ask() -> None:
            nonlocal tried
            async with upstream.attempt():
                tried += 1
                await over.wait()
                if not is_back:
                    raise UpstreamFault("refused", unconnected=True)
                upstream.heard()

        asking = [asyncio.create_task(ask()) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert tried == 1
        over.set()
        return tried, await asyncio.gather(*asking, return_exceptions=True)

    tried, came = asyncio.run(scene(is_back=True))
    assert came == [None] * 20
    _, came = asyncio.run(scene(is_back=False))
    assert [type(each) for each in came] == [UpstreamFault, *[UpstreamDead] * 19]


def test_nobody_waits_for_long_for_somebody_else_s_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        upstream = Health()
        upstream.give_up(UpstreamFault("refused", unconnected=True))
        upstream._until = 0.0

        async def ask() -> None:
            async with upstream.attempt():
                await asyncio.sleep(3600)

        trial = asyncio.create_task(ask())
        await asyncio.sleep(0)
        with pytest.raises(UpstreamDead, match="tried again now"):
            await ask()
        trial.cancel()
        await asyncio.gather(trial, return_exceptions=True)
        # Whoever comes next tries.
        async with upstream.attempt():
            upstream.heard()

    monkeypatch.setattr(health, "TRIAL", 0.02)
    asyncio.run(scene())


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
