"""What the query of a request says."""

import base64
import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from multidict import MultiMapping

from pulp_gomod.app.content.pkgsite.errors import bad_request

T = TypeVar("T")

MOST = 1000
"""Items of an answer."""

USUAL = 100
"""Items of an answer if nobody says how many."""

LONGEST = 1000
"""Characters of a parameter."""

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False", ""})
_MOST_OFFSET = 1_000_000
_INTEGER = re.compile("[+-]?[0-9]{1,18}")
_FIX = "correct the query parameter and retry"


class Params:
    """The parameters of a request; the first of each name counts, and unknown ones mean nothing."""

    def __init__(self, query: MultiMapping[str]) -> None:
        self._query = query

    def text(self, name: str) -> str:
        """
        Return a parameter, "" without one.

        Raises:
            ApiError: It is longer than anything that means something, or no database can hold it.
        """
        value = self._query.get(name, "")
        if len(value) > LONGEST:
            raise bad_request(f"{name} has more than {LONGEST} characters", _FIX)
        if "\0" in value or not value.isprintable() and "\ud800" <= max(value) <= "\udfff":
            raise bad_request(f"{name} has characters that mean nothing", _FIX)
        return value

    def flag(self, name: str) -> bool:
        """
        Return a parameter that is true or false, as Go reads it.

        Raises:
            ApiError: It is neither.
        """
        value = self.text(name)
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise bad_request(f"invalid boolean value {_shown(value)} for {name}", _FIX)

    def limit(self, usual: int = USUAL) -> int:
        """
        Return how many items are wanted.

        Raises:
            ApiError: It is no number.
        """
        if "limit" not in self._query:
            return usual
        value = self.text("limit")
        if not value:
            raise bad_request("empty value for limit", _FIX)
        if not _INTEGER.fullmatch(value):
            raise bad_request(f"invalid integer value {_shown(value)} for limit", _FIX)
        number = int(value)
        return min(number, MOST) if number > 0 else usual

    def offset(self) -> int:
        """
        Return where a list goes on: what the token says, 0 without one.

        Raises:
            ApiError: It is none of ours.
        """
        token = self.text("token")
        if not token:
            return 0
        try:
            (offset,) = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except (ValueError, TypeError):
            offset = None
        if not isinstance(offset, int) or not 0 <= offset <= _MOST_OFFSET:
            raise bad_request(
                "invalid next-page token", "try again from the beginning, with no token"
            )
        return offset


def page(items: Sequence[T], params: Params, usual: int = USUAL) -> dict[str, Any]:
    """
    Return a part of a list, as the API does it.

    Args:
        items: All of it.
        params: Which part is wanted.
        usual: How many items that has if nobody says it.
    """
    start = min(params.offset(), len(items))
    end = min(start + params.limit(usual), len(items))
    said: dict[str, Any] = {"items": list(items[start:end]) or None, "total": len(items)}
    if end < len(items):
        token = base64.urlsafe_b64encode(json.dumps([end]).encode()).decode().rstrip("=")
        said["nextPageToken"] = token
    return said


def _shown(value: str) -> str:
    return json.dumps(value[:80])
