"""Responses that were sent, in a bounded memory."""

from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import hdrs, web

from pulp_gomod.app.content.http.responses import matches
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.noted import Note
from pulp_gomod.app.content.response_cache.wire import Unchanged, Wire, head_of

# Bytes of all responses of a process together, and of the largest that is kept; large ones have a
# memory of their own, so that a few zips do not take the room of thousands of answers.
MOST_BYTES = 64 * 1024 * 1024
LARGEST = 128 * 1024
MOST_LARGE_BYTES = 128 * 1024 * 1024
LARGEST_OF_ALL = 2 * 1024 * 1024
# What keeping a response costs beyond its own size.
_OVERHEAD = 512

#: The domain's name, the distribution's base path, and the path below it.
Key = tuple[str, str, str]


@dataclass(slots=True)
class Entry(Wire):
    """
    A response that was sent.

    It holds as few objects as can be: with tens of thousands of them, Python's garbage collector would
    look at each again and again, while all requests wait.

    Attributes:
        target: The distribution.
        used: The module version that it is about.
        is_held: Whether it is what the repository version holds, so that no remote matters.
        etag: Its ETag without quotes, or "".
        size: Bytes that it takes here.
        until: The time (as of time.time) at which it is not right any more; None for none.
        notes: What a policy did with it, to be recorded each time.
        unchanged: What a client is told that has it already, once one was.
    """

    target: ServedDistribution
    used: tuple[str, str] | None
    is_held: bool
    etag: str
    size: int
    until: float | None = None
    notes: tuple[Note, ...] = ()
    unchanged: Unchanged | None = None

    def for_condition(self, if_none_match: str) -> Wire:
        """
        Return what a client is told that may have the response already.

        Args:
            if_none_match: The header by which it says so.
        """
        if not (self.etag and matches(if_none_match, self.etag, weak=True)):
            return self
        if self.unchanged is None:
            self.unchanged = Unchanged(self)
        return self.unchanged


class ResponseStore:
    """A bounded memory of responses; the ones that were not asked for the longest make room."""

    def __init__(self) -> None:
        self._small = _Memory(MOST_BYTES)
        self._large = _Memory(MOST_LARGE_BYTES)

    def get(self, key: Key) -> Entry | None:
        """
        Return a response, or None.

        Args:
            key: What was asked.
        """
        # Nearly all requests come by here: so there is no call in it.
        entries = self._small.entries
        entry = entries.get(key)
        if entry is None:
            entries = self._large.entries
            entry = entries.get(key)
            if entry is None:
                return None
        entries.move_to_end(key)
        return entry

    def add(self, key: Key, entry: Entry) -> None:
        """
        Remember a response, in the place of any that was.

        Args:
            key: What was asked.
            entry: The response, which is this memory's own from now on.
        """
        self._small.drop(key)
        self._large.drop(key)
        (self._small if len(entry.body) <= LARGEST else self._large).add(key, entry)


class _Memory:
    def __init__(self, most_bytes: int) -> None:
        self.entries: OrderedDict[Key, Entry] = OrderedDict()
        self._most_bytes = most_bytes
        self._bytes = 0

    def add(self, key: Key, entry: Entry) -> None:
        entry.size += sum(map(len, key))
        self.entries[key] = entry
        self._bytes += entry.size
        while self._bytes > self._most_bytes:
            _, oldest = self.entries.popitem(last=False)
            self._bytes -= oldest.size

    def drop(self, key: Key) -> None:
        before = self.entries.pop(key, None)
        if before is not None:
            self._bytes -= before.size


def entry_of(
    target: ServedDistribution, used: tuple[str, str] | None, response: web.Response
) -> Entry | None:
    """
    Make what is kept of a response; None if it is too large.

    Args:
        target: The distribution.
        used: The module version that it is about.
    """
    body = response.body or b""
    if not isinstance(body, bytes) or len(body) > LARGEST_OF_ALL:
        return None
    head = head_of(response, len(body))
    return Entry(
        response.status,
        head,
        body,
        target=target,
        used=used,
        is_held=target.remote is not None,
        etag=response.headers.get(hdrs.ETAG, "").strip('"'),
        size=len(head) + len(body) + _OVERHEAD,
    )
