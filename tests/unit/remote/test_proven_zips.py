"""Zips that are proven, as those see it who wait for them."""

import asyncio
from typing import Any, cast

from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.remote.zips.proven import ProvenZips


def test_who_comes_just_when_a_fetch_has_ended_waits_for_the_next_one() -> None:
    async def scene() -> None:
        zips = ProvenZips(cast(Threads, None))
        end = asyncio.get_running_loop().create_future()
        end_of_next = asyncio.Event()

        async def fetch() -> None:
            await end

        async def come() -> Any:
            # Right after the fetch, and before what is to happen when that has ended.
            await end
            assert fetching.done()
            following = asyncio.create_task(end_of_next.wait())
            return await zips.first("zip", following)

        fetching = asyncio.create_task(fetch())
        first = asyncio.create_task(zips.first("zip", fetching))
        await asyncio.sleep(0)
        second = asyncio.create_task(come())
        await asyncio.sleep(0)
        end.set_result(None)
        assert await first is None
        await asyncio.sleep(0)
        assert not second.done()
        end_of_next.set()
        assert await second is None
        await asyncio.sleep(0)
        assert not zips._expected

    asyncio.run(scene())
