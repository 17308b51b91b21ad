"""Where the body of an upstream's answer goes."""

from codecs import BOM_UTF8
from typing import Protocol


class Sink(Protocol):
    """
    Where a body goes.

    Attributes:
        binary: Whether it may begin with anything; otherwise a web page is recognised.
    """

    binary: bool

    async def start(self) -> None:
        """Begin anew."""

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes."""


def is_page(beginning: bytes) -> bool:
    """
    Say whether something is a web page, such as a login form, instead of what was asked for.

    Args:
        beginning: Its first bytes.
    """
    return beginning.removeprefix(BOM_UTF8).lstrip()[:1] == b"<"


class InMemory:
    """
    Holds a small body.

    Args:
        binary: Whether it may begin with anything.
    """

    def __init__(self, binary: bool) -> None:
        self.body = bytearray()
        self.binary = binary

    async def start(self) -> None:
        """Begin anew."""
        self.body.clear()

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.body += chunk
