"""Responses that were sent, in a bounded memory."""

from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web

from pulp_gomod.app.content.repository.distributions import Target
from pulp_gomod.app.content.sent_again import head_of, pieces

# Bytes of all responses of a process together, and of the largest that is kept; large ones have a
# memory of their own, so that a few zips do not take the room of thousands of answers.
MOST_BYTES = 64 * 1024 * 1024
LARGEST = 128 * 1024
MOST_LARGE_BYTES = 128 * 1024 * 1024
LARGEST_OF_ALL = 2 * 1024 * 1024
# What keeping a response costs beyond its own size.
_OVERHEAD = 512

# The request target as it was sent and If-None-Match; or all of a request's head. What is only told to those
# whom a guard permits has keys of another kind: domain, base path, and the path below it.
Key = tuple[str, str] | bytes | tuple[str, str, str]


@dataclass(slots=True)
class Kept:
    """
    A response that was sent.

    It holds as few objects as can be: with tens of thousands of them, Python's garbage collector would
    look at each again and again, while all requests wait.

    Attributes:
        domain: The domain's name.
        target: The distribution.
        used: The module version that it is about.
        is_held: Whether it is what the repository version holds, so that no remote matters.
        status: Its HTTP status.
        head: Its status line and headers, up to the date.
        body: Its body.
        size: Bytes that it takes here.
    """

    domain: str
    target: Target
    used: tuple[str, str] | None
    is_held: bool
    status: int
    head: bytes
    body: bytes
    size: int

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """All bytes that are sent."""
        return pieces(self.head, self.body)


class Memory:
    """A bounded memory of responses; the ones that were not asked for the longest make room."""

    def __init__(self, most_bytes: int) -> None:
        """
        Args:
            most_bytes: Bytes of all responses together.
        """
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    def get(self, key: Key) -> Kept | None:
        """
        Return a response, or None.

        Args:
            key: What was asked.
        """
        return self._kept.get(key)

    def use(self, key: Key) -> None:
        """
        Note that a response was asked for.

        Args:
            key: What was asked.
        """
        self._kept.move_to_end(key)

    def add(self, key: Key, kept: Kept) -> None:
        """
        Remember a response.

        Args:
            key: What was asked.
            kept: The response, which is this memory's own from now on.
        """
        kept.size += len(key) if isinstance(key, bytes) else sum(map(len, key))
        before = self._kept.pop(key, None)
        self._kept[key] = kept
        self._bytes += kept.size - (before.size if before else 0)
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size


def kept_of(
    domain: str, target: Target, used: tuple[str, str] | None, response: web.Response
) -> Kept | None:
    """
    Make what is kept of a response; None if it is too large.

    Args:
        domain: The domain's name.
        target: The distribution.
        used: The module version that it is about.
        response: The response.
    """
    body = response.body or b""
    if not isinstance(body, bytes) or len(body) > LARGEST_OF_ALL:
        return None
    is_held = target.remote is not None
    head = head_of(response, len(body))
    size = len(head) + len(body) + _OVERHEAD
    return Kept(domain, target, used, is_held, response.status, head, body, size)
