"""Responses that were sent before, ready to be sent again as they are.

Most requests are for what was asked for a moment ago. As long as a public distribution serves the same
repository version, the answer to the same request line is the same bytes, but for the date: there is
nothing to parse, to look up or to render.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from aiohttp import HttpVersion11, hdrs, web

from pulp_gomod.app import upstream
from pulp_gomod.app.goproxy import memory, resolver, shortcut
from pulp_gomod.app.goproxy.distributions import DEFAULT_DOMAIN, Target
from pulp_gomod.app.goproxy.patterns import Pattern
from pulp_gomod.app.goproxy.responses import USED
from pulp_gomod.app.goproxy.sent_again import SentAgain, head_of, pieces

# Bytes of all responses of a process together, and of the largest that is kept; large ones have a
# memory of their own, so that a few zips do not take the room of thousands of answers.
MOST_BYTES = 64 * 1024 * 1024
LARGEST = 128 * 1024
MOST_LARGE_BYTES = 64 * 1024 * 1024
LARGEST_OF_ALL = 2 * 1024 * 1024
# What keeping a response costs beyond its own size.
_OVERHEAD = 512

_STATUSES = frozenset({200, 304, 404})
# Whoever sends one of these may get another answer.
_CONDITIONS = (
    hdrs.IF_MODIFIED_SINCE,
    hdrs.RANGE,
    hdrs.IF_MATCH,
    hdrs.IF_UNMODIFIED_SINCE,
)

# The request target as it was sent and If-None-Match; or all of a request's head.
_Key = tuple[str, str] | bytes


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


class _Memory:
    """A bounded memory of responses; the ones that were not asked for the longest make room."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[_Key, Kept] = OrderedDict()

    def get(self, key: _Key) -> Kept | None:
        return self._kept.get(key)

    def use(self, key: _Key) -> None:
        self._kept.move_to_end(key)

    def add(self, key: _Key, kept: Kept) -> None:
        before = self._kept.pop(key, None)
        self._kept[key] = kept
        self._bytes += kept.size - (before.size if before else 0)
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size


class Ready:
    """The responses that a content process has sent."""

    def __init__(self, app: web.Application) -> None:
        """
        Args:
            app: The content app, whose Resolver knows what distributions serve at the moment.
        """
        self._app = app
        self._resolver = resolver.of(app)
        self._small = _Memory(MOST_BYTES)
        self._large = _Memory(MOST_LARGE_BYTES)

    def find(self, request: web.Request) -> web.StreamResponse | None:
        """
        Return the response to a request if it was given before and is still right.

        Args:
            request: A request that one of our routes matched.
        """
        connection = shortcut.of(request, self)
        kept = self._recall(_key(request)) if _is_plain(request) else None
        if kept is None:
            return None
        if connection is not None:
            connection.learn(request, kept)
        return SentAgain(kept.status, kept.head, kept.body)

    def again(self, head: bytes) -> tuple[bytes, ...] | None:
        """
        Return the bytes of a response if it was given before and is still right.

        Args:
            head: All bytes of the request.
        """
        kept = self._recall(head)
        return kept.pieces if kept else None

    def learn(self, head: bytes, kept: Kept) -> None:
        """
        Remember which response a request gets.

        Args:
            head: All bytes of the request.
            kept: The response.
        """
        self._add(head, replace(kept, size=kept.size + len(head)))

    def keep(self, request: web.Request, target: Target, response: web.StreamResponse) -> None:
        """
        Keep a response, if it is one that everybody gets who asks for the same.

        Args:
            request: The request.
            target: The distribution.
            response: What it is answered.
        """
        if (
            target.guard is not None
            or (target.remote is not None and USED not in request)
            or response.status not in _STATUSES
            or not isinstance(response, web.Response)
            or not _is_plain(request)
        ):
            return
        domain = request.match_info.get("pulp_domain", DEFAULT_DOMAIN)
        kept = _kept(domain, target, request.get(USED), response)
        if kept is None:
            return
        known = self._resolver.recall(domain, target.base_path)
        if known is not None and _is_right_for(known, kept):
            # One that all share, instead of this request's own.
            kept.target = known
        key = _key(request)
        kept.size += len(key[0]) + len(key[1])
        connection = shortcut.of(request, self)
        # The same client asks in the same words again: most responses are kept under these only.
        if connection is None or not connection.learn(request, kept):
            self._add(key, kept)

    def foresee(self, head: bytes, pattern: Pattern) -> tuple[bytes, ...] | None:
        """
        Return the bytes of a response that was never sent, if all that it takes is in memory.

        Args:
            head: All bytes of the request.
            pattern: What a request of the same client was like.
        """
        path = pattern.path_in(head)
        recalled = None if path is None else memory.recall(self._app, pattern, path)
        if recalled is None:
            return None
        kept = _kept(pattern.domain, recalled.target, recalled.used, recalled.response)
        if kept is None:
            return None
        self.learn(head, kept)
        self._note_use(kept)
        return kept.pieces

    def bring(self, head: bytes, pattern: Pattern) -> "asyncio.Task[None] | None":
        """
        Begin to look up what it takes to foresee a response; None if it cannot be foreseen.

        Args:
            head: All bytes of the request.
            pattern: What a request of the same client was like.
        """
        path = pattern.path_in(head)
        if path is None:
            return None
        return asyncio.create_task(memory.bring(self._app, pattern, path))

    def _recall(self, key: _Key) -> Kept | None:
        place = self._small
        kept = place.get(key)
        if kept is None:
            place = self._large
            kept = place.get(key)
            if kept is None:
                return None
        target = self._resolver.recall(kept.domain, kept.target.base_path)
        if target is not kept.target:
            if target is None or not _is_right_for(target, kept):
                return None
            kept.target = target
        place.use(key)
        self._note_use(kept)
        return kept

    def _note_use(self, kept: Kept) -> None:
        if kept.used is not None and kept.target.served is not None:
            upstream.note_use(self._app, kept.target.served.repository, *kept.used)

    def _add(self, key: _Key, kept: Kept) -> None:
        place = self._small if len(kept.body) <= LARGEST else self._large
        place.add(key, kept)


def _kept(
    domain: str, target: Target, used: tuple[str, str] | None, response: web.Response
) -> Kept | None:
    """Make what is kept of a response; None if it is too large."""
    body = response.body or b""
    if not isinstance(body, bytes) or len(body) > LARGEST_OF_ALL:
        return None
    is_held = target.remote is not None
    head = head_of(response, len(body))
    size = len(head) + len(body) + _OVERHEAD
    return Kept(domain, target, used, is_held, response.status, head, body, size)


def _key(request: web.Request) -> tuple[str, str]:
    return request.raw_path, request.headers.get(hdrs.IF_NONE_MATCH, "")


def _is_plain(request: web.Request) -> bool:
    """Say whether nothing but its key decides what a request is answered."""
    sent = request.headers
    return (
        request.method == hdrs.METH_GET
        and request.version == HttpVersion11
        and request.keep_alive
        and not any(name in sent for name in _CONDITIONS)
    )


def _is_right_for(target: Target, kept: Kept) -> bool:
    return (
        target.guard is None
        and (target.remote is None or kept.is_held)
        and target.served == kept.target.served
        and target.distribution == kept.target.distribution
        # Zips may have moved to an object storage.
        and target.domain_changed == kept.target.domain_changed
    )


_KEY: web.AppKey[Ready] = web.AppKey("gomod_ready", Ready)


async def lifespan(app: web.Application) -> AsyncIterator[None]:
    """
    Give the content app its Ready for as long as it runs (an entry of `cleanup_ctx`).

    Args:
        app: The content app, which has its Resolver.
    """
    app[_KEY] = Ready(app)
    yield


def of(app: web.Application) -> Ready:
    """
    Return the Ready of the content app.

    Args:
        app: The content app.
    """
    return app[_KEY]
