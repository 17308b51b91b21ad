"""What a sync takes of what its remote gives it; the remote's part is played."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from pulp_gomod.app.tasks.sync.downloading import Downloading
from pulp_gomod.app.tasks.sync.failures import (
    NAMED,
    LeftOut,
    Missing,
    SyncError,
    TooMany,
    Unavailable,
)
from pulp_gomod.app.tasks.sync.held import Unit
from pulp_gomod.app.tasks.sync.plan import Plan
from pulp_gomod.app.tasks.sync.pool import work_off


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
    plan, missing, progress = Plan(), Missing(""), Progress()
    item = plan.at("example.com/m", "v1.0.0")
    item.whole, item.h1, item.go_mod_h1 = True, h1, go_mod_h1
    downloading = Downloading(source, uuid4(), 2, True, missing, progress)  # type: ignore[arg-type]
    fetched = asyncio.run(downloading.run(plan))
    assert fetched.answers == ([] if wrong else [source.answer])
    failures = missing.failures
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


@pytest.mark.parametrize(
    ("policy", "left_out"), [("", ["listed"]), ("fail", []), ("skip", ["listed", "named"])]
)
def test_what_cannot_be_had_is_left_out_as_somebody_says(policy: Any, left_out: list[str]) -> None:
    missing = Missing(policy)
    for name in ("listed", "named"):
        is_left_out = missing.note(name, Unavailable("404"), named=name == "named")
        assert is_left_out == (name in left_out)
        # What may pass, and other bytes than there should be, are never gone on without.
        assert not missing.note(f"other {name}", SyncError("502"), named=name == "named")
    assert missing.left_out.count == len(left_out)
    assert str(missing.left_out) == "\n".join(f"{name}: 404" for name in left_out)
    assert str(missing.failures).count("\n") + 1 == 4 - len(left_out)


def test_however_much_is_left_out_some_of_it_is_named_and_all_is_counted() -> None:
    left_out = LeftOut()
    for number in range(1000):
        left_out.add(f"m{number}", "404")
    assert left_out.count == 1000
    assert str(left_out).endswith(f"\nand {1000 - NAMED} more")
    assert str(left_out).count("\n") == NAMED
    missing = Missing("fail")
    with pytest.raises(TooMany):
        for number in range(1000):
            missing.note(f"m{number}", Unavailable("404"))


def test_a_version_that_is_listed_and_named_is_named() -> None:
    plan = Plan()
    plan.at("example.com/m", "v1.0.0", named=False)
    plan.at("example.com/m", "v1.1.0", named=False)
    plan.at("example.com/m", "v1.1.0")
    plan.at("example.com/m", "v1.1.0", named=False)
    assert [item.named for item in plan.items.values()] == [False, True]
