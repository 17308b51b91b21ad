"""
What the REST API answers when a request breaks what reads it.

pulpcore's fields, filters and conditions take much for granted of what a client sends, and PostgreSQL
refuses some texts and numbers. By itself each of these ends in a status 500 and a traceback. Here they
become what they are, the client's errors; whatever else goes wrong stays a 500.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from gettext import gettext as _
from types import FrameType, TracebackType
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    FieldError,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    RequestDataTooBig,
    ValidationError,
)
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django_filters import Filter
from psycopg.errors import ProgramLimitExceeded, QueryCanceled, ReadOnlySqlTransaction
from rest_framework.exceptions import ErrorDetail, NotAuthenticated
from rest_framework.fields import Field
from rest_framework.parsers import BaseParser
from rest_framework.relations import RelatedField
from rest_framework.response import Response
from rest_framework.views import exception_handler

from pulp_gomod.app.exceptions import StorageUnavailableError

log = logging.getLogger(__name__)

RETRY_AFTER = {"Retry-After": "5"}
_LONGEST = 200

# What code raises that was given something else than it takes for granted.
_SURPRISES = (
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    UnboundLocalError,
    FieldError,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    ValidationError,
)
# Models of which a view finds one that it needs to be gone although it was there at first: somebody has deleted it.
_OURS = "pulp_gomod.app.models."
# The function that takes a key for a column, such as the one in a path.
_LOOKUP = "get_prep_lookup"
# Functions that look into a request before it is validated: conditions of access policies.
_READERS = frozenset({"check_permissions", "filter_queryset"})


@dataclass(frozen=True)
class Refusal:
    """
    What a client is told.

    Attributes:
        status: The HTTP status.
        reason: For people.
        name: The field or parameter that it is about, "" for none.
        headers: Headers of the response.
    """

    status: int
    reason: str
    name: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        """The body of the response, as REST framework has it for its own errors."""
        return {self.name: [self.reason]} if self.name else {"detail": self.reason}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """
    Answer what a view raised; REST framework calls it.

    Args:
        error: The exception.
        context: The view and the request.

    Returns:
        The response, None for a fault of the server.
    """
    if isinstance(error, NotAuthenticated) and _has_credentials(context):
        error.detail = ErrorDetail(_("These credentials are not valid here."), error.default_code)
    response: Response | None = exception_handler(error, context)
    if response is not None or (refusal := explain(error)) is None:
        return response
    request = context.get("request")
    log.warning(
        "%s %.200r is answered %d: %s",
        getattr(request, "method", "?"),
        getattr(request, "path", "?"),
        refusal.status,
        _origin(error),
    )
    return Response(refusal.data, status=refusal.status, headers=refusal.headers)


def _has_credentials(context: dict[str, Any]) -> bool:
    """Say whether credentials were sent, if none that any authenticator knows."""
    return "HTTP_AUTHORIZATION" in getattr(context.get("request"), "META", {})


def explain(error: Exception) -> Refusal | None:
    """
    Say what a client is told of an exception.

    Args:
        error: What a view raised.

    Returns:
        None for a fault of the server.
    """
    if (refusal := _explain_database(error)) is not None:
        return refusal
    if isinstance(error, StorageUnavailableError):
        reason = _("The file storage of this server is not responding; try again later.")
        return Refusal(503, reason, headers=RETRY_AFTER)
    if isinstance(error, RequestDataTooBig):
        return Refusal(
            413,
            _(
                "The body is larger than {most} bytes (DATA_UPLOAD_MAX_MEMORY_SIZE of the server). "
                "Send less at a time."
            ).format(most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
        )
    if isinstance(error, RecursionError):
        return Refusal(400, _("The request is nested too deeply."))
    if isinstance(error, UnicodeError):
        return Refusal(400, _("A text in the request is not valid Unicode."), _field_of(error))
    if not isinstance(error, _SURPRISES):
        return None
    names = {frame.f_code.co_name for frame in _frames(error)}
    if names & _READERS or any(map(_reads, _frames(error))):
        return Refusal(400, _reason(error), _field_of(error))
    if isinstance(error, ValidationError) and _LOOKUP in names:
        return Refusal(404, _("Not found."))
    if isinstance(error, ObjectDoesNotExist) and type(error).__module__.startswith(_OURS):
        return Refusal(404, _("This was deleted meanwhile. Nothing was done."))
    return None


def _explain_database(error: Exception) -> Refusal | None:
    cause = error.__cause__
    if isinstance(cause, QueryCanceled):
        return Refusal(
            503,
            _(
                "The database took too long over this request, and was stopped. Ask for less: use "
                "narrower filters, another ordering, or a smaller limit."
            ),
            headers=RETRY_AFTER,
        )
    if isinstance(error, DataError) or isinstance(cause, ProgramLimitExceeded):
        reason = str(error).partition("\n")[0][:_LONGEST]
        return Refusal(400, _("The database does not accept this: {reason}").format(reason=reason))
    if isinstance(error, IntegrityError):
        return Refusal(
            409,
            _(
                "This conflicts with an existing object, or refers to one that is gone. "
                "Nothing was done."
            ),
        )
    # A standby, or what has lost its place to one, answers, but takes nothing.
    if isinstance(error, OperationalError | InterfaceError) or isinstance(
        cause, ReadOnlySqlTransaction
    ):
        return Refusal(
            503, _("The database is not responding; try again later."), headers=RETRY_AFTER
        )
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)[:_LONGEST]
    if any(isinstance(frame.f_locals.get("self"), RelatedField) for frame in _frames(error)):
        return _("Must be an href or a PRN of an object that this can refer to.")
    return _("This cannot be read: it is of the wrong type, or out of range.")


def _reads(frame: FrameType) -> bool:
    """Say whether a frame reads what a client sent."""
    return isinstance(frame.f_locals.get("self"), Field | Filter | BaseParser)


def _field_of(error: Exception) -> str:
    """Name the field or parameter that was read when it happened, "" where that is not known."""
    for frame in _frames(error):
        reader = frame.f_locals.get("self")
        if isinstance(reader, Filter):
            return _parameter(reader)
        # A serializer goes through its fields, and calls some methods of its own for them.
        current = frame.f_locals.get("field")
        if isinstance(reader, Field) and isinstance(current, Field):
            return str(current.field_name or "")
    return ""


def _parameter(reader: Any) -> str:
    filters = getattr(reader.parent, "filters", {})
    return next((name for name, each in filters.items() if each is reader), "")


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _origin(error: Exception) -> str:
    """Say where an exception comes from, without its text: that may quote what was sent."""
    *_others, last = _frames(error)
    return f"{type(error).__name__} in {last.f_code.co_filename}, {last.f_code.co_qualname}"
