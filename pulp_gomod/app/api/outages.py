"""
What is told of a request that finds no database before it comes to its view.

What a view raises is answered by `errors`. pulpcore looks for the domain of a request earlier, where Django would make
a page of status 500, and a traceback in the log, of a database that is restarted.
"""

import logging
import sys
from typing import Any

from django.core.signals import got_request_exception
from django.http import HttpResponse, JsonResponse

from pulp_gomod.app.api.errors import Refusal, explain

_REFUSAL = "_gomod_refusal"
_UNAVAILABLE = 503


def answer(request: Any, response: HttpResponse) -> HttpResponse:
    """Return what is told instead of Django's page, if that is about the database."""
    refusal: Refusal | None = getattr(request, _REFUSAL, None)
    if response.status_code != 500 or refusal is None:
        return response
    return JsonResponse(refusal.data, status=refusal.status, headers=refusal.headers)


def install() -> None:
    """Note what breaks requests, and log no traceback of what is told so."""
    got_request_exception.connect(_note)
    logging.getLogger("django.request").addFilter(_in_a_line)


def _note(request: Any = None, **_: object) -> None:
    error = sys.exc_info()[1]
    refusal = explain(error) if isinstance(error, Exception) else None
    if request is not None and refusal is not None and refusal.status == _UNAVAILABLE:
        setattr(request, _REFUSAL, refusal)


def _in_a_line(record: logging.LogRecord) -> bool:
    refusal: Refusal | None = getattr(getattr(record, "request", None), _REFUSAL, None)
    if refusal is None:
        return True
    if not record.exc_info:
        # The answer is logged once more, when all is done.
        return False
    error = record.exc_info[0].__name__ if record.exc_info[0] else ""
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.msg, record.args = "%s: answered %d: %s", (error, refusal.status, refusal.reason)
    record.exc_info = record.exc_text = None
    return True
