"""What a content process asks before anybody asks it."""

import asyncio
from collections import Counter
from typing import Any

from pulp_gomod.app.goproxy import distribution_statements, statements, warming


class Database:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def fetch_all(self, sql: str, parameters: list[Any]) -> list[Any]:
        assert sql.count("%s") == len(parameters)
        self.asked[sql] += 1
        return []


def test_each_statement_is_run_until_it_is_prepared() -> None:
    database = Database()
    asyncio.run(warming.warm(database))  # type: ignore[arg-type]
    texts = [compiled().sql for compiled in statements.ALL] + [distribution_statements.probe(1).sql]
    assert database.asked == Counter(dict.fromkeys(texts, 2))
