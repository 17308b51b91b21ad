"""One fetch for all who wait for the same."""

import asyncio

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
