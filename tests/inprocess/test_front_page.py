"""A browser that opens the server's own URL is led to a page that is there, and else nowhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from pulp_gomod.app.content import services
from pulp_gomod.app.content.frontdoor.home import Home
from pulp_gomod.app.content.repository.resolver import Resolver
from pulp_gomod.app.db.pool import Database, connection_parameters
from tests.inprocess.owners import Owner
from tests.inprocess.settings import configured
from tests.unit.app.frontdoor_rig import Rig, rig

MANY = 30


class Looks:
    """How often the database is asked."""

    def __init__(self, resolver: Resolver) -> None:
        self._find = resolver.find
        self.count = 0

    async def find(self, *args: Any) -> Any:
        self.count += 1
        return await self._find(*args)


@asynccontextmanager
async def door(directory: Path, home: Home) -> AsyncIterator[tuple[Rig, Looks]]:
    database = Database(connection_parameters())
    await database.open()
    resolver = Resolver(database)
    looks = Looks(resolver)
    shared: dict[Any, Any] = {services.KEY: SimpleNamespace(resolver=looks)}
    async with rig(directory, home=home, services=shared) as here:
        yield here, looks
    await resolver.close()
    await database.close()


async def led_to(here: Rig) -> str:
    """Where a browser is led; "" if it stays where it is."""
    head = (await here.get("/", "Accept: text/html")).decode().partition("\r\n\r\n")[0]
    status, *lines = head.split("\r\n")
    headers = dict(each.split(": ", 1) for each in lines)
    assert (" 302 " in status) == ("Location" in headers)
    return headers.get("Location", "")


@pytest.mark.parametrize("domains", [False, True])
def test_a_browser_is_led_to_a_distribution_that_serves_something(
    content_url: str, tmp_path: Path, domains: bool
) -> None:
    owner = Owner.create(content_url)
    name = owner.distribution.base_path
    with configured(DOMAIN_ENABLED=domains):
        home = Home(name)

    async def after(change: Any) -> str:
        async with door(tmp_path, home) as (here, _):
            await sync_to_async(change)()
            home._there._kept.clear()
            return await led_to(here)

    def serve_nothing() -> None:
        owner.distribution.repository = None
        owner.distribution.save()

    place = "default/" if domains else ""
    assert asyncio.run(after(lambda: None)) == f"./api/packages/{place}{name}/go/"
    assert asyncio.run(after(serve_nothing)) == ""
    assert asyncio.run(after(owner.distribution.delete)) == ""


def test_many_who_ask_are_one_question(content_url: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with door(tmp_path, Home("there-is-no-such-distribution")) as (here, looks):
            found = await asyncio.gather(*(led_to(here) for _ in range(MANY)))
            assert set(found) == {""}
            assert 1 <= looks.count < MANY // 2

    asyncio.run(main())
