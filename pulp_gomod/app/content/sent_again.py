"""A response as the bytes that were sent, but for the date."""

import time
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from pulp_gomod.app.content.http import hsts


class SentAgain(web.StreamResponse):
    """A response whose bytes are known."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        """
        Args:
            status: The HTTP status.
            head: As of `head_of`.
            body: The body.
        """
        super().__init__(status=status)
        self._head = head
        self._sent_body = body

    @property
    def keep_alive(self) -> bool:
        """Only requests that keep the connection are answered like this."""
        return True

    @property
    def body_length(self) -> int:
        """For the access log."""
        return len(self._sent_body)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send everything in one write."""
        if request.transport is None:
            raise ConnectionResetError("the client is gone")
        request.transport.writelines(pieces(self._head, self._sent_body))
        # Who asks for more and reads nothing has to wait.
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Everything is sent."""


def head_of(response: web.Response, length: int) -> bytes:
    """
    Make the status line and the headers, up to the value of the date, which comes last.

    Args:
        response: The response, with all headers but those that every response has.
        length: Bytes of its body.
    """
    phrase = HTTPStatus(response.status).phrase
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines += [f"{name}: {value}" for name, value in hsts.headers().items()]
    if hdrs.CONTENT_LENGTH not in response.headers and response.status != 304:
        lines.append(f"{hdrs.CONTENT_LENGTH}: {length}")
    lines += [f"{hdrs.SERVER}: {SERVER_SOFTWARE}", f"{hdrs.DATE}: "]
    return "\r\n".join(lines).encode()


def pieces(head: bytes, body: bytes) -> tuple[bytes, ...]:
    """
    Return all bytes of a response that is sent now.

    Args:
        head: As of `head_of`.
        body: The body.
    """
    return head, _date(), body


def closing(known: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """
    Return all bytes of a response after which the connection is closed.

    Args:
        known: As of `pieces`.
    """
    head, *others = known
    date = head[head.rindex(b"\r\n") :]
    return head.removesuffix(date) + b"\r\nConnection: close" + date, *others


_now = (0, b"")


def _date() -> bytes:
    """Return the value of the Date header with the end of the headers, made once a second."""
    global _now
    second = int(time.time())
    if _now[0] != second:
        _now = (second, f"{formatdate(second, usegmt=True)}\r\n\r\n".encode())
    return _now[1]
