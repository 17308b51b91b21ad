"""Answers to requests that are the same, byte for byte, as one that was answered before.

Clients ask for the same thing in the same words: then parsing them takes longer than all that
follows. A connection to us has this between it and aiohttp, which sees whatever is not known.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
from aiohttp import hdrs, web
from django.conf import settings

from pulp_gomod.app.content.accelerator.patterns import Pattern, pattern_of
from pulp_gomod.app.content.sent_again import closing

if TYPE_CHECKING:
    from pulp_gomod.app.content.kept import Kept
    from pulp_gomod.app.content.ready import Ready

# Heads of requests are known up to so many bytes, if they have no headers but these: others decide
# what is answered, or are secrets that are not to be kept.
LONGEST_HEAD = 4096
_HARMLESS = frozenset(
    {
        hdrs.HOST,
        hdrs.USER_AGENT,
        hdrs.ACCEPT,
        hdrs.ACCEPT_ENCODING,
        hdrs.CONTENT_TYPE,
        hdrs.IF_NONE_MATCH,
    }
)
_END: Final = b"\r\n\r\n"
# As clients say that they have no further request.
_CLOSE: Final = b"\r\nConnection: close\r\n"

# Seconds that a request is held while its answer is looked up; aiohttp has it then, and looks up the same.
LONGEST_HOLD = 10.0

# What is read of aiohttp's own state; without it there is no short cut.
_STATE = ("_waiter", "_messages", "_upgraded", "_payload_parser", "_close", "_force_close")


@cache
def why_off() -> str:
    """Say why there is no short cut: aiohttp then answers everything; "" if there is one."""
    if settings.GOMOD_ACCELERATOR == "off":
        return "GOMOD_ACCELERATOR says so"
    if not all(hasattr(web.RequestHandler, name) for name in _STATE):
        return f"it does not know aiohttp {aiohttp.__version__}, but 3.14"
    return ""


class Shortcut(asyncio.Protocol):
    """The protocol of a connection, which passes on to aiohttp's what it does not answer itself."""

    def __init__(
        self, ready: "Ready", keepalive: float, begin: Callable[[], web.RequestHandler]
    ) -> None:
        """
        Args:
            ready: The responses that are known.
            keepalive: Seconds after which aiohttp closes a connection that it hears nothing of.
            begin: Makes aiohttp's protocol, when it is first needed.
        """
        self._ready = ready
        self._begin = begin
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
        # What the last request was like that aiohttp answered and that is known now.
        self._pattern: Pattern | None = None
        # The request whose answer is being looked up, and what came after it.
        self._held: _Held | None = None
        # aiohttp closes connections that it hears nothing of. It hears often enough this way.
        self._heard_often = keepalive / 2
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

    def step_between(self, transport: asyncio.Transport, inner: web.RequestHandler) -> None:
        """
        Begin when aiohttp has begun.

        Args:
            transport: The connection.
            inner: aiohttp's protocol, which may be in the midst of a request.
        """
        self._transport = transport
        self._inner = inner
        self._between = False
        transport.set_protocol(self)

    def hand_over(self) -> web.RequestHandler:
        """Return aiohttp's protocol, which begins now if it has not yet."""
        if self._inner is None:
            self._inner = self._begin()
            self._inner.connection_made(self._transport)
            if self._is_full:
                self._inner.pause_writing()
        return self._inner

    def finish(self) -> None:
        """Take no more requests without aiohttp, which lets those end that it has."""
        if self._held is not None:
            self._release(self._held, False)
        elif self._inner is None:
            self._transport.close()

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
        if is_idle and now - self._heard < self._heard_often:
            if known := self._ready.again(data):
                self._send(data, known)
                return
            if self._pattern is not None and len(data) <= LONGEST_HEAD:
                if known := self._ready.foresee(data, self._pattern):
                    self._send(data, known)
                    return
                if self._hold(data, self._pattern):
                    return
        self._pass_on(data, is_idle, now)

    def _pass_on(self, data: bytes, is_idle: bool, now: float) -> None:
        """Let aiohttp have what the client has sent."""
        self._heard = now
        self._between = data.endswith(_END)
        self._head = data if is_idle and _is_one_head(data) else b""
        self.hand_over().data_received(data)

    def _send(self, head: bytes, known: tuple[bytes, ...]) -> None:
        """Answer a request, and close the connection if its client wants no other answer."""
        if _CLOSE not in head:
            self._transport.writelines(known)
        else:
            self._transport.writelines(closing(known))
            self._is_last = True
            # A TLS connection that is closed has not for ever to send what it has.
            if not self._is_full:
                self._transport.close()

    def _hold(self, head: bytes, pattern: Pattern) -> bool:
        """Have the answer to a request looked up; say whether that can be."""
        looking = self._ready.bring(head, pattern)
        if looking is None:
            return False
        held = self._held = _Held(head, pattern)
        looking.add_done_callback(lambda looked: self._release(held, _succeeded(looked)))
        loop = asyncio.get_running_loop()
        held.patience = loop.call_later(self._longest_hold, self._release, held, False)
        return True

    def _release(self, held: "_Held", may_be_known: bool) -> None:
        """Answer a request that was held, or let aiohttp do so; then what came after it."""
        if self._held is not held:
            return
        self._held = None
        if held.patience is not None:
            held.patience.cancel()
        if self._transport.is_closing():
            return
        known = self._ready.foresee(held.head, held.pattern) if may_be_known else None
        if known is not None:
            self._send(held.head, known)
        else:
            self._pass_on(held.head, self._is_idle(), time.monotonic())
        if held.following and not self._is_last:
            self._transport.resume_reading()
            self.data_received(b"".join(held.following))

    def learn(self, request: web.Request, kept: "Kept") -> bool:
        """
        Know the request that aiohttp is answering from now on; say whether that can be.

        Args:
            request: The request.
            kept: Its response.
        """
        head, self._head = self._head, b""
        if not _is_clear(head, request) or not _are_harmless(request.headers.items()):
            return False
        self._ready.learn(head, kept)
        pattern = pattern_of(head, request, kept.target.base_path)
        if pattern is not None:
            # There is no secret in it, so that the next client may be known by it, too.
            self._pattern = self._ready.pattern = pattern
        return True

    def meet(self, request: web.Request, base_path: str, digest: bytes) -> None:
        """
        Remember what the request is like that aiohttp is answering, and that has been permitted.

        Args:
            request: The request.
            base_path: The base path of its distribution.
            digest: What stands for its credentials.
        """
        head, self._head = self._head, b""
        others = [each for each in request.headers.items() if each[0] != hdrs.AUTHORIZATION]
        if _is_clear(head, request) and _are_harmless(others):
            self._pattern = pattern_of(head, request, base_path, digest) or self._pattern

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
        pattern: What it is like.
        following: What the client has sent since.
        patience: What ends the waiting.
    """

    head: bytes
    pattern: Pattern
    following: list[bytes] = field(default_factory=list)
    patience: asyncio.TimerHandle | None = None


def _succeeded(looked: "asyncio.Task[None]") -> bool:
    # What is wrong is said by whoever looks it up next.
    return not looked.cancelled() and looked.exception() is None


def _is_clear(head: bytes, request: web.Request) -> bool:
    """Say whether a head is known, and says of its connection in just our words if it is to be closed."""
    return bool(head) and request.keep_alive == (_CLOSE not in head)


def _are_harmless(headers: Iterable[tuple[str, str]]) -> bool:
    # What HTTP/1.1 clients need not say of the connection, many do.
    return all(
        name in _HARMLESS or (name == hdrs.CONNECTION and value.lower() in ("keep-alive", "close"))
        for name, value in headers
    )


def _is_one_head(data: bytes) -> bool:
    return (
        len(data) <= LONGEST_HEAD and data.startswith(b"GET ") and data.find(_END) == len(data) - 4
    )


def of(request: web.Request, ready: "Ready") -> Shortcut | None:
    """
    Return the short cut of a request's connection, which from now on has one.

    Args:
        request: The request.
        ready: The responses that are known.

    Returns:
        None where there can be none: requests are logged, or for one of the reasons of `why_off`.
    """
    transport = request.transport
    if transport is None or why_off():
        return None
    inner = transport.get_protocol()
    if isinstance(inner, Shortcut):
        return inner
    if isinstance(inner, web.RequestHandler) and inner.access_logger is None:
        connection = Shortcut(ready, inner.keepalive_timeout or 0.0, lambda: inner)
        connection.step_between(transport, inner)
    return None
