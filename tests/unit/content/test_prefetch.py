"""When all of a small repository version is brought into memory, and what is brought."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from pulp_gomod.app.content.http.responses import JSON, TEXT, Representation
from pulp_gomod.app.content.repository import prefetch as module
from pulp_gomod.app.content.repository.cached import CachedModules
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.content.repository.prefetch import MOST_REPOSITORIES, SEVERAL, Prefetch
from pulp_gomod.app.content.repository.result_cache import ResultCache

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SERVED = Served(uuid4(), 3, NOW)
INFO = Representation(JSON, "etag", NOW, 2, True, b"{}")
MOD = Representation(TEXT, "etag", NOW, 9, True, b"module m\n")


class Modules:
    """A repository version with modules m0, m1, ..., each in one version."""

    served = SERVED
    is_quiet = True

    def __init__(self, count: int, fails: bool = False) -> None:
        self.in_background = self
        self.all = [(f"example.com/m{number}", "v1.0.0") for number in range(count)]
        self.fails = fails
        self.listed = 0
        self.asked: list[str] = []

    async def names(self) -> list[tuple[str, str]]:
        self.listed += 1
        await asyncio.sleep(0)
        if self.fails:
            raise OSError("gone")
        return self.all

    async def info(self, path: str, version: str) -> Any:
        raise AssertionError("all files are looked up together")

    mod = zip = info

    async def files(self, path: str, version: str, wanted: str) -> dict[str, Any]:
        self.asked.append(path)
        await asyncio.sleep(0)
        # A long go.mod is not told beside something else.
        return {"info": INFO, "zip": None} | ({"mod": MOD} if wanted == "mod" else {})


async def ask_some(modules: Modules, count: int) -> tuple[CachedModules, Prefetch]:
    whole = Prefetch()
    remembered = CachedModules(modules, ResultCache(), whole)  # type: ignore[arg-type]
    for path, version in modules.all[:count]:
        assert await remembered.info(path, version) is INFO
    for _ in range(200):
        await asyncio.sleep(0)
    return remembered, whole


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene()

    asyncio.run(main())


def test_the_others_are_looked_up_after_several() -> None:
    async def scene() -> None:
        modules = Modules(50)
        remembered, _ = await ask_some(modules, SEVERAL)
        assert sorted(modules.asked) == sorted(path for path, _ in modules.all)
        asked = len(modules.asked)
        assert [await remembered.info(*name) for name in modules.all] == [INFO] * 50
        assert await remembered.zip(*modules.all[-1]) is None
        assert len(modules.asked) == asked
        # What was left out is looked up when it is asked for.
        assert await remembered.mod(*modules.all[-1]) is MOD
        assert len(modules.asked) == asked + 1

    play(scene)


def test_they_are_looked_up_once() -> None:
    async def scene() -> None:
        modules = Modules(3 * SEVERAL)
        remembered, _ = await ask_some(modules, SEVERAL)
        for name in modules.all:
            await remembered.mod(*name)
        assert modules.listed == 1

    play(scene)


def test_a_few_requests_bring_nothing() -> None:
    async def scene() -> None:
        modules = Modules(50)
        await ask_some(modules, SEVERAL - 1)
        assert (modules.listed, len(modules.asked)) == (0, SEVERAL - 1)

    play(scene)


def test_what_fails_fails_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        modules = Modules(50, fails=True)
        remembered, _ = await ask_some(modules, SEVERAL)
        assert len(modules.asked) == SEVERAL
        assert await remembered.info(*modules.all[-1]) is INFO

    play(scene)
    assert not [record for record in caplog.records if record.name == "asyncio"]


class Bringing:
    """Notes look-ups, and counts what is brought."""

    def __init__(self) -> None:
        self.whole = Prefetch()
        self.begun: list[int] = []
        self.may_end = asyncio.Event()

    async def note(self, number: int, times: int = SEVERAL, repository: UUID | None = None) -> None:
        async def bring() -> None:
            self.begun.append(number)
            await self.may_end.wait()

        for _ in range(times):
            self.whole.note(Served(repository or SERVED.repository, number, NOW), bring)
        for _ in range(10):
            await asyncio.sleep(0)


def test_look_ups_count_for_their_version_only() -> None:
    async def scene() -> None:
        bringing = Bringing()
        for number in range(20):
            await bringing.note(number, SEVERAL - 1)
        assert bringing.begun == []
        await bringing.note(19, 1)
        assert bringing.begun == [19]

    play(scene)


def test_another_version_is_brought_after_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        bringing = Bringing()
        bringing.may_end.set()
        await bringing.note(1)
        await bringing.note(2, 2 * SEVERAL)
        assert bringing.begun == [1]
        # The same one is not brought twice, however long ago it was.
        monkeypatch.setattr(module.time, "monotonic", lambda: 1e12)
        await bringing.note(2)
        await bringing.note(2)
        assert bringing.begun == [1, 2]

    play(scene)


def test_one_is_brought_at_a_time() -> None:
    async def scene() -> None:
        bringing = Bringing()
        await bringing.note(1)
        await bringing.note(2, repository=uuid4())
        assert bringing.begun == [1]
        bringing.may_end.set()
        await bringing.note(2, 1)
        assert bringing.begun == [1, 2]

    play(scene)


def test_repositories_of_which_look_ups_are_counted_are_bounded() -> None:
    async def scene() -> None:
        bringing = Bringing()
        for _ in range(MOST_REPOSITORIES + 10):
            await bringing.note(1, 1, uuid4())
        assert len(bringing.whole._repositories) == MOST_REPOSITORIES

    play(scene)


def test_what_is_being_brought_ends_with_the_app() -> None:
    async def scene() -> None:
        whole, never = Prefetch(), asyncio.Event()

        async def bring() -> None:
            await never.wait()

        for _ in range(SEVERAL):
            whole.note(SERVED, bring)
        await asyncio.sleep(0)
        await whole.close()
        assert len(asyncio.all_tasks()) == 1

    play(scene)
