"""
Where connections come in: what is known is answered before aiohttp hears of the connection.

Many clients make a connection for each request. What aiohttp sets up for one (a parser, a task, a timer)
takes longer than an answer from memory, so that it is set up when it is first needed.
"""

import asyncio
import logging
import time
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.web_log import AccessLogger
from django.conf import settings

from pulp_gomod.app.content.accelerator.access_log import AccessLog
from pulp_gomod.app.content.accelerator.connection import STATE, Connection, Shared
from pulp_gomod.app.content.accelerator.interface import Cache
from pulp_gomod.app.content.accelerator.templates import Templates

log = logging.getLogger(__name__)

# Seconds between looks at what is still being sent when a process ends.
_LOOK = 0.05


def why_off() -> str:
    """Say why there is no accelerator: aiohttp then answers everything; "" if there is one."""
    if settings.GOMOD_ACCELERATOR == "off":
        return "GOMOD_ACCELERATOR says so"
    if not all(hasattr(web.RequestHandler, name) for name in STATE):
        return f"it does not know aiohttp {aiohttp.__version__}, but 3.14"
    return ""


class Server:
    """
    Makes the protocols of connections in place of aiohttp's server, and is that one otherwise.

    Args:
        server: aiohttp's server.
        cache: The responses that are known.
        keepalive: Seconds after which aiohttp closes a connection that it hears nothing of.
        access_log: Where requests are logged, or None.
    """

    def __init__(
        self, server: web.Server, cache: Cache, keepalive: float, access_log: AccessLog | None
    ) -> None:
        self._server = server
        self._shared = Shared(cache, Templates(), keepalive, access_log, server)
        self._keepalive = keepalive
        self._connections: set[Connection] = set()
        # Those that aiohttp has not heard of, the oldest first.
        self._young: dict[Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._is_ending = False

    def __call__(self) -> asyncio.Protocol:
        """Make the protocol of a new connection."""
        return Connection(self, self._shared)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def made(self, connection: Connection) -> None:
        """Note a connection that aiohttp has not heard of."""
        # A process may have to end after so many: each connection counts for one, at least.
        self._server.requests_count += 1
        self._connections.add(connection)
        self._young[connection] = time.monotonic()
        if self._timer is None:
            self._wait()

    def handed_off(self, connection: Connection) -> None:
        """Note that aiohttp looks after a connection."""
        self._young.pop(connection, None)

    def lost(self, connection: Connection) -> None:
        """Note that a connection is gone."""
        self._connections.discard(connection)
        self._young.pop(connection, None)

    def pre_shutdown(self) -> None:
        """Close connections that nobody waits at, and let aiohttp have the others."""
        self._is_ending = True
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._connections):
            connection.finish()
        self._server.pre_shutdown()

    async def shutdown(self, timeout: float | None = None) -> None:
        """
        Wait for the requests that are being answered, and close all connections.

        Args:
            timeout: Seconds to wait.
        """
        # What aiohttp was just given it has to begin before it is told to begin no more, and
        # before it can be told that nothing else will come.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._server.pre_shutdown()
        for connection in list(self._young):
            connection.finish()
        await asyncio.gather(self._server.shutdown(timeout), self._flushed(timeout))

    async def _flushed(self, timeout: float | None) -> None:
        """Wait for clients to take what they were sent from memory, which aiohttp knows nothing of."""
        try:
            async with asyncio.timeout(timeout):
                while any(each.is_sending for each in self._connections):
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            log.info("Some clients were slow, and got only a part of their response.")

    def _wait(self) -> None:
        if not self._is_ending:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._keepalive / 2, self._look_around)

    def _look_around(self) -> None:
        """Let aiohttp have connections that have been here for a while: it closes them when they are idle."""
        self._timer = None
        end = time.monotonic() - self._keepalive / 2
        for connection in [each for each, since in self._young.items() if since <= end]:
            connection.hand_off_or_end()
        if self._young:
            self._wait()


def install(app: web.Application, cache: Cache) -> None:
    """
    Have the connections of an app come in here, if aiohttp is as we know it.

    Args:
        app: The app, before it starts.
        cache: Knows the responses of the app, and tells of requests.
    """
    # There is no public place between a socket and aiohttp's protocol.
    make_server = getattr(app, "_make_handler", None)
    reason = why_off()
    if reason or make_server is None:
        log.info("The accelerator is off: %s.", reason or "aiohttp makes servers in another way")
        return

    def make(**arguments: Any) -> Any:
        server = make_server(**arguments)
        example = server()
        keepalive = example.keepalive_timeout or 0.0
        logger = example.access_logger
        if keepalive <= 0:
            log.info("The accelerator is off: connections are not kept.")
            return server
        if logger is not None and type(logger) is not AccessLogger:
            log.info("The accelerator is off: the access log is not aiohttp's own.")
            return server
        log.info("The accelerator is on.")
        cache.on_plain_get = _remember_template
        is_logged = getattr(logger, "enabled", True)
        return Server(server, cache, keepalive, AccessLog(logger) if logger and is_logged else None)

    vars(app)["_make_handler"] = make


def _remember_template(request: web.Request, asked: Any) -> None:
    connection = request.transport and request.transport.get_protocol()
    if isinstance(connection, Connection):
        connection.remember_template(request, asked)
