"""
What the parameters of a list may cost the database.

How long the parameters are together is bounded by gunicorn: a request line has 4094 bytes.
"""

import re
from collections.abc import Iterator
from gettext import gettext as _
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend

#: Objects on one page. Pulp's own clients ask for so many.
MAX_PAGE = 1000
#: PostgreSQL has no larger numbers.
MAX_OFFSET = 2**63 - 1
#: Characters of a regular expression.
MAX_PATTERN = 200
#: Characters of a filter expression or a search.
MAX_EXPRESSION = 1000

_PATTERN = re.compile(r"__i?regex$")
# Without references to groups PostgreSQL looks at each character once; with them it tries everything.
_BACK_REFERENCE = re.compile(r"\\[1-9]")


class QueryBounds(BaseFilterBackend):
    """Refuses queries that cost too much; it filters nothing."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        """
        Check the parameters of a list.

        Args:
            queryset: What is listed; returned as it is.
            view: The viewset.

        Raises:
            ValidationError: One asks for too much, or is no number where one has to be.
        """
        problems: dict[str, list[str]] = {}
        for name, values in request.query_params.lists():
            for problem in (problem for value in values for problem in _problems(name, value)):
                problems.setdefault(name, []).append(problem)
        if problems:
            raise ValidationError(problems)
        return queryset


def _problems(name: str, value: str) -> Iterator[str]:
    if name == "limit" and not 1 <= _number(value) <= MAX_PAGE:
        yield _(
            "Must be a whole number from 1 to {most}; ask for the next page with offset."
        ).format(most=MAX_PAGE)
    elif name == "offset" and not 0 <= _number(value) <= MAX_OFFSET:
        yield _("Must be a whole number from 0.")
    elif name == "q":
        yield from _problems_of_expression(value)
    elif _PATTERN.search(name):
        yield from _problems_of_pattern(value)


def _number(value: str) -> int:
    """Read a number, -1 for what is none; int() takes digits of all scripts, and any length."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else -1


def _problems_of_expression(value: str) -> Iterator[str]:
    if len(value) > MAX_EXPRESSION:
        yield _("Has more than {most} characters.").format(most=MAX_EXPRESSION)
    if "regex" in value:
        yield from _problems_of_pattern(value)


def _problems_of_pattern(value: str) -> Iterator[str]:
    if len(value) > MAX_PATTERN:
        yield _("Has more than {most} characters.").format(most=MAX_PATTERN)
    if _BACK_REFERENCE.search(value):
        yield _("A regular expression may not refer back to its groups here.")
