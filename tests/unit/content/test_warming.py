"""What a content process asks before anybody asks it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

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


def test_what_is_compiled_ahead_is_compiled_for_all_and_needs_no_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*given: object) -> None:
        raise AssertionError("it connects, and all processes would have the same connection")

    templates = []
    monkeypatch.setattr(BaseDatabaseWrapper, "connect", refused)
    monkeypatch.setattr(rendering, "compile_template", templates.append)
    ahead = list(chain.from_iterable(warmup.STATEMENTS))
    for compiled in ahead:
        getattr(compiled, "cache_clear", lambda: None)()
    warmup.compile_ahead()
    assert sorted(templates) == sorted(rendering.templates())
    # What runs the statements later gets the very same objects.
    assert all(compiled() is compiled() for compiled in ahead)
    assert [
        each for each in ahead if hasattr(each, "cache_info") and not each.cache_info().currsize
    ] == []


@pytest.mark.parametrize("level", ["unknown template", "unknown table"])
def test_a_program_starts_whatever_cannot_be_compiled(
    level: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*given: object) -> None:
        raise ValueError(level)

    place = rendering if level == "unknown template" else distribution_queries
    name = "compile_template" if level == "unknown template" else "probe"
    monkeypatch.setattr(place, name, broken)
    warmup.compile_ahead()
    assert "not compiled ahead" in caplog.text and level in caplog.text


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
