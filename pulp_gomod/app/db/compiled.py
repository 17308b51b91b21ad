"""
SQL that is compiled once from an ORM queryset, and run with the values of each request.

The querysets hold a marker wherever a request's value will stand; the text and the order of the
markers are kept, so that a request costs no ORM work, while a change of pulpcore's tables still breaks
here, in a test, and not in the middle of a user's build.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Func, QuerySet, TextField


class Matches(Func):
    """The condition that a text-search vector matches a query."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()


class TsQuery(Func):
    """A text-search query, written as PostgreSQL reads it."""

    template = "(%(expressions)s::tsquery)"
    output_field = TextField()


class EnglishQuery(Func):
    """A text-search query for all words of a text, whatever their endings."""

    template = "plainto_tsquery('english'::regconfig, %(expressions)s)"
    output_field = TextField()


class EitherQuery(Func):
    """A text-search query for what matches one of two."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = TextField()


class BothQueries(EitherQuery):
    """A text-search query for what matches both of two."""

    arg_joiner = " && "


class IsAnyOf(Func):
    """The condition that a key is one of many, which are one value: PostgreSQL reads an array sooner than hundreds."""

    template = "(%(expressions)s::uuid[]))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class IsAnyText(IsAnyOf):
    """The same with texts."""

    template = "(%(expressions)s::text[]))"


class BigInt(int):
    """A marker for a number of 64 bits."""


class Limit(int):
    """A marker for how many rows are wanted, as the end of a slice: Django writes it into the text."""


# What the sets of values are called where there are many of them: no statement may call a table so.
_SETS = "value_sets"

# The types of arrays of values, by the type of the marker that stands for one.
_TYPES = {UUID: "uuid", int: "integer", BigInt: "bigint", Limit: "bigint", str: "text"}
_PLACE = re.compile(r"%s|LIMIT (\d+)")


@dataclass(frozen=True)
class Statement:
    """
    A compiled query.

    Attributes:
        sql: The text, with %s for each parameter.
        names: For each parameter the name of the request's value, or None for a constant.
        constants: For each parameter its constant, or None.
        types: What PostgreSQL calls the type of each value, by name.
    """

    sql: str
    names: tuple[str | None, ...]
    constants: tuple[Any, ...]
    types: Mapping[str, str]

    def bind(self, **values: Any) -> list[Any]:
        """
        Return the parameters for one request.

        Args:
            values: The request's values, by name.
        """
        return [
            constant if name is None else values[name]
            for name, constant in zip(self.names, self.constants, strict=True)
        ]

    def correlated(self, name: str, column: str) -> "Statement":
        """
        Return it as a part of another statement, a column of which stands for one of the values.

        Args:
            name: The value.
            column: The column, with its table.
        """
        texts = self.sql.split("%s")
        places = [column if each == name else "%s" for each in self.names]
        kept = [each for each in zip(self.names, self.constants, strict=True) if each[0] != name]
        return Statement(
            texts[0] + "".join(map("".join, zip(places, texts[1:], strict=True))),
            tuple(each for each, _ in kept),
            tuple(constant for _, constant in kept),
            self.types,
        )

    def with_rows(self, other: "Statement", width: int) -> "Statement":
        """
        Return the rows of another statement beside each of this one's, as the text of JSON in a last column.

        What two would be asked for is asked at once then. They share the request's values.

        Args:
            other: The other statement; its values have to be what JSON can hold.
            width: How many columns that has.
        """
        columns = ", ".join(f"c{number}" for number in range(width))
        rows = (
            f"SELECT coalesce(json_agg(json_build_array({columns})), '[]')::text "
            f"FROM ({other.sql}) AS beside({columns})"
        )
        return Statement(
            f"SELECT about.*, ({rows}) FROM ({self.sql}) AS about",
            other.names + self.names,
            other.constants + self.constants,
            {**other.types, **self.types},
        )

    @cached_property
    def for_many(self) -> "ManyStatement":
        """The same for many sets of values at once."""
        return ManyStatement.of(self)


@dataclass(frozen=True)
class ManyStatement:
    """
    A query that answers for many sets of values.

    Its first column is the place of a set, beginning with 1; those of the Statement follow. The rows of
    a set keep the Statement's order.

    Attributes:
        sql: The text, with %s for each parameter.
        names: The values, for each of which the first parameters are an array.
        constants: The parameters that follow.
    """

    sql: str
    names: tuple[str, ...]
    constants: tuple[Any, ...]

    @classmethod
    def of(cls, statement: Statement) -> "ManyStatement":
        """Let PostgreSQL run a statement for each set of values in turn."""
        names = tuple(dict.fromkeys(name for name in statement.names if name))
        arrays = ", ".join(f"%s::{statement.types[name]}[]" for name in names)
        texts = statement.sql.split("%s")
        columns = [f"{_SETS}.{name}" if name else "%s" for name in statement.names]
        inner = texts[0] + "".join(map("".join, zip(columns, texts[1:], strict=True)))
        # OFFSET 0 keeps PostgreSQL from merging the two into one, and from planning it otherwise.
        sql = (
            f"SELECT {_SETS}.place, found.* FROM unnest({arrays}) WITH ORDINALITY "
            f"AS {_SETS}({', '.join(names)}, place) "
            f"JOIN LATERAL (SELECT * FROM ({inner}) AS one OFFSET 0) AS found ON TRUE"
        )
        constants = zip(statement.names, statement.constants, strict=True)
        return cls(sql, names, tuple(constant for name, constant in constants if name is None))

    def bind(self, sets: Sequence[Mapping[str, Any]]) -> list[Any]:
        """
        Return the parameters.

        Args:
            sets: The sets of values, by name.
        """
        arrays = [[values[name] for values in sets] for name in self.names]
        return [*arrays, *self.constants]


def compile_queryset(queryset: QuerySet, markers: Mapping[Any, str]) -> Statement:
    """
    Compile a queryset that holds markers where a request's values will stand.

    Args:
        markers: The name of the value that each marker stands for.
    """
    text, given = queryset.query.sql_with_params()
    sql, parameters = _with_limits(text, given, markers)
    names = tuple(markers.get(p) if p.__hash__ else None for p in parameters)
    constants = tuple(None if name else p for name, p in zip(names, parameters, strict=True))
    types = {name: _TYPES[type(marker)] for marker, name in markers.items()}
    return Statement(sql, names, constants, types)


def _with_limits(
    sql: str, parameters: Sequence[Any], markers: Mapping[Any, str]
) -> tuple[str, list[Any]]:
    """Make parameters of limits that are markers."""
    limits = {int(marker): marker for marker in markers if isinstance(marker, Limit)}
    given, found = iter(parameters), list[Any]()

    def replaced(place: re.Match[str]) -> str:
        if place[1] is None:
            found.append(next(given))
        elif int(place[1]) in limits:
            found.append(limits[int(place[1])])
            return "LIMIT %s"
        return place[0]

    return _PLACE.sub(replaced, sql), found
