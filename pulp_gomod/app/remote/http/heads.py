"""
What comes before a response and after it, of which there is no end if an upstream likes.

aiohttp reads all informational responses (100 to 199) that come before the one that was asked for, however many
these are, keeps all that come afterwards, and parses without a break what has arrived. Whoever sends nothing else
had the event loop for itself for seconds on end, until the process was taken for dead.
"""

import logging
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler

log = logging.getLogger(__name__)

MOST_INFORMATIONAL: Final = 8
"""Informational responses before the one that was asked for."""

# Bytes that are parsed at once before that: as many as a usual head has.
_PIECE: Final = 4096


class _Connection(ResponseHandler):
    """aiohttp's protocol of a connection, with an eye on what comes before each response."""

    _has_come = False
    _informational = 0

    def set_response_params(self, *args: Any, **kwargs: Any) -> None:
        """Begin to wait for a response."""
        self._has_come = False
        self._informational = 0
        super().set_response_params(*args, **kwargs)

    def data_received(self, data: bytes) -> None:
        """Parse what has come."""
        while len(data) > _PIECE and not self._has_come and self.transport is not None:
            super().data_received(data[:_PIECE])
            data = data[_PIECE:]
        super().data_received(data)

    def feed_data(self, data: Any, *args: Any) -> None:
        """Take a response of which the head has come."""
        status = data[0].code
        if self._has_come:
            self._refuse("something came that was not asked for")
            return
        # aiohttp takes 101 for a response, too.
        self._has_come = not 100 <= status < 200 or status == HTTPStatus.SWITCHING_PROTOCOLS
        self._informational += 1
        if not self._has_come and self._informational > MOST_INFORMATIONAL:
            self._refuse(f"more than {MOST_INFORMATIONAL} informational responses came before it")
            return
        super().feed_data(data, *args)

    def _refuse(self, why: str) -> None:
        transport, self.transport = self.transport, None
        if transport is not None:
            self.set_exception(aiohttp.ClientConnectionError(why))
            transport.abort()


def connector(**arguments: Any) -> aiohttp.TCPConnector:
    """
    Make a connector for whoever may be asked.

    Args:
        arguments: Those of `aiohttp.TCPConnector`.
    """
    made = aiohttp.TCPConnector(**arguments)
    # There is no public way to choose the protocol of connections.
    factory = getattr(made, "_factory", None)
    if isinstance(factory, partial) and factory.func is ResponseHandler:
        vars(made)["_factory"] = partial(_Connection, *factory.args, **factory.keywords)
    else:
        log.warning("This version of aiohttp is not known here: what it reads is less bounded.")
    return made
