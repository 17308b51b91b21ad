"""
aiohttp's server, as it has to be where anybody can connect.

What its parser refuses is told in one line, since the words of the request may be a password. Bodies are
not decoded. A client that does not take what it is sent is cut off.
"""

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import http_exceptions as errors
from aiohttp import web

from pulp_gomod.app.content.frontdoor.heads import refusal, refuse_everywhere
from pulp_gomod.app.content.http import crowd
from pulp_gomod.app.content.http.pace import LEAST_RATE, WINDOW, cut_off

log = logging.getLogger(__name__)

# Before 3.11, aiohttp did not tell an unknown method from another fault of the first line.
_BAD_METHOD: type[Exception] | None = getattr(errors, "BadHttpMethod", None)
# The first that fits; none of them repeats what the client has sent.
_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (errors.LineTooLong, "a line of its head is too long"),
    (errors.InvalidHeader, "a header is malformed"),
    *([(_BAD_METHOD, "its method is unknown")] if _BAD_METHOD else []),
    (errors.BadStatusLine, "its first line is malformed"),
    (errors.InvalidURLError, "its target is malformed"),
    (errors.PayloadEncodingError, "its body is malformed"),
    (web.RequestPayloadError, "its body is malformed"),
    (errors.HttpProcessingError, "its head is malformed"),
)

#: What is raised for a request that is malformed.
MALFORMED = (errors.HttpProcessingError, web.RequestPayloadError)

# How often in a row a client has to be found stuck.
_STRIKES = 2

# Milliseconds for which the kernel keeps what a client does not take.
_UNREAD = int(4 * WINDOW * 1000)

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def fault_of(error: BaseException | None) -> str:
    """Say what is wrong with a request, in words that are ours."""
    return next((text for kind, text in _FAULTS if isinstance(error, kind)), "it is malformed")


def _bound_unread(transport: asyncio.Transport | None) -> None:
    """Have the kernel give up, too, what it has taken over and the client does not take."""
    connected = transport and transport.get_extra_info("socket")
    if connected and hasattr(socket, "TCP_USER_TIMEOUT"):
        # Other sockets than those of TCP have no such option.
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD)


class Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ("_strikes", "_unsent", "_wire")

    _wire: asyncio.Transport | None
    _unsent: int
    _strikes: int

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; aiohttp forgets a transport that it closes, though that may not be sent yet."""
        self._wire = transport  # type: ignore[assignment]
        self._unsent = self._strikes = 0
        _bound_unread(self._wire)
        super().connection_made(transport)
        here = crowd.crowd()
        if here is not None and not here.enter(transport):
            transport.abort()  # type: ignore[attr-defined]

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        if self._wire is not None and (here := crowd.crowd()) is not None:
            here.leave(self._wire)
        self._wire = None
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """The client has taken nearly all of what was waiting for it."""
        self._unsent = self._strikes = 0
        super().resume_writing()

    def look_at_client(self, window: float) -> None:
        """
        Cut off a client that has taken too little since the last look, and before.

        Args:
            window: Seconds since the last look.
        """
        if self._wire is None:
            return
        before, self._unsent = self._unsent, self._wire.get_write_buffer_size()
        is_stuck = before and self._unsent and before - self._unsent < LEAST_RATE * window
        self._strikes = self._strikes + 1 if is_stuck else 0
        if self._strikes >= _STRIKES:
            log.info("Disconnected a client that does not read its response: %s", self.peername)
            cut_off(self._wire)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what cannot be parsed in one line, and log no more."""
        if isinstance(exc, ConnectionError) and (self._wire is None or self._wire.is_closing()):
            log.info("A client disconnected before it got its response: %s", request.remote)
            raise exc
        if not isinstance(exc, MALFORMED):
            return super().handle_error(request, status, exc, message)
        text = fault_of(exc)
        log.info("A request of %s was refused: %s", request.remote, text)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        return refusal(400, f"The request was refused: {text}.")

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what went wrong; of a malformed request its fault only."""
        error = kw.get("exc_info")
        if isinstance(error, MALFORMED):
            log.info("A request was refused: %s", fault_of(error))
        else:
            super().log_exception(*args, **kw)


class Connections(web.Server):
    """Makes such connections, and looks after them."""

    _looking: asyncio.TimerHandle | None = None
    #: Seconds between looks at what clients have not taken.
    window = WINDOW

    def __call__(self) -> web.RequestHandler:
        """Make the protocol of a connection."""
        return Connection(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Note a connection."""
        super().connection_made(handler, transport)
        if self._looking is None:
            self._wait()

    def _wait(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(self.window, self._look)

    def _look(self) -> None:
        self._looking = None
        connections = self.connections
        for connection in connections:
            if isinstance(connection, Connection):
                connection.look_at_client(self.window)
        if connections:
            self._wait()


def guarded(handler: _Handler) -> _Handler:
    """Refuse what can be refused by its head alone; have a handler answer all else."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        refused = refuse_everywhere(request)
        return await handler(request) if refused is None else refused

    return handle


# aiohttp's access log has no name for a path alone.
_QUERY = re.compile(r"\?[^\s\"]*")


def _drop_query(record: logging.LogRecord) -> bool:
    """Leave out of a line of the access log what follows a question mark: it may be a signature."""
    record.msg = _QUERY.sub("", str(record.msg))
    if hasattr(record, "first_request_line"):
        record.first_request_line = _QUERY.sub("", record.first_request_line)
    return True


def install_server(app: web.Application) -> None:
    """Have a content app served by such a server."""
    # There is no public way to choose the class of an app's connections.
    make_server = getattr(app, "_make_handler", None)
    if make_server is None:
        log.warning("This version of aiohttp is not known here: connections are not supervised.")
        return

    def make(**arguments: Any) -> web.Server:
        if (access_log := arguments.get("access_log")) is not None:
            access_log.addFilter(_drop_query)
        server: web.Server = make_server(**{**arguments, "auto_decompress": False})
        server.__class__ = Connections
        server.request_handler = guarded(server.request_handler)
        return server

    vars(app)["_make_handler"] = make
