"""
Keeping out of the logs what clients have written into headers: it may be a password.

gunicorn, Django and django-guid quote a header that they refuse.
"""

import logging
from collections.abc import Mapping
from typing import Final

# For each logger, what such a message says, and what is logged in its place.
_QUOTES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "gunicorn.error": (
        ("Invalid request from ip=", "A request with a malformed head was refused."),
    ),
    "django.security.DisallowedHost": (
        ("Invalid HTTP_HOST header", "A request was refused: its Host is not in ALLOWED_HOSTS."),
    ),
    "django_guid": ((" is not a valid GUID", "The Correlation-ID of a request was not a GUID."),),
}


class _WithoutQuotes(logging.Filter):
    def __init__(self, quotes: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self._quotes = quotes

    def filter(self, record: logging.LogRecord) -> bool:
        if record.args and str(record.msg).startswith("Error handling request"):
            # The target is among them.
            record.args = tuple(str(each).partition("?")[0] for each in record.args)
        text = record.getMessage()
        for quote, instead in self._quotes:
            if quote in text:
                record.msg, record.args = instead, ()
                # The last line of a traceback is the message.
                record.exc_info = record.exc_text = None
        return True


def install() -> None:
    """Let these loggers say what happened, and quote nothing."""
    for name, quotes in _QUOTES.items():
        logging.getLogger(name).addFilter(_WithoutQuotes(quotes))
