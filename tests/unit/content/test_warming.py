"""What a content process asks before anybody asks it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from pulp_gomod.app.content import warmup
from pulp_gomod.app.content.pages import rendering
from pulp_gomod.app.content.repository import distribution_queries


class Database:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def run_on_each(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> None:
        for sql, parameters in asked:
            assert sql.count("%s") == len(parameters)
            self.asked[sql] += 1


def test_each_statement_is_run_once() -> None:
    played = Database()
    asyncio.run(warmup.warm(played))  # type: ignore[arg-type]
    texts = [compiled().sql for group in warmup.STATEMENTS for compiled in group]
    texts.append(distribution_queries.probe(1).sql)
    assert len(texts) == len(set(texts)) and played.asked == Counter(texts)


def test_no_page_waits_for_its_template(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    monkeypatch.setattr(rendering, "compile_template", compiled.append)
    asyncio.run(warmup.warm(Database()))  # type: ignore[arg-type]
    files = (rendering._HERE / "templates").iterdir()
    assert sorted(compiled) == sorted(file.name for file in files)


def test_a_process_starts_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Database):
        async def run_on_each(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> None:
            raise ValueError("not what was expected")

    async def start() -> None:
        async with warmup.warmed(Broken()):  # type: ignore[arg-type]
            async with asyncio.timeout(10):
                while "did not plan" not in caplog.text:
                    await asyncio.sleep(0.01)

    asyncio.run(start())
    assert "did not plan" in caplog.text
