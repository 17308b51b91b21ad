"""Several statements as one: what is needed at the same moment costs one round trip, and one place in PostgreSQL."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.pq import Row


@dataclass(frozen=True, slots=True)
class Need:
    """
    Something that has to be looked up.

    Attributes:
        statement: Finds it.
        width: How many columns that has.
        values: The values that it needs, by name.
        keep: Remembers the rows, for whoever needs them.
    """

    statement: Statement
    width: int
    values: Mapping[str, Any]
    keep: Callable[[list[Row]], Awaitable[None]]


def together(statements: Sequence[Statement]) -> Statement:
    """
    Make one statement of several.

    Each row is of one of them: the columns of the others are null. The first column of each is the number of the
    row, so that rows keep their order. Values are called as `named` says.

    Args:
        statements: At least two.
    """
    parts = [
        # A join is free to change the order of rows, unlike what numbers them.
        f"(SELECT row_number() OVER (), one.* FROM ({each.sql}) AS one) AS part{number}"
        for number, each in enumerate(statements)
    ]
    sql = f"SELECT * FROM {parts[0]} " + " ".join(
        f"FULL JOIN {part} ON FALSE" for part in parts[1:]
    )
    names = tuple(
        name and named(number, name)
        for number, each in enumerate(statements)
        for name in each.names
    )
    constants = tuple(constant for each in statements for constant in each.constants)
    types = {
        named(number, name): kind
        for number, each in enumerate(statements)
        for name, kind in each.types.items()
    }
    return Statement(sql, names, constants, types)


def named(number: int, name: str) -> str:
    """
    Say what a value of one statement is called in all of them together.

    Args:
        number: Which statement it is, from 0 on.
    """
    return f"n{number}_{name}"


def apart(rows: Sequence[Row], widths: Sequence[int]) -> list[list[Row]]:
    """
    Return the rows of each statement.

    Args:
        rows: Those of all of them together.
        widths: How many columns each statement has.
    """
    found: list[list[tuple[int, Row]]] = [[] for _ in widths]
    for row in rows:
        start = 0
        for width, mine in zip(widths, found, strict=True):
            if row[start] is not None:
                mine.append((row[start], tuple(row[start + 1 : start + 1 + width])))
                break
            start += 1 + width
    return [[row for _, row in sorted(mine, key=_place)] for mine in found]


def _place(numbered: tuple[int, Row]) -> int:
    return numbered[0]
