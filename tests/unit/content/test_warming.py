"""What a content process asks before anybody asks it."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from pulp_gomod.app.content import warmup
from pulp_gomod.app.content.repository import (
    distribution_queries,
    proof_queries,
    queries,
    vulndb_queries,
)


class Database:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def fetch_all(self, sql: str, parameters: list[Any]) -> list[Any]:
        assert sql.count("%s") == len(parameters)
        self.asked[sql] += 1
        return []


def test_each_statement_is_run_once() -> None:
    played = Database()
    asyncio.run(warmup.warm(played))  # type: ignore[arg-type]
    texts = [compiled().sql for compiled in (*queries.ALL, *proof_queries.ALL, *vulndb_queries.ALL)]
    texts.append(distribution_queries.probe(1).sql)
    assert played.asked == Counter(dict.fromkeys(texts, 1))


def test_a_process_starts_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Database):
        async def fetch_all(self, sql: str, parameters: list[Any]) -> list[Any]:
            raise ValueError("not what was expected")

    async def start() -> None:
        async with warmup.warmed(Broken()):  # type: ignore[arg-type]
            async with asyncio.timeout(10):
                while "did not plan" not in caplog.text:
                    await asyncio.sleep(0.01)

    asyncio.run(start())
    assert "did not plan" in caplog.text
