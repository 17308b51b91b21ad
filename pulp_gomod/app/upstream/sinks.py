"""Where the body of an upstream's answer goes."""

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


class Memory:
    """Holds a small body."""

    def __init__(self, binary: bool) -> None:
        """
        Args:
            binary: Whether it may begin with anything.
        """
        self.body = bytearray()
        self.binary = binary

    async def start(self) -> None:
        """Begin anew."""
        self.body.clear()

    async def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.body += chunk
