"""Where connections come in: what is known is answered before aiohttp hears of the connection.

Many clients make a connection for each request. What aiohttp sets up for one (a parser, a task, a timer)
takes longer than an answer from memory, so that it is set up when it is first needed.
"""

import asyncio
import logging
import time
from typing import Any

from aiohttp import web

from pulp_gomod.app.content import ready
from pulp_gomod.app.content.accelerator import shortcut
from pulp_gomod.app.content.accelerator.shortcut import Shortcut
from pulp_gomod.app.content.http.pace import cut_off
from pulp_gomod.app.content.ready import Ready

log = logging.getLogger(__name__)

# Seconds between looks at what is still being sent when a process ends.
_LOOK = 0.05


class Entrance:
    """Makes the protocols of connections in place of aiohttp's server, and is that one otherwise."""

    def __init__(self, server: web.Server, known: Ready, keepalive: float) -> None:
        """
        Args:
            server: aiohttp's server.
            known: The responses that are known.
            keepalive: Seconds after which aiohttp closes a connection that it hears nothing of.
        """
        self._server = server
        self._known = known
        self._keepalive = keepalive
        self._connections: set[_Newcomer] = set()
        # Those that aiohttp has not heard of, the oldest first.
        self._young: dict[_Newcomer, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._is_ending = False

    def __call__(self) -> asyncio.Protocol:
        """Make the protocol of a new connection."""
        return _Newcomer(self, self._known, self._keepalive, self._server)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def came(self, connection: "_Newcomer") -> None:
        """
        Note a connection that aiohttp has not heard of.

        Args:
            connection: The connection.
        """
        # A process may have to end after so many: each connection counts for one, at least.
        self._server.requests_count += 1
        self._connections.add(connection)
        self._young[connection] = time.monotonic()
        if self._timer is None:
            self._wait()

    def grew_up(self, connection: "_Newcomer") -> None:
        """
        Note that aiohttp looks after a connection.

        Args:
            connection: The connection.
        """
        self._young.pop(connection, None)

    def left(self, connection: "_Newcomer") -> None:
        """
        Note that a connection is gone.

        Args:
            connection: The connection.
        """
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
            connection.grow_up()
        if self._young:
            self._wait()


class _Newcomer(Shortcut):
    """A connection that aiohttp may never hear of."""

    def __init__(
        self, entrance: Entrance, known: Ready, keepalive: float, server: web.Server
    ) -> None:
        super().__init__(known, keepalive, server)
        self._entrance = entrance

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin before aiohttp does, with what other clients' requests are like."""
        super().connection_made(transport)
        self._pattern = self._ready.pattern
        self._entrance.came(self)

    def hand_over(self) -> web.RequestHandler:
        """Return aiohttp's protocol, which looks after the connection from now on."""
        if self._inner is None:
            self._entrance.grew_up(self)
        return super().hand_over()

    def grow_up(self) -> None:
        """Let aiohttp look after the connection, or end it if that cannot be."""
        if self._transport.is_closing():
            self._entrance.grew_up(self)
            # It was sent its only answer, and has not taken that in all this time.
            cut_off(self._transport)
            return
        try:
            self.hand_over()
        except Exception:
            log.exception("A connection could not be handed over to aiohttp.")
            self._transport.abort()

    @property
    def is_sending(self) -> bool:
        """Whether the client has not taken all that it was sent."""
        return self._transport.get_write_buffer_size() > 0

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._entrance.left(self)
        super().connection_lost(exc)


def install(app: web.Application) -> None:
    """
    Have the connections of a content app come in here, if aiohttp is as we know it.

    Args:
        app: The content app, which has its Ready when it starts.
    """
    # There is no public place between a socket and aiohttp's protocol.
    make_server = getattr(app, "_make_handler", None)
    reason = shortcut.why_off()
    if reason or make_server is None:
        log.info("The accelerator is off: %s.", reason or "aiohttp makes servers in another way")
        return

    def make(**arguments: Any) -> Any:
        server = make_server(**arguments)
        example = server()
        keepalive = example.keepalive_timeout or 0.0
        if keepalive <= 0:
            log.info("The accelerator is off: connections are not kept.")
            return server
        if example.access_logger is not None:
            log.info("The accelerator is off: the content app writes an access log.")
            return server
        log.info("The accelerator is on.")
        return Entrance(server, ready.of(app), keepalive)

    vars(app)["_make_handler"] = make
