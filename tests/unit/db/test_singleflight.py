"""One fetch for all who wait for the same."""

import asyncio

from pulp_gomod.app.db.round_robin import CLIENTS, Clients
from pulp_gomod.app.db.singleflight import SingleFlight


def test_who_asks_when_a_fetch_has_just_ended_gets_another() -> None:
    async def story() -> None:
        flights: SingleFlight[int] = SingleFlight()
        made: list[int] = []

        async def fetch() -> int:
            made.append(len(made))
            return made[-1]

        first = flights.start("key", fetch)
        assert flights.start("key", fetch) is first
        # It ends in this step of the loop, in the next one it is taken out.
        await asyncio.sleep(0)
        assert first.done()
        second = flights.start("key", fetch)
        assert second is not first
        await asyncio.sleep(0)
        await flights.landed()
        assert (await first, await second) == (0, 1)
        await asyncio.sleep(0)
        assert not len(flights)

    asyncio.run(story())


def test_a_fetch_is_for_all_who_wait_for_it() -> None:
    async def story() -> None:
        outer: SingleFlight[None] = SingleFlight()
        inner: SingleFlight[None] = SingleFlight()
        seen: list[Clients] = []
        free = asyncio.Event()

        async def fetch() -> None:
            seen.append(CLIENTS.get())
            await free.wait()

        async def fetch_both() -> None:
            await inner.start("inner", fetch)

        async def ask(name: str) -> None:
            CLIENTS.set(Clients(name))
            await outer.start("outer", fetch_both)

        tasks = [asyncio.create_task(ask("one"))]
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(ask("other")))
        await asyncio.sleep(0.01)
        assert [sorted(each) for each in seen] == [["one", "other"]]
        # Whoever began it is still who they were, for all else that they ask.
        assert sorted(CLIENTS.get()) == [""]
        free.set()
        await asyncio.gather(*tasks)

    asyncio.run(story())
