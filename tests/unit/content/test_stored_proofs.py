"""Whether a checksum database proves anything that is served takes PostgreSQL long, and clients do not wait for it."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from pulp_gomod.app.content.repository import proofs
from tests.unit import django_set_up  # noqa: F401

NAME = "sum.example.org"


@dataclass
class Slow:
    """A database that answers when it is told to."""

    rows: list[Any] = field(default_factory=list)
    asked: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, statement: Any, **values: Any) -> list[Any]:
        self.asked += 1
        await self.go.wait()
        return self.rows


def _served(number: int, repository: UUID) -> Any:
    return SimpleNamespace(repository=repository, number=number)


@pytest.mark.parametrize("tree", [None, uuid4()])
def test_what_was_known_a_moment_ago_is_better_than_to_wait(
    monkeypatch: pytest.MonkeyPatch, tree: UUID | None
) -> None:
    async def scenario() -> None:
        clock = [1000.0]
        monkeypatch.setattr(proofs, "time", SimpleNamespace(monotonic=lambda: clock[0]))
        database, domain, repository = Slow(), uuid4(), uuid4()
        stored: Any = proofs.StoredProofs(database)  # type: ignore[arg-type]

        async def supports(number: int) -> bool:
            served = _served(number, repository)
            return bool(await asyncio.wait_for(stored.supports(served, domain, NAME), 20))

        database.rows = [(tree, b"", None)] if tree else []
        database.go.set()
        assert await supports(1) is (tree is not None)
        assert await supports(1) is (tree is not None)
        assert database.asked == 1
        # It is asked anew, once for all, and nobody waits.
        database.go.clear()
        clock[0] += max(proofs.NONE_FOR, proofs.SOME_FOR if tree else 0) + 1
        database.rows = [] if tree else [(uuid4(), b"", None)]
        assert await asyncio.gather(supports(1), supports(1)) == [tree is not None] * 2
        await asyncio.sleep(0)
        assert database.asked == 2
        database.go.set()
        while await supports(1) is (tree is not None):
            await asyncio.sleep(0)
        assert database.asked == 2
        # What was known long ago is not good enough.
        clock[0] += 1000
        database.rows = [(tree, b"", None)] if tree else []
        if tree:
            assert await supports(1)
        await stored.close()

    asyncio.run(scenario())


def test_a_new_version_proves_what_the_one_before_did_until_that_is_known() -> None:
    async def scenario() -> None:
        database, domain, repository = Slow([(uuid4(), b"", None)]), uuid4(), uuid4()
        stored: Any = proofs.StoredProofs(database)  # type: ignore[arg-type]
        database.go.set()
        assert await stored.supports(_served(1, repository), domain, NAME)
        database.go.clear()
        database.rows = []
        assert await stored.supports(_served(2, repository), domain, NAME)
        database.go.set()
        while await stored.supports(_served(2, repository), domain, NAME):
            await asyncio.sleep(0)
        assert not await stored.supports(_served(3, repository), domain, NAME)
        await stored.close()

    asyncio.run(scenario())
