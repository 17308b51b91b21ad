"""
What a JSON body has to be before any view reads it.

Much of Pulp asks the body for a field before a serializer has looked at it, so a body without fields ends
in a status 500; and so does a text that can neither be stored nor sent back.
"""

import re
from collections.abc import Iterator
from gettext import gettext as _
from io import BytesIO
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.settings import api_settings

# Half a character, or NUL: json.loads makes these of escapes only, so that other bodies are not searched.
_SUSPICIOUS = re.compile(rb"\\u(?:d[89a-f]|0000)", re.IGNORECASE)
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
# Whose methods take objects only. What others take is their own business.
_KNOWN = frozenset({"pulpcore", "pulp_gomod", "pulp_file", "pulp_certguard"})
_LONGEST_NAME = 60


class BodyParser(JSONParser):
    """Reads an object, or for views of other plugins a list, of texts that can be stored."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any] | list[Any]:
        """
        Parse a body.

        Args:
            stream: The body.
            parser_context: The view and its request.

        Raises:
            ValidationError: It is neither, or has a text that nobody can store.
            ParseError: It is no JSON.
        """
        raw = stream.read()
        body = super().parse(BytesIO(raw), media_type, parser_context)
        view = (parser_context or {}).get("view")
        if not isinstance(body, dict) and not (isinstance(body, list) and not _is_known(view)):
            reason = _("The body must be a JSON object, but it is {kind}.")
            raise _refusal("", reason.format(kind=_kind(body)))
        if _SUSPICIOUS.search(raw):
            for field, text in _texts(body):
                if _UNUSABLE.search(text):
                    raise _refusal(field, _explain(text))
        result: dict[str, Any] | list[Any] = body
        return result


def _is_known(view: Any) -> bool:
    name = getattr(view, "action", None) or view.request.method.lower() if view else ""
    module: str = getattr(getattr(view, name, None), "__module__", "") if name else ""
    return module.partition(".")[0] in _KNOWN


def _kind(body: Any) -> str:
    if body is None:
        return "null"
    if isinstance(body, bool):
        return _("true or false")
    if isinstance(body, list):
        return _("a list")
    return _("a text") if isinstance(body, str) else _("a number")


def _explain(text: str) -> str:
    if "\0" in text:
        return _("A text contains a NUL character, which cannot be stored.")
    return _("A text is not valid Unicode: it has half of a surrogate pair.")


def _texts(body: Any) -> Iterator[tuple[str, str]]:
    """Each text, with the name of the body's field in which it is; "" for the fields' own names."""
    # Not recursive: how deep it is nested is the client's choice.
    waiting: list[tuple[str, Any]] = [("", body)]
    while waiting:
        field, value = waiting.pop()
        if isinstance(value, str):
            yield field, value
        elif isinstance(value, list):
            waiting += ((field, each) for each in value)
        elif isinstance(value, dict):
            waiting += ((field, name) for name in value)
            waiting += ((field or name, each) for name, each in value.items())


def _refusal(field: str, reason: str) -> ValidationError:
    # The client's own name is repeated only if it can be.
    is_usable = 0 < len(field) <= _LONGEST_NAME and field.isprintable()
    return ValidationError({field if is_usable else api_settings.NON_FIELD_ERRORS_KEY: [reason]})
