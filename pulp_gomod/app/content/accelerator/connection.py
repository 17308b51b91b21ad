"""
The protocol of a connection, between it and aiohttp's.

Where many clients ask for the same things in the same words, parsing a request takes longer than all that
follows. What is plain and known is answered here; aiohttp sees whatever is not, and hears of a connection
only then.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from aiohttp import web

from pulp_gomod.app.content.accelerator.access_log import AccessLog
from pulp_gomod.app.content.accelerator.interface import Cache, PlainGet, Wire
from pulp_gomod.app.content.accelerator.templates import (
    Place,
    Templates,
    Words,
    end_of_path,
    path_in,
    place_of,
    words_of,
)
from pulp_gomod.app.content.http import crowd
from pulp_gomod.app.content.http.pace import cut_off

log = logging.getLogger(__name__)

# Longer heads are aiohttp's.
LONGEST_HEAD = 4096
_END: Final = b"\r\n\r\n"
_ZIP: Final = ".zip"

# Seconds that a request is held while its answer is looked up; aiohttp has it then, and looks up the same.
LONGEST_HOLD = 10.0

# What is read of aiohttp's own state; without it there is no accelerator.
STATE: Final = (
    "_waiter",
    "_messages",
    "_upgraded",
    "_payload_parser",
    "_close",
    "_force_close",
)


class Owner(Protocol):
    """What has all connections: the server."""

    def handed_off(self, connection: "Connection") -> None:
        """Note that aiohttp looks after a connection."""

    def lost(self, connection: "Connection") -> None:
        """Note that a connection is gone."""

    def made(self, connection: "Connection") -> None:
        """Note a connection that aiohttp has not heard of."""


@dataclass(frozen=True, slots=True)
class Shared:
    """
    What the connections of a server have in common.

    Attributes:
        cache: The responses that are known.
        templates: What requests were like.
        keepalive: Seconds after which aiohttp closes a connection that it hears nothing of.
        access_log: Where requests are logged, or None.
        begin: Makes aiohttp's protocol, when it is first needed.
    """

    cache: Cache
    templates: Templates
    keepalive: float
    access_log: AccessLog | None
    begin: Callable[[], web.RequestHandler]


class Connection(asyncio.Protocol):
    """
    A connection that aiohttp may never hear of.

    Args:
        owner: What has all connections.
        shared: What they have in common.
    """

    def __init__(self, owner: Owner, shared: Shared) -> None:
        self._owner = owner
        self._cache = shared.cache
        self._templates = shared.templates
        self._access_log = shared.access_log
        self._begin = shared.begin
        self._transport: asyncio.Transport
        self._inner: web.RequestHandler | None = None
        # Whether the client does not take what it gets.
        self._is_full = False
        # Whether it was sent the last answer that it wants.
        self._is_last = False
        # Whether aiohttp's parser is between two requests as soon as aiohttp is waiting for one.
        self._between = True
        # The head that aiohttp is answering, if it came alone and in one piece.
        self._head = b""
        # What the last plain request was like. There may be a secret in it.
        self._place: Place | None = None
        self._words: Words | None = None
        # The request whose answer is being looked up, and what came after it.
        self._held: _Held | None = None
        # aiohttp closes connections that it hears nothing of. It hears often enough this way.
        self._heard_often = shared.keepalive / 2
        self._heard = 0.0
        self._longest_hold = min(LONGEST_HOLD, self._heard_often / 2)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """
        Begin before aiohttp does.

        Args:
            transport: The connection, of which nothing was read.
        """
        self._transport = cast(asyncio.Transport, transport)
        self._heard = time.monotonic()
        self._owner.made(self)
        here = crowd.crowd()
        if here is not None and not here.enter(transport):
            self._transport.abort()

    def hand_off(self) -> web.RequestHandler:
        """Return aiohttp's protocol, which looks after the connection from now on."""
        if self._inner is None:
            self._owner.handed_off(self)
            self._inner = self._begin()
            self._inner.connection_made(self._transport)
            if self._is_full:
                self._inner.pause_writing()
        return self._inner

    def hand_off_or_end(self) -> None:
        """Let aiohttp look after the connection, or end it if that cannot be."""
        if self._transport.is_closing():
            self._owner.handed_off(self)
            # It was sent its only answer, and has not taken that in all this time.
            cut_off(self._transport)
            return
        try:
            self.hand_off()
        except Exception:
            log.exception("A connection could not be handed off to aiohttp.")
            self._transport.abort()

    def finish(self) -> None:
        """Take no more requests without aiohttp, which lets those end that it has."""
        if self._held is not None:
            self._release(self._held, False)
        elif self._inner is None:
            self._transport.close()

    @property
    def is_sending(self) -> bool:
        """Whether the client has not taken all that it was sent."""
        return self._transport.get_write_buffer_size() > 0

    def data_received(self, data: bytes) -> None:
        """
        Answer a request that is known; let aiohttp have all else.

        Args:
            data: What the client has sent.
        """
        if self._is_last:
            return
        if self._held is not None:
            self._held.following.append(data)
            # It has enough to wait for.
            self._transport.pause_reading()
            return
        now = time.monotonic()
        is_idle = self._between and self._is_idle()
        if is_idle and now - self._heard < self._heard_often and len(data) <= LONGEST_HEAD:
            asked = self._read(data)
            if asked is not None:
                wire = self._cache.known(asked)
                if wire is not None:
                    self._send(data, asked, wire, now)
                    return
                if self._look_up(data, asked, now):
                    return
        self._pass_on(data, is_idle, now)

    def _read(self, head: bytes) -> PlainGet | None:
        """Say what a request is for, if it is like one before."""
        place, words = self._place, self._words
        if (
            place is not None
            and words is not None
            and words.varying is None
            and head.startswith(place.before)
            and head.endswith(words.text)
        ):
            # As nearly always: it is like the last one.
            end, condition = len(head) - len(words.text), ""
        else:
            end = end_of_path(head)
            text = head[end:]
            place, words, condition = self._like(head, end, text) if end > 0 else (None, None, "")
        if place is None or words is None:
            return None
        path = path_in(head, place, end)
        if path is None:
            return None
        self._place, self._words = place, words
        return PlainGet(place.domain, place.base_path, path, words.digest, condition)

    def _like(self, head: bytes, end: int, text: bytes) -> tuple[Place | None, Words | None, str]:
        """Return the place and the words of a request, and its condition."""
        words = self._words
        condition = None if words is None else words.read(text)
        if condition is None:
            words = self._templates.words_of(text)
            if words is None or not all(map(self._may_ignore, words.ignored)):
                return None, None, ""
            condition = words.read(text) or ""
        place = self._place
        if place is None or not head.startswith(place.before):
            place = self._templates.place_of(head, end)
        return place, words, condition

    def _may_ignore(self, name: str) -> bool:
        return self._cache.may_ignore(name, self._transport)

    def _pass_on(self, data: bytes, is_idle: bool, now: float) -> None:
        """Let aiohttp have what the client has sent."""
        self._heard = now
        self._between = data.endswith(_END)
        self._head = data if is_idle and _is_one_head(data) else b""
        self.hand_off().data_received(data)

    def _send(self, head: bytes, asked: PlainGet, wire: Wire, since: float) -> None:
        """Answer a request like the last one, and close the connection if its client wants no other answer."""
        words = self._words
        assert words is not None
        pieces = wire.pieces
        if words.is_last:
            pieces = _last(pieces, words.is_old)
        self._transport.writelines(pieces)
        if self._access_log is not None:
            self._access_log.note(self._transport, head, wire.status, pieces, since)
        if asked.path.endswith(_ZIP):
            self._cache.sent(asked, wire.status, self._transport, head)
        if words.is_last:
            self._is_last = True
            # A TLS connection that is closed has not for ever to send what it has.
            if not self._is_full:
                self._transport.close()

    def _look_up(self, head: bytes, asked: PlainGet, now: float) -> bool:
        """Have the answer to a request looked up; say whether that can be."""
        looking = self._cache.fetch(asked)
        if looking is None:
            return False
        held = self._held = _Held(head, asked, now)
        looking.add_done_callback(lambda looked: self._release(held, _succeeded(looked)))
        loop = asyncio.get_running_loop()
        held.timeout = loop.call_later(self._longest_hold, self._release, held, False)
        return True

    def _release(self, held: "_Held", may_be_known: bool) -> None:
        """Answer a request that was held, or let aiohttp do so; then what came after it."""
        if self._held is not held:
            return
        self._held = None
        if held.timeout is not None:
            held.timeout.cancel()
        if self._transport.is_closing():
            return
        wire = self._cache.known(held.asked) if may_be_known else None
        if wire is not None:
            self._send(held.head, held.asked, wire, held.since)
        else:
            self._pass_on(held.head, self._is_idle(), time.monotonic())
        if held.following and not self._is_last:
            self._transport.resume_reading()
            self.data_received(b"".join(held.following))

    def remember_template(self, request: web.Request, asked: Any) -> None:
        """
        Know requests like the one that aiohttp is answering from now on.

        Args:
            asked: What it is for, a PlainGet.
        """
        head, self._head = self._head, b""
        place = place_of(head, asked.domain, asked.base_path, asked.path)
        if place is None:
            return
        words = words_of(head[end_of_path(head) :], asked.digest, self._may_ignore)
        if words is None or words.is_last == request.keep_alive:
            return
        self._place, self._words = place, words
        if words.digest is None:
            # There is no secret in it, so that the next client may be known by it, too.
            self._templates.remember(place, words)

    def _is_idle(self) -> bool:
        """Say whether aiohttp has answered everything, and whether the client takes what it gets."""
        inner: Any = self._inner
        if inner is None:
            return not self._is_full
        waiter = inner._waiter
        return (
            waiter is not None
            and not waiter.done()
            and not inner._messages
            and not inner._upgraded
            and inner._payload_parser is None
            and not inner._close
            and not inner._force_close
            and not inner.writing_paused
        )

    def eof_received(self) -> None:
        """The client sends no more."""
        if self._inner is not None:
            self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._owner.lost(self)
        if (here := crowd.crowd()) is not None:
            here.leave(self._transport)
        self._held = None
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        self._is_full = True
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """The client takes more."""
        self._is_full = False
        if self._is_last:
            self._transport.close()
        if self._inner is not None:
            self._inner.resume_writing()


@dataclass(slots=True, eq=False)
class _Held:
    """
    A request that waits for its answer.

    Attributes:
        head: All bytes of it.
        asked: What it is for.
        since: When it came, by time.monotonic().
        following: What the client has sent since.
        timeout: What ends the waiting.
    """

    head: bytes
    asked: PlainGet
    since: float
    following: list[bytes] = field(default_factory=list)
    timeout: asyncio.TimerHandle | None = None


def _succeeded(looked: "asyncio.Future[None]") -> bool:
    # What is wrong is said by whoever looks it up next.
    return not looked.cancelled() and looked.exception() is None


def _last(pieces: tuple[bytes, ...], is_old: bool) -> tuple[bytes, ...]:
    """Return all bytes of a response after which the connection is closed."""
    head, *others = pieces
    if is_old:
        # Its clients expect nothing else.
        return head.replace(b"HTTP/1.1", b"HTTP/1.0", 1), *others
    date = head[head.rindex(b"\r\n") :]
    return head.removesuffix(date) + b"\r\nConnection: close" + date, *others


def _is_one_head(data: bytes) -> bool:
    return (
        len(data) <= LONGEST_HEAD and data.startswith(b"GET ") and data.find(_END) == len(data) - 4
    )
