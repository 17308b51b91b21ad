"""Responses that were sent before, ready to be sent again as they are.

Most requests are for what was asked for a moment ago. As long as a public distribution serves the same
repository version, the answer to the same request line is the same bytes, but for the date: there is
nothing to parse, to look up or to render.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from aiohttp import HttpVersion11, hdrs, web

from pulp_gomod.app.content import memory, services
from pulp_gomod.app.content.accelerator import shortcut
from pulp_gomod.app.content.accelerator.patterns import Pattern
from pulp_gomod.app.content.http.responses import USED
from pulp_gomod.app.content.kept import (
    LARGEST,
    MOST_BYTES,
    MOST_LARGE_BYTES,
    Kept,
    Key,
    Memory,
    kept_of,
)
from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN, Target
from pulp_gomod.app.content.sent_again import SentAgain
from pulp_gomod.app.content.services import ContentServices

_STATUSES = frozenset({200, 304, 404})
# Whoever sends one of these may get another answer.
_CONDITIONS = (
    hdrs.IF_MODIFIED_SINCE,
    hdrs.RANGE,
    hdrs.IF_MATCH,
    hdrs.IF_UNMODIFIED_SINCE,
)


class Ready:
    """The responses that a content process has sent."""

    def __init__(self, services: ContentServices) -> None:
        """
        Args:
            services: The services of the content app.
        """
        self._services = services
        self._resolver = services.resolver
        self._gate = services.gate
        self._small = Memory(MOST_BYTES)
        self._large = Memory(MOST_LARGE_BYTES)
        #: What the last request was like that aiohttp answered, that had no credentials and is known now.
        self.pattern: Pattern | None = None

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
        return SentAgain(kept.status, kept.head, kept.body) if request.keep_alive else None

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
        self._add(head, replace(kept))

    def keep(self, request: web.Request, target: Target, response: web.StreamResponse) -> None:
        """
        Keep a response, if it is one that everybody gets who asks for the same.

        Of a client that has shown credentials its connection remembers what its requests are like.

        Args:
            request: The request.
            target: The distribution.
            response: What it is answered.
        """
        if response.status not in _STATUSES or not _is_plain(request):
            return
        connection = shortcut.of(request, self)
        if connection and (target.guard is not None or hdrs.AUTHORIZATION in request.headers):
            connection.meet(request, target.base_path, self._gate.digest(request))
        if (
            target.guard is not None
            or (target.remote is not None and USED not in request)
            or not isinstance(response, web.Response)
        ):
            return
        domain = request.match_info.get("pulp_domain", DEFAULT_DOMAIN)
        kept = kept_of(domain, target, request.get(USED), response)
        if kept is None:
            return
        known = self._resolver.recall(domain, target.base_path)
        if known is not None and _is_right_for(known, kept):
            # One that all share, instead of this request's own.
            kept.target = known
        # The same client asks in the same words again: most responses are kept under these only.
        if connection is None or not connection.learn(request, kept):
            self._add(_key(request), kept)

    def foresee(self, head: bytes, pattern: Pattern) -> tuple[bytes, ...] | None:
        """
        Return the bytes of a response that was never sent, if all that it takes is in memory.

        Args:
            head: All bytes of the request.
            pattern: What a request of the same client was like.
        """
        path = pattern.path_in(head)
        if path is None:
            return None
        key: Key = head
        if pattern.digest is not None:
            # Neither is a secret kept, nor is anything told to whom the guard does not permit it now.
            target = self._resolver.recall(pattern.domain, pattern.base_path)
            if target is None or not self._gate.still_permits(target, pattern.digest):
                return None
            key = pattern.domain, pattern.base_path, path
            if kept := self._recall(key):
                return kept.pieces
        kept = self._foresee(pattern, path)
        if kept is None:
            return None
        self._add(key, kept)
        self._note_use(kept)
        return kept.pieces

    def _foresee(self, pattern: Pattern, path: str) -> Kept | None:
        recalled = memory.recall(self._services, pattern, path)
        if recalled is None:
            return None
        return kept_of(pattern.domain, recalled.target, recalled.used, recalled.response)

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
        return asyncio.create_task(memory.bring(self._services, pattern, path))

    def _recall(self, key: Key) -> Kept | None:
        place = self._small
        kept = place.get(key)
        if kept is None:
            place = self._large
            kept = place.get(key)
            if kept is None:
                return None
        target = self._resolver.recall(kept.domain, kept.target.base_path, ahead=True)
        if target is not kept.target:
            if target is None or not _is_right_for(target, kept):
                return None
            kept.target = target
        place.use(key)
        self._note_use(kept)
        return kept

    def _note_use(self, kept: Kept) -> None:
        if kept.used is not None and kept.target.served is not None:
            self._services.remotes.usage.note(kept.target.served.repository, *kept.used)

    def _add(self, key: Key, kept: Kept) -> None:
        place = self._small if len(kept.body) <= LARGEST else self._large
        place.add(key, kept)


def _key(request: web.Request) -> tuple[str, str]:
    return request.raw_path, request.headers.get(hdrs.IF_NONE_MATCH, "")


def _is_plain(request: web.Request) -> bool:
    """Say whether nothing but its key decides what a request is answered."""
    sent = request.headers
    return (
        request.method == hdrs.METH_GET
        and request.version == HttpVersion11
        and not any(name in sent for name in _CONDITIONS)
    )


def _is_right_for(target: Target, kept: Kept) -> bool:
    return (
        target.guard == kept.target.guard
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
        app: The content app, which has its services.
    """
    app[_KEY] = Ready(services.of(app))
    yield


def of(app: web.Application) -> Ready:
    """
    Return the Ready of the content app.

    Args:
        app: The content app.
    """
    return app[_KEY]
