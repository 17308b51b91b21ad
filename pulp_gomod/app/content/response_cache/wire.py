"""A response as the bytes that are sent, but for the date."""

import time
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from pulp_gomod.app.content.http import hsts

# What a response that says that nothing has changed repeats (RFC 9110, section 15.4.5).
_VALIDATORS = frozenset({"etag", "last-modified", "cache-control", "strict-transport-security"})
# What aiohttp adds by itself.
_OF_EACH = frozenset({"content-length", "server", "date"})


@dataclass(slots=True)
class Wire:
    """
    A response as it is sent.

    Attributes:
        status: Its HTTP status.
        head: Its status line and headers, up to the value of the date.
        body: Its body.
    """

    status: int
    head: bytes
    body: bytes

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """All bytes of it, if it is sent now."""
        return self.head, _date(), self.body

    def headers(self) -> list[tuple[str, str]]:
        """Return its headers without the date."""
        lines = self.head.decode().split("\r\n")[1:-1]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]

    def response(self) -> "Resent":
        """Return it for aiohttp, to a client that keeps its connection."""
        return Resent(self)


class Unchanged(Wire):
    """
    Says that a client has a response already.

    Args:
        of: The response, which has an ETag.
    """

    __slots__ = ()

    def __init__(self, of: Wire) -> None:
        kept = [(name, value) for name, value in of.headers() if name.lower() in _VALIDATORS]
        super().__init__(304, _head(304, [*kept, (hdrs.SERVER, SERVER_SOFTWARE)]), b"")


class Resent(web.StreamResponse):
    """
    A response whose bytes are known.

    Args:
        wire: The response.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__(status=wire.status)
        self._pieces = wire.pieces

    @property
    def keep_alive(self) -> bool:
        """Only requests that keep the connection are answered like this."""
        return True

    @property
    def body_length(self) -> int:
        """For the access log: with the head, as aiohttp counts."""
        return sum(map(len, self._pieces))

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send everything in one write."""
        if request.transport is None:
            raise ConnectionResetError("the client is gone")
        request.transport.writelines(self._pieces)
        # Who asks for more and reads nothing has to wait.
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Everything is sent."""


def closing_response(wire: Wire) -> web.Response:
    """
    Return a response for aiohttp, to a client that is old or does not keep its connection.

    Args:
        wire: The response.
    """
    headers = [each for each in wire.headers() if each[0].lower() not in _OF_EACH]
    return web.Response(status=wire.status, body=wire.body or None, headers=headers)


def head_of(response: web.Response, length: int) -> bytes:
    """
    Make the status line and the headers, up to the value of the date, which comes last.

    Args:
        response: The response, with all headers but those that every response has.
        length: Bytes of its body.
    """
    headers = [*response.headers.items(), *hsts.headers().items()]
    if hdrs.CONTENT_LENGTH not in response.headers:
        headers.append((hdrs.CONTENT_LENGTH, str(length)))
    return _head(response.status, [*headers, (hdrs.SERVER, SERVER_SOFTWARE)])


def _head(status: int, headers: list[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, f"{hdrs.DATE}: "]).encode()


_now = (0, b"")


def _date() -> bytes:
    """Return the value of the Date header with the end of the headers, made once a second."""
    global _now
    second = int(time.time())
    if _now[0] != second:
        _now = (second, f"{formatdate(second, usegmt=True)}\r\n\r\n".encode())
    return _now[1]
