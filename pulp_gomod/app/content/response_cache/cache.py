"""
Responses that a content process has sent, to be sent again as they are.

Most requests are for what was asked for a moment ago. As long as a distribution serves the same
repository version, the answer to the same path is the same bytes, but for the date: there is
nothing to look up or to render.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import HttpVersion11, hdrs, web

from pulp_gomod.app.auth.configuration import identity_headers
from pulp_gomod.app.content import services as content_services
from pulp_gomod.app.content.http import identity
from pulp_gomod.app.content.http.responses import LASTING, NOTES, PASSING, STOPPED, UNTIL, USED
from pulp_gomod.app.content.repository import guard
from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN, ServedDistribution
from pulp_gomod.app.content.response_cache import lookup
from pulp_gomod.app.content.response_cache.entries import Entry, Key, ResponseStore, entry_of
from pulp_gomod.app.content.response_cache.lookup import PlainGet
from pulp_gomod.app.content.response_cache.wire import Wire, closing_response
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.models.base_path import base_paths
from pulp_gomod.golang.goproxy import is_asked_with_more

_STATUSES = frozenset({200, 304, 404})
_ZIP = ".zip"
# Whoever sends one of these may get another answer; ETags are compared here.
_CONDITIONS = (
    hdrs.IF_MODIFIED_SINCE,
    hdrs.RANGE,
    hdrs.IF_MATCH,
    hdrs.IF_UNMODIFIED_SINCE,
)
# What proxies and tracing add to requests. No answer that is in the cache depends on any of it.
_INCIDENTAL = frozenset(
    {
        "baggage",
        "cdn-loop",
        "forwarded",
        "traceparent",
        "tracestate",
        "via",
        "x-amzn-trace-id",
        "x-b3-parentspanid",
        "x-b3-sampled",
        "x-b3-spanid",
        "x-b3-traceid",
        "x-cloud-trace-context",
        "x-correlation-id",
        "x-forwarded-by",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-forwarded-scheme",
        "x-forwarded-server",
        "x-forwarded-ssl",
        "x-real-ip",
        "x-request-id",
        "x-scheme",
    }
)


class _PlainGet(NamedTuple):
    domain: str
    base_path: str
    path: str
    digest: bytes | None
    if_none_match: str


class ResponseCache:
    """
    The responses that a content process has sent.

    Attributes:
        on_plain_get: Is told of each request that is answered here, or that will be the next time.
    """

    def __init__(self) -> None:
        """It answers nothing before its app runs, see `lifespan`."""
        self._services: ContentServices
        self._store = ResponseStore()
        self.on_plain_get: Callable[[web.Request, PlainGet], None] | None = None

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """
        Answer for as long as the content app runs (an entry of `cleanup_ctx`).

        Args:
            app: The content app, which has its services.
        """
        self.use(content_services.of(app))
        yield

    def use(self, services: ContentServices) -> None:
        """
        Answer with what a content app knows.

        Args:
            services: The services of the content app.
        """
        self._services = services
        self._resolver = services.resolver
        self._gate = services.gate

    def find(self, request: web.Request) -> web.StreamResponse | None:
        """
        Return the response to a request if it is known and still right.

        Args:
            request: A request that one of our routes matched.
        """
        asked = self._asked(request)
        wire = asked and self.known(asked)
        if asked is None or wire is None:
            return None
        if self.on_plain_get is not None:
            self.on_plain_get(request, asked)
        if asked.path.endswith(_ZIP):
            self._note(asked, wire.status, lambda: identity.client_address(request))
        if request.keep_alive and request.version == HttpVersion11:
            return wire.response()
        return closing_response(wire)

    def _asked(self, request: web.Request) -> _PlainGet | None:
        """Say what is asked for; None if that is not all that decides, or where nobody asked lately."""
        if not _is_plain(request):
            return None
        asked = request.match_info
        domain, path = asked.get("pulp_domain", DEFAULT_DOMAIN), asked["path"]
        if "owner" in asked:
            target = self._resolver.recall(domain, asked["owner"])
        else:
            found = (self._resolver.recall(domain, each) for each in base_paths(path))
            target = next(filter(None, found), None)
            path = path[len(target.base_path) + 1 :] if target else path
        return None if target is None else self._plain_get(request, target, domain, path)

    def _plain_get(
        self, request: web.Request, target: ServedDistribution, domain: str, path: str
    ) -> _PlainGet | None:
        sent = request.headers
        digest = None
        if target.guard is not None:
            if not guard.is_plain(request):
                return None
            digest = self._gate.digest(request)
        elif hdrs.AUTHORIZATION in sent and self.on_plain_get is not None:
            digest = self._gate.digest(request)
        condition = sent.get(hdrs.IF_NONE_MATCH, "")
        return _PlainGet(domain, target.base_path, path, digest, condition)

    def known(self, asked: PlainGet) -> Wire | None:
        """
        Return the response to a request if all that it takes is in memory.

        Args:
            asked: The request.
        """
        domain, base_path = asked.domain, asked.base_path
        target = self._resolver.recall(domain, base_path, ahead=True)
        # Neither is a secret kept, nor is anything told to whom the guard does not permit it now.
        if target is None or (
            target.guard is not None and not self._gate.still_permits(target, asked.digest)
        ):
            return None
        key = domain, base_path, asked.path
        entry = self._store.get(key)
        if (
            entry is None
            or (entry.until is not None and entry.until <= time.time())
            or not (entry.target is target or _renew(entry, target))
        ):
            entry = self._compute(key, asked)
            if entry is None:
                return None
        if entry.used is not None and target.served is not None:
            self._services.remotes.usage.note(target.served.repository, *entry.used)
        if entry.notes:
            self._services.events.note(target, entry.notes)
        return entry.for_condition(asked.if_none_match) if asked.if_none_match else entry

    def sent(self, asked: PlainGet, status: int, transport: asyncio.Transport, head: bytes) -> None:
        """
        Note that a zip was sent that was known.

        Args:
            asked: The request.
            status: The HTTP status of its response.
            transport: The connection by which it came.
            head: All bytes of it.
        """
        self._note(asked, status, lambda: identity.address_of(transport, head))

    def _note(self, asked: PlainGet, status: int, address: Callable[[], str | None]) -> None:
        entry = self._store.get((asked.domain, asked.base_path, asked.path))
        if entry is None or entry.used is None or status >= HTTPStatus.BAD_REQUEST:
            return
        # As it was when the response was known: the resolver may trust it no longer by now.
        target, consumers = entry.target, self._services.consumers
        if consumers.wants(target):
            caller = self._gate.caller(target, asked.digest)
            consumers.note(target, *entry.used, caller, address())

    def _compute(self, key: Key, asked: PlainGet) -> Entry | None:
        """Make the response of what is in memory beside responses."""
        found = lookup.recall(self._services, asked)
        if found is None:
            return None
        entry = entry_of(found.target, found.used, found.response)
        if entry is not None:
            self._store.add(key, entry)
        return entry

    def fetch(self, asked: PlainGet) -> "asyncio.Task[None]":
        """
        Begin to look up what it takes to know the response to a request.

        Args:
            asked: The request.
        """
        return asyncio.create_task(lookup.fetch(self._services, asked))

    def store(
        self, request: web.Request, target: ServedDistribution, response: web.StreamResponse
    ) -> None:
        """
        Keep a response, if it is one that everybody gets who asks for the same and may have it.

        Args:
            request: The request, which its distribution's guard has let pass.
            target: The distribution.
            response: What it is answered.
        """
        is_stopped = response.status == HTTPStatus.FORBIDDEN and STOPPED in request
        if not (response.status in _STATUSES or is_stopped) or not _is_plain(request):
            return
        if is_asked_with_more(target.path):
            # The query decides, or whether it is a browser that asks; neither is a part of the key.
            return
        domain = request.match_info.get("pulp_domain", DEFAULT_DOMAIN)
        if self.on_plain_get is not None:
            asked = self._plain_get(request, target, domain, target.path)
            if asked is not None:
                self.on_plain_get(request, asked)
        if (
            response.status == 304
            or PASSING in request
            or not (target.remote is None or is_stopped or USED in request or LASTING in request)
            or not isinstance(response, web.Response)
        ):
            return
        entry = entry_of(target, request.get(USED), response)
        if entry is None:
            return
        until = request.get(UNTIL)
        if until is not None:
            entry.until = until.timestamp()
        entry.notes = request.get(NOTES, ())
        known = self._resolver.recall(domain, target.base_path)
        if known is not None:
            # One that all share, instead of this request's own.
            _renew(entry, known)
        self._store.add((domain, target.base_path, target.path), entry)

    def may_ignore(self, name: str, transport: asyncio.Transport) -> bool:
        """
        Say whether a header decides nothing about an answer of this cache, whatever its value.

        Proxies say where a request came from. Who is no proxy of ours is not believed, and the log says so.

        Args:
            name: The header's name.
            transport: The connection by which it came.
        """
        plain = name.lower().replace("_", "-")
        if plain not in _INCIDENTAL:
            return False
        if plain in {each.lower().replace("_", "-") for each in identity_headers()}:
            return False
        return identity.may_say(name, transport)


def _is_plain(request: web.Request) -> bool:
    """Say whether nothing but its path, its credentials and an ETag decide what a request is answered."""
    sent = request.headers
    return request.method == hdrs.METH_GET and not any(name in sent for name in _CONDITIONS)


def _renew(entry: Entry, target: ServedDistribution) -> bool:
    """Say whether a response is right for a distribution as it is known now; note that if so."""
    is_right = (
        target.guard == entry.target.guard
        and (target.remote is None or entry.is_held)
        and target.served == entry.target.served
        and target.policy == entry.target.policy
        and target.vulndb == entry.target.vulndb
        and target.distribution == entry.target.distribution
        # Zips may have moved to an object storage.
        and target.domain_changed == entry.target.domain_changed
    )
    if is_right:
        entry.target = target
    return is_right
