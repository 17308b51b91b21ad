"""
One statement for all requests that ask for the same kind of thing at a moment.

A first request for a file costs one look-up by whole keys. PostgreSQL is done with it sooner than a
process is with sending a statement and reading its answer, so that requests which come together share
one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import DataError

from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.pool import Database
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.together import Need, apart, named, together

# Questions in one statement at most.
MOST = 32
# Statements of one kind at the same time, and after how many seconds those who wait for the ones before
# get another: a list of thousands may take longer than all others together.
MOST_AT_ONCE = 4
PATIENCE = 0.005


@dataclass(slots=True)
class _Lookup:
    values: dict[str, Any]
    answer: "asyncio.Future[list[Row]]"


class _Kind:
    """The questions that one statement answers."""

    def __init__(self, where: Database, statement: Statement) -> None:
        self._database = where
        self._statement = statement
        self._waiting: list[_Lookup] = []
        self._running: set[asyncio.Task[None]] = set()

    def ask(self, values: dict[str, Any]) -> "asyncio.Future[list[Row]]":
        loop = asyncio.get_running_loop()
        question = _Lookup(values, loop.create_future())
        self._waiting.append(question)
        if not self._running:
            self._start()
        elif len(self._waiting) == 1:
            loop.call_later(PATIENCE, self._start, question)
        return question.answer

    def _start(self, overdue: _Lookup | None = None) -> None:
        if overdue is not None and overdue not in self._waiting:
            return
        if len(self._running) < MOST_AT_ONCE:
            # It begins when all that has just come in has been read.
            task = asyncio.get_running_loop().create_task(self._answer_while_asked())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _answer_while_asked(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                answers = await self._look_up(asked)
            except (DataError, UnicodeError) as error:
                # One of them is at fault, perhaps a text that has half characters; the others are not.
                if len(asked) == 1:
                    _fail(asked, error)
                else:
                    await self._answer_each(asked)
            except Exception as error:
                _fail(asked, error)
            else:
                _deliver(asked, answers)

    async def _answer_each(self, asked: list[_Lookup]) -> None:
        for question in asked:
            try:
                _deliver([question], await self._look_up([question]))
            except Exception as error:
                _fail([question], error)

    async def _look_up(self, asked: list[_Lookup]) -> list[list[Row]]:
        if len(asked) == 1:
            found = await self._database.fetch_all(
                self._statement.sql, self._statement.bind(**asked[0].values)
            )
            return [found]
        many = self._statement.for_many
        rows = await self._database.fetch_all(many.sql, many.bind([each.values for each in asked]))
        return await compute(len(rows), _sorted_out, rows, len(asked))


class Lookups:
    """
    Runs compiled statements, those that are asked for together as one.

    Args:
        where: The database.
    """

    def __init__(self, where: Database) -> None:
        self._database = where
        self._kinds: dict[str, _Kind] = {}
        self._together: dict[tuple[str, ...], Statement] = {}
        self._open = 0

    @property
    def open(self) -> int:
        """How many questions wait for their answers."""
        return self._open

    async def ask(self, statement: Statement, **values: Any) -> list[Row]:
        """
        Return the rows of a statement.

        Args:
            statement: The statement; there are few different ones.
            values: The values that it needs, by name.

        Raises:
            psycopg.Error: The database does not answer.
        """
        self._open += 1
        try:
            return await self.ask_in_background(statement, **values)
        finally:
            self._open -= 1

    async def ask_in_background(self, statement: Statement, **values: Any) -> list[Row]:
        """
        Do what `ask` does, for something that nobody waits for: it does not count as open.

        Args:
            values: The values that it needs, by name.

        Raises:
            psycopg.Error: The database does not answer.
        """
        kind = self._kinds.get(statement.sql)
        if kind is None:
            kind = self._kinds[statement.sql] = _Kind(self._database, statement)
        return await kind.ask(values)

    async def meet(self, needs: Sequence[Need]) -> None:
        """
        Look up all that is needed, with one statement, and have it remembered.

        Args:
            needs: What is needed; there are few different combinations of statements.

        Raises:
            psycopg.Error: The database does not answer.
        """
        if not needs:
            return
        if len(needs) == 1:
            found = [await self.ask(needs[0].statement, **needs[0].values)]
        else:
            values = {
                named(number, name): value
                for number, need in enumerate(needs)
                for name, value in need.values.items()
            }
            rows = await self.ask(self._all_of(needs), **values)
            found = await compute(len(rows), apart, rows, [need.width for need in needs])
        for need, rows in zip(needs, found, strict=True):
            await need.keep(rows)

    def _all_of(self, needs: Sequence[Need]) -> Statement:
        key = tuple(need.statement.sql for need in needs)
        known = self._together.get(key)
        if known is None:
            known = self._together[key] = together([need.statement for need in needs])
        return known


def _sorted_out(rows: list[Row], count: int) -> list[list[Row]]:
    """Give each question its rows."""
    answers: list[list[Row]] = [[] for _ in range(count)]
    for place, *row in rows:
        answers[place - 1].append(tuple(row))
    return answers


def _deliver(asked: list[_Lookup], answers: list[list[Row]]) -> None:
    for question, rows in zip(asked, answers, strict=True):
        if not question.answer.done():
            question.answer.set_result(rows)


def _fail(asked: list[_Lookup], error: Exception) -> None:
    for question in asked:
        if not question.answer.done():
            question.answer.set_exception(error)
