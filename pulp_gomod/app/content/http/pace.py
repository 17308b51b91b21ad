"""How slow a client may be: at least so many bytes in so many seconds, in either direction."""

import asyncio
import contextlib
import socket
import struct

# Closing discards what was not sent: the kernel would keep that for a client that never reads.
_DISCARD = struct.pack("ii", 1, 0)

#: Bytes a second, on average over a window.
LEAST_RATE = 1024

#: Seconds of a window.
WINDOW = 30.0


class Pace:
    """
    Watches that a client keeps the least rate, in the seconds in which it is waited for.

    Args:
        window: Seconds in which `least` bytes have to come.
        least: How many that are.
    """

    def __init__(self, window: float = WINDOW, least: int | None = None) -> None:
        self.window = window
        self.least = int(LEAST_RATE * window) if least is None else least
        self._waited = 0.0
        self._moved = 0

    @property
    def left(self) -> float:
        """For how many seconds the client may still be waited for."""
        return max(0.0, self.window - self._waited)

    def note(self, waited: float, moved: int) -> None:
        """Note that the client was waited for, in seconds, and how many bytes came or went."""
        self._waited += waited
        self._moved += moved
        if self._moved >= self.least:
            self._waited = 0.0
            self._moved = 0


def cut_off(transport: asyncio.Transport) -> None:
    """End a connection at once, whose client does not take what it is sent."""
    with contextlib.suppress(OSError):
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
    transport.abort()
