"""A response as the bytes that were sent, but for the date."""

import time
from email.utils import formatdate
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE


class SentAgain(web.StreamResponse):
    """A response whose bytes are known; it has no state, so that many requests share it."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
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

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """All bytes."""
        return self._head, _date(), self._sent_body

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send everything in one write."""
        if request.transport is None:
            raise ConnectionResetError("the client is gone")
        request.transport.writelines(self.pieces)
        # Who asks for more and reads nothing has to wait.
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Everything is sent."""


def again(response: web.Response, body: bytes) -> SentAgain:
    """
    Make what sends a response once more.

    Args:
        response: The response, with all headers but those that every response has.
        body: Its body.
    """
    return SentAgain(response.status, _head(response, len(body)), body)


def _head(response: web.Response, length: int) -> bytes:
    """Make the status line and the headers, up to the value of the date, which comes last."""
    phrase = HTTPStatus(response.status).phrase
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if hdrs.CONTENT_LENGTH not in response.headers and response.status != 304:
        lines.append(f"{hdrs.CONTENT_LENGTH}: {length}")
    lines += [f"{hdrs.SERVER}: {SERVER_SOFTWARE}", f"{hdrs.DATE}: "]
    return "\r\n".join(lines).encode()


_now = (0, b"")


def _date() -> bytes:
    """Return the value of the Date header with the end of the headers, made once a second."""
    global _now
    second = int(time.time())
    if _now[0] != second:
        _now = (second, f"{formatdate(second, usegmt=True)}\r\n\r\n".encode())
    return _now[1]
