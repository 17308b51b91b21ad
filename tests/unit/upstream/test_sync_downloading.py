"""What a sync takes of what its remote gives it; the remote's part is played."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from pulp_gomod.app.sync.downloading import Downloading
from pulp_gomod.app.sync.failures import Failures
from pulp_gomod.app.sync.held import Unit
from pulp_gomod.app.sync.plan import Plan
from pulp_gomod.app.sync.pool import work_off


class Threads:
    """Finds that the repository holds nothing."""

    async def database(self, call: Any, *args: Any) -> dict[Any, Any]:
        return {}


class Source:
    """Has one zip, whoever asked for it first, and whatever for."""

    threads = Threads()

    def __init__(self, unit: Unit) -> None:
        self.answer = uuid4()
        self._unit = unit

    def admit(self, version: Any) -> None:
        return None

    async def info(self, version: Any) -> None:
        return None

    async def zip(self, version: Any, h1: str) -> tuple[Any, Unit]:
        return self.answer, self._unit


class Progress:
    """Nobody looks."""

    def increase(self) -> None:
        return None


@pytest.mark.parametrize(
    ("h1", "go_mod_h1", "wrong"),
    [("", "", ""), ("h1:a=", "h1:b=", ""), ("h1:x=", "h1:b=", "zip"), ("h1:a=", "h1:x=", "go.mod")],
)
def test_a_zip_that_somebody_else_has_fetched_is_compared_too(
    h1: str, go_mod_h1: str, wrong: str
) -> None:
    source: Any = Source(Unit(uuid4(), "h1:a=", "h1:b="))
    plan, failures, progress = Plan(), Failures(), Progress()
    item = plan.at("example.com/m", "v1.0.0")
    item.whole, item.h1, item.go_mod_h1 = True, h1, go_mod_h1
    downloading = Downloading(source, uuid4(), 2, True, failures, progress)  # type: ignore[arg-type]
    fetched = asyncio.run(downloading.run(plan))
    assert fetched.answers == ([] if wrong else [source.answer])
    assert str(failures).startswith(f"example.com/m@v1.0.0: checksum mismatch of its {wrong}") or (
        not wrong and not failures
    )


def test_the_first_error_ends_the_others() -> None:
    begun: list[int] = []

    async def feed() -> AsyncIterator[int]:
        for number in range(100):
            yield number

    async def work(number: int) -> None:
        begun.append(number)
        await asyncio.sleep(0)
        if number == 3:
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        asyncio.run(work_off(2, feed(), work))
    assert len(begun) < 10
