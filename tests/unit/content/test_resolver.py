"""What a process knows of distributions, and when it asks again; PostgreSQL's part is played."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from pulp_gomod.app.content.repository import resolver as module
from pulp_gomod.app.content.repository.resolver import MOST_DOMAINS, DomainResolver, Resolver
from pulp_gomod.app.db.snapshots import Snapshot
from pulp_gomod.app.models.stopping import CONDITIONS
from pulp_gomod.app.models.visibility import TRUSTED

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NULLS = (None,) * 22


class Database:
    """One distribution, whose repository has a number of versions."""

    def __init__(self) -> None:
        self.losses = 0
        self.snapshot_name = "700:700:"
        self.number = 1
        self.fails = False
        self.asked = 0
        self.looks_ahead = 0
        self.blocks: str | None = None
        self.own: str | None = None
        self.policy: str | None = None
        self.times_told = 0
        self._keys: list[UUID] = [uuid4() for _ in range(3)]

    async def snapshot(self) -> Snapshot:
        self.looks_ahead += 1
        if self.fails:
            raise OSError("gone")
        return Snapshot(time.monotonic(), self.snapshot_name)

    async def fetch_all(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        self.asked += 1
        if self.fails:
            raise OSError("gone")
        if self.snapshot_name in parameters:
            return [(self.snapshot_name, *NULLS)]
        pk, domain, repository = self._keys
        return [
            (self.snapshot_name, pk, "base", None, domain, NOW, repository, self.number, NOW)
            + (None,) * 8
            + (
                "all",
                None,
                None,
                self._told_blocks(parameters),
                self._told_own(parameters),
                self._told_policy(parameters),
            )
        ]

    def _told_blocks(self, parameters: list[Any]) -> list[Any] | None:
        if self.blocks is None:
            return None
        if any(self.blocks in each for each in parameters if isinstance(each, str)):
            return [self.blocks, NOW.isoformat(), None]
        self.times_told += 1
        row = ["example.com/m", "v1.0.0", "bad", NOW.isoformat(), "requested"]
        return [self.blocks, NOW.isoformat(), [row]]

    def _told_policy(self, parameters: list[Any]) -> list[Any] | None:
        if self.policy is None:
            return None
        if any(self.policy in each for each in parameters if isinstance(each, str)):
            return [self.policy, None]
        self.times_told += 1
        entry = {"module": "example.com", "versions": "", "reason": "bad", "since": "2026-01-02"}
        said = {name: "off" if name.endswith("_mode") else None for name in CONDITIONS}
        said |= {"deny_mode": "enforce", "deny": [entry]}
        return [self.policy, ["p", NOW.isoformat(), None, *said.values()]]

    def _told_own(self, parameters: list[Any]) -> list[Any] | None:
        if self.own is None:
            return None
        if any(self.own in each for each in parameters if isinstance(each, str)):
            return [self.own, None]
        self.times_told += 1
        return [self.own, ["example.com/own"]]


Scene = Callable[[Database, DomainResolver], Awaitable[None]]


def play(scene: Scene) -> None:
    async def main() -> None:
        database = Database()
        await scene(database, DomainResolver(database, "default"))  # type: ignore[arg-type]

    asyncio.run(main())


async def number(resolver: DomainResolver) -> int:
    target = await resolver.find(["base"])
    assert target is not None and target.served is not None
    return target.served.number


async def later() -> None:
    await asyncio.sleep(TRUSTED * 2)


def test_one_look_serves_many(monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow the machine is.
    monkeypatch.setattr(module, "TRUSTED", 60.0)

    async def scene(database: Database, resolver: DomainResolver) -> None:
        assert [await number(resolver) for _ in range(3)] == [1, 1, 1]
        assert database.asked == 1

    play(scene)


def test_a_look_is_trusted_for_a_moment_only() -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        assert await number(resolver) == 1
        database.number, database.snapshot_name = 2, "701:701:"
        await later()
        assert await number(resolver) == 2

    play(scene)


def test_an_unchanged_snapshot_keeps_what_is_known() -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        assert await number(resolver) == 1
        # Nobody could have written this without another snapshot.
        database.number = 2
        await later()
        assert await number(resolver) == 1

    play(scene)


def test_after_a_crash_the_same_snapshot_may_be_of_something_else() -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        assert await number(resolver) == 1
        database.number, database.losses = 2, 1
        await later()
        assert await number(resolver) == 2
        await later()
        assert await number(resolver) == 2

    play(scene)


def test_a_look_that_fails_fails_those_who_wait_and_no_others() -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        assert await number(resolver) == 1
        database.fails = True
        await later()
        with pytest.raises(OSError, match="gone"):
            await number(resolver)
        assert resolver.recall(["base"]) is None
        database.fails = False
        database.number, database.snapshot_name = 2, "701:701:"
        assert await number(resolver) == 2

    play(scene)


async def ahead(resolver: DomainResolver) -> None:
    """Have the next look taken, and wait for it."""
    assert resolver.recall(["base"], ahead=True) is not None
    async with asyncio.timeout(30):
        while resolver.is_looking:
            await asyncio.sleep(0)


def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust each look, however slow the machine is, and let the next be due at once."""
    monkeypatch.setattr(module, "TRUSTED", 60.0)
    monkeypatch.setattr(module, "AHEAD", -1.0)


async def settled(resolver: DomainResolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Know the distribution, by a look that found nothing new."""
    assert await number(resolver) == 1
    trusting(monkeypatch)
    await ahead(resolver)


def test_a_look_ahead_asks_for_the_snapshot_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        await settled(resolver, monkeypatch)
        for _ in range(3):
            await ahead(resolver)
        assert (database.asked, database.looks_ahead) == (2, 3)

    play(scene)


def test_a_look_ahead_that_sees_another_snapshot_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        await settled(resolver, monkeypatch)
        database.number, database.snapshot_name = 2, "701:701:"
        await ahead(resolver)
        assert (database.asked, database.looks_ahead) == (3, 1)
        target = resolver.recall(["base"])
        assert target is not None and target.served is not None and target.served.number == 2
        # While it is written to, each look is a whole one.
        database.number, database.snapshot_name = 3, "702:702:"
        await ahead(resolver)
        assert (database.asked, database.looks_ahead) == (4, 1)
        await ahead(resolver)
        assert (database.asked, database.looks_ahead) == (5, 1)
        await ahead(resolver)
        assert (database.asked, database.looks_ahead) == (5, 2)

    play(scene)


def test_a_look_ahead_after_a_crash_trusts_no_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        await settled(resolver, monkeypatch)
        database.number, database.losses = 2, 1
        await ahead(resolver)
        target = resolver.recall(["base"])
        assert target is not None and target.served is not None and target.served.number == 2

    play(scene)


def test_a_look_ahead_that_fails_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        await settled(resolver, monkeypatch)
        database.fails = True
        await ahead(resolver)
        # What was seen before is as old as it was; nobody was told of anything.
        assert database.looks_ahead == 1
        database.fails = False
        await ahead(resolver)
        assert (database.asked, database.looks_ahead) == (2, 2)

    play(scene)


def test_a_look_that_is_being_taken_ends_with_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        await settled(resolver, monkeypatch)
        never = asyncio.Event()

        async def hang() -> Snapshot:
            await never.wait()
            raise AssertionError

        monkeypatch.setattr(database, "snapshot", hang)
        assert resolver.recall(["base"], ahead=True) is not None
        await asyncio.sleep(0)
        assert resolver.is_looking
        await resolver.close()
        assert not resolver.is_looking and len(asyncio.all_tasks()) == 1

    play(scene)


def test_blocks_are_told_once_for_each_change_of_them() -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        found = []
        for revision in (None, str(uuid4()), None, None, str(uuid4())):
            database.blocks = revision or database.blocks
            database.number += 1
            database.snapshot_name = f"{database.number}:{database.number}:"
            await asyncio.sleep(TRUSTED)
            target = await resolver.find(["base"])
            assert target is not None and target.served is not None
            found.append(target.served.blocks)
        assert [blocks.find("example.com/m", "v1.0.0") is not None for blocks in found] == [
            False,
            *[True] * 4,
        ]
        assert found[1] is found[2] is found[3] and found[3] != found[4]
        assert database.times_told == 2

    play(scene)


def test_own_paths_are_told_once_for_each_change_of_them() -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        found = []
        for revision in (None, str(uuid4()), None, None, str(uuid4())):
            database.own = revision or database.own
            database.number += 1
            database.snapshot_name = f"{database.number}:{database.number}:"
            await asyncio.sleep(TRUSTED)
            target = await resolver.find(["base"])
            assert target is not None and target.served is not None
            found.append(target.served.own)
        assert database.times_told == 2
        assert [own.above("example.com/own/sub") for own in found] == ["", *["example.com/own"] * 4]
        assert found[1] is found[2] is found[3] and found[3] != found[4]

    play(scene)


def test_a_policy_is_told_once_for_each_change_of_it() -> None:
    async def scene(database: Database, resolver: DomainResolver) -> None:
        found = []
        for revision in (None, str(uuid4()), None, None, str(uuid4())):
            database.policy = revision or database.policy
            database.number += 1
            database.snapshot_name = f"{database.number}:{database.number}:"
            await asyncio.sleep(TRUSTED)
            target = await resolver.find(["base"])
            assert target is not None
            found.append(target.policy)
        assert database.times_told == 2
        stops = [policy.stops("example.com/m", "v1.0.0") for policy in found]
        assert not stops[0] and all("bad" in each[0].line for each in stops[1:])
        assert found[1] is found[2] is found[3] and found[3] != found[4]

    play(scene)


def test_domains_that_strangers_make_up_take_the_place_of_no_other() -> None:
    class Domains(Database):
        async def fetch_all(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
            if "default" in parameters:
                return await super().fetch_all(sql, parameters)
            return [(self.snapshot_name, *NULLS)]

    async def main() -> None:
        made = Resolver(Domains())  # type: ignore[arg-type]
        assert await made.find("default", ["base"], "base/x") is not None
        known = made._domains["default"]
        for number in range(2 * MOST_DOMAINS):
            assert await made.find(f"made-up-{number}", ["base"], "base/x") is None
        assert made._domains["default"] is known and len(made._domains) == MOST_DOMAINS
        await made.close()

    asyncio.run(main())
