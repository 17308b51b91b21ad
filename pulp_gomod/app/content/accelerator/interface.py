"""What the accelerator asks: a cache of responses, whoever has it."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from aiohttp import web


class PlainGet(NamedTuple):
    """
    A GET request that nothing decides but this.

    Attributes:
        domain: The domain's name.
        base_path: The distribution's base path.
        path: What follows that, decoded.
        digest: What stands for the credentials; None if the request has none.
        if_none_match: That header, or "".
    """

    domain: str
    base_path: str
    path: str
    digest: bytes | None = None
    if_none_match: str = ""


class Wire(Protocol):
    """A response as it is sent."""

    @property
    def status(self) -> int:
        """Its HTTP status."""

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """All bytes of it: its head up to the value of the date, that with the head's end, and the body."""


class Cache(Protocol):
    """
    Knows responses.

    Attributes:
        on_plain_get: What it tells of each plain request that aiohttp gave it. The second argument is a
            PlainGet, which was permitted; its digest is None only if the request has no credentials.
    """

    on_plain_get: Callable[[web.Request, Any], None] | None

    def known(self, asked: PlainGet) -> Wire | None:
        """
        Return the response to a request if all that it takes is in memory.

        Args:
            asked: The request.
        """

    def fetch(self, asked: PlainGet) -> "asyncio.Future[None] | None":
        """
        Begin to look up what it takes to know a response; None if that cannot be.

        Args:
            asked: The request.
        """

    def sent(self, asked: PlainGet, status: int, transport: asyncio.Transport, head: bytes) -> None:
        """
        Note that a zip was sent that was known.

        Args:
            asked: The request.
            status: The HTTP status of its response.
            transport: The connection by which it came.
            head: All bytes of it.
        """

    def may_ignore(self, name: str, transport: asyncio.Transport) -> bool:
        """
        Say whether a header that comes by a connection decides nothing, whatever its value.

        Args:
            name: The header's name.
            transport: The connection.
        """
