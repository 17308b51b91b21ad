"""Requests that aiohttp never sees, in its access log: in the same format, by the same logger."""

import asyncio
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import HttpVersion10, HttpVersion11
from aiohttp.web_log import AccessLogger
from multidict import CIMultiDict


class AccessLog:
    """
    Writes to aiohttp's access log.

    Args:
        logger: aiohttp's own.
    """

    def __init__(self, logger: AccessLogger) -> None:
        self._logger = logger

    def note(
        self,
        transport: asyncio.Transport,
        head: bytes,
        status: int,
        sent: tuple[bytes, ...],
        since: float,
    ) -> None:
        """
        Log a request.

        Args:
            transport: Its connection.
            head: All bytes of it.
            status: The HTTP status of its response.
            sent: All bytes of that.
            since: When it came, by time.monotonic().
        """
        request: Any = _Request(transport, head)
        response: Any = _Response(status, sent)
        self._logger.log(request, response, time.monotonic() - since)


@dataclass
class _Request:
    """As much of a request as the access logger reads."""

    transport: asyncio.Transport
    head: bytes
    method = "GET"

    @property
    def remote(self) -> str | None:
        peer = self.transport.get_extra_info("peername")
        if isinstance(peer, list | tuple):
            return str(peer[0])
        return None if peer is None else str(peer)

    @cached_property
    def _line(self) -> list[str]:
        return self.head[: self.head.index(b"\r\n")].decode("ascii").split(" ")

    @property
    def path_qs(self) -> str:
        return self._line[1]

    @property
    def version(self) -> Any:
        return HttpVersion10 if self._line[2] == "HTTP/1.0" else HttpVersion11

    @cached_property
    def headers(self) -> CIMultiDict[str]:
        return _headers(self.head)


@dataclass
class _Response:
    """As much of a response as the access logger reads."""

    status: int
    sent: tuple[bytes, ...]

    @property
    def body_length(self) -> int:
        return sum(map(len, self.sent))

    @cached_property
    def headers(self) -> CIMultiDict[str]:
        return _headers(b"".join(self.sent[:2]))


def _headers(head: bytes) -> CIMultiDict[str]:
    lines = head.decode("ascii", "replace").split("\r\n")[1:-2]
    parted = (line.partition(":") for line in lines)
    return CIMultiDict((name, value.strip()) for name, _, value in parted)
