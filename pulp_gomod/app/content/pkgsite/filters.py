"""
The filters of lists: a part of Go's expressions, over the fields of each item (x/pkgsite, internal/api/filter.go).

An expression is written by a client. It has at most so many characters and so many levels, and regular expressions
are matched by RE2, whose time is in proportion to the text, and to the expression: so all of it has a bound, too.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import re2

from pulp_gomod.app.content.pkgsite.errors import ApiError, bad_request

T = TypeVar("T")

LONGEST: Final = 500
"""Characters of a filter."""

_DEEPEST: Final = 40
# Seconds of a processor for all items, and characters that are matched with one regular expression: a third of a second.
_MOST_SECONDS: Final = 1.0
_LONGEST_TARGET: Final = 10_000
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>[0-9]+)|(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?P<name>[^\W\d]\w*)
    |(?P<sign>\|\||&&|==|!=|<=|>=|[-+*/%<>!(),]))""",
    re.VERBOSE,
)
_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)
_FIX: Final = "the 'filter' query parameter must be a valid Go expression"

Evaluate = Callable[[Mapping[str, Any]], Any]


class _Wrong(Exception):
    """A filter that makes no sense."""


@dataclass(frozen=True, slots=True)
class Filter:
    """
    A filter that was read.

    Attributes:
        text: As it was written.
        evaluate: Says what it means for one item.
    """

    text: str
    evaluate: Evaluate

    def chosen(self, items: Iterable[T], fields: Callable[[T], Mapping[str, Any]]) -> list[T]:
        """
        Return the items for which it is true; for a thread, since it takes as long as whoever wrote it wants.

        Args:
            fields: Returns what its names mean for an item.

        Raises:
            ApiError: It makes no sense for one of them, or takes too long for all.
        """
        end = time.thread_time() + _MOST_SECONDS
        found = []
        try:
            for item in items:
                if self._is_true(fields(item)):
                    found.append(item)
                if time.thread_time() > end:
                    raise _Wrong("it takes too long for so many items")
            return found
        except _Wrong as error:
            raise bad_request(f"evaluating filter {json.dumps(self.text)}: {error}", _FIX) from None

    def _is_true(self, fields: Mapping[str, Any]) -> bool:
        value = self.evaluate(fields)
        if not isinstance(value, bool):
            raise _Wrong("it did not evaluate to bool")
        return value


def read(text: str) -> Filter | None:
    """
    Read a filter; None for an empty one.

    Args:
        text: The filter.

    Raises:
        ApiError: It is none.
    """
    if not text.strip():
        return None
    if len(text) > LONGEST:
        raise bad_request(f"the filter has more than {LONGEST} characters", _FIX)
    try:
        return Filter(text, _Reader(_tokens(text)).whole())
    except _Wrong as error:
        raise _parsing(text, str(error)) from None


def _parsing(text: str, what: str) -> ApiError:
    return bad_request(f"parsing filter {json.dumps(text)}: {what}", _FIX)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _Wrong(f"unexpected {json.dumps(text[at : at + 20])}")
        assert found.lastgroup is not None
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


class _Reader:
    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Evaluate:
        expression = self._binary(0, 0)
        if self._at < len(self._tokens):
            raise _Wrong(f"unexpected {self._tokens[self._at][1]}")
        return expression

    def _sign(self, *signs: str) -> str:
        if self._at < len(self._tokens):
            kind, text = self._tokens[self._at]
            if kind == "sign" and text in signs:
                self._at += 1
                return text
        return ""

    def _binary(self, level: int, depth: int) -> Evaluate:
        if depth > _DEEPEST:
            raise _Wrong("it is nested too deeply")
        if level == len(_LEVELS):
            return self._unary(depth + 1)
        left = self._binary(level + 1, depth)
        while sign := self._sign(*_LEVELS[level]):
            left = _operation(sign, left, self._binary(level + 1, depth))
        return left

    def _unary(self, depth: int) -> Evaluate:
        if depth > _DEEPEST:
            raise _Wrong("it is nested too deeply")
        sign = self._sign("-", "!")
        if not sign:
            return self._operand(depth)
        inner = self._unary(depth + 1)
        if sign == "-":
            return lambda fields: -_number(inner(fields))
        return lambda fields: not _bool(inner(fields))

    def _operand(self, depth: int) -> Evaluate:
        if self._sign("("):
            inner = self._binary(0, depth + 1)
            self._close()
            return inner
        if self._at >= len(self._tokens):
            raise _Wrong("it ends too early")
        kind, text = self._tokens[self._at]
        self._at += 1
        match kind:
            case "number":
                number = int(text[:18])
                return lambda fields: number
            case "string":
                string = _string(text)
                return lambda fields: string
            case "name" if self._sign("("):
                return self._call(text, depth)
            case "name":
                return _name(text)
        raise _Wrong(f"unexpected {text}")

    def _close(self) -> None:
        if not self._sign(")"):
            raise _Wrong("a ) is missing")

    def _call(self, name: str, depth: int) -> Evaluate:
        arguments = []
        if not self._sign(")"):
            arguments.append(self._binary(0, depth + 1))
            while self._sign(","):
                arguments.append(self._binary(0, depth + 1))
            self._close()
        function = _FUNCTIONS.get(name)
        if function is None:
            raise _Wrong(f"not a function: {name}")
        if len(arguments) != 2:
            raise _Wrong(f"argument count mismatch: got {len(arguments)}, expected 2")
        first, second = arguments
        return lambda fields: function(_text(first(fields)), _text(second(fields)))


def _name(name: str) -> Evaluate:
    if name in ("true", "false"):
        return lambda fields: name == "true"
    if name == "nil":
        return lambda fields: None

    def look_up(fields: Mapping[str, Any]) -> Any:
        if name not in fields:
            raise _Wrong(f"undefined identifier: {name}")
        return fields[name]

    return look_up


def _string(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    try:
        return str(json.loads(text))
    except ValueError:
        raise _Wrong(f"invalid string {text}") from None


def _operation(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    match sign:
        case "||":
            return lambda fields: _bool(left(fields)) or _bool(right(fields))
        case "&&":
            return lambda fields: _bool(left(fields)) and _bool(right(fields))
        case "==":
            return lambda fields: _same(left(fields), right(fields))
        case "!=":
            return lambda fields: not _same(left(fields), right(fields))
        case "<" | "<=" | ">" | ">=":
            return lambda fields: _compared(sign, left(fields), right(fields))
        case "+":
            return lambda fields: _sum(left(fields), right(fields))
        case _:
            return lambda fields: _arithmetic(sign, _number(left(fields)), _number(right(fields)))


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and left == right


def _compared(sign: str, left: Any, right: Any) -> bool:
    if type(left) is not type(right) or isinstance(left, bool) or not isinstance(left, int | str):
        raise _Wrong(f"invalid types for {sign}")
    signs: dict[str, bool] = {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return signs[sign]


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        whole = left + _text(right)
        if len(whole) > 100_000:
            raise _Wrong("it makes too long a string")
        return whole
    return _bounded(_number(left) + _number(right))


def _arithmetic(sign: str, left: int, right: int) -> int:
    if sign in "/%":
        if right == 0:
            raise _Wrong("division by zero")
        # Go rounds towards zero.
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if sign == "/" else left - quotient * right
    return _bounded(left - right if sign == "-" else left * right)


def _bounded(number: int) -> int:
    if abs(number) >= 1 << 63:
        raise _Wrong("it makes too large a number")
    return number


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Wrong("expected type int")
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("expected type bool")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("expected type string")
    return value


def _matches(target: str, pattern: str) -> bool:
    if len(target) > _LONGEST_TARGET:
        raise _Wrong(f"it matches a string of more than {_LONGEST_TARGET} characters")
    try:
        return re2.search(pattern, target, _options()) is not None
    except re2.error as error:
        said = error.args[0] if error.args else "invalid"
        shown = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise _Wrong(f"error parsing regexp: {shown}") from None


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return options


_FUNCTIONS: Final[dict[str, Callable[[str, str], bool]]] = {
    "contains": lambda target, part: part in target,
    "hasPrefix": lambda target, part: target.startswith(part),
    "hasSuffix": lambda target, part: target.endswith(part),
    "matches": _matches,
}
