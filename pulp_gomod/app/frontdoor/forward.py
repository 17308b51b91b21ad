"""Handing one request on to the API, and its answer back."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from aiohttp import (
    BaseConnector,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    HttpVersion11,
    TCPConnector,
    UnixConnector,
    hdrs,
    web,
)
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict
from yarl import URL

from pulp_gomod.app.access.addresses import Network
from pulp_gomod.app.access.lanes import Busy
from pulp_gomod.app.access.proxies import is_from_proxy, is_proxy_header
from pulp_gomod.app.access.refusals import BUSY
from pulp_gomod.app.upload.handover import CHANGE, HEAVY, PLACE

from .headers import IsProxyHeader, request_headers, response_headers
from .hosts import Hosts
from .places import LIGHT_BODY, ClientGone, Crowded, DoorPlaces
from .spool import BodyStalled, BodyTooLarge, DiskFull, Spool

log = logging.getLogger(__name__)

_STALL = 60.0
_PATIENCE = 10.0
_RETRY_PAUSE = 0.2
_CHUNK = 256 * 1024
# Seconds after which to try again.
_RETRY_AFTER = "5"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PACKAGES = "/api/packages/"
_UPLOAD = re.compile(r"/api/packages/(?:[^/]+/){1,2}go/upload")
_UNKNOWN_HOST = (
    "This server is not known by the name in the URL; "
    "it learns names by its options --allowed-host and --origin."
)
_REFUSALS = frozenset({401, 403, 404, 413})


class UpstreamDown(Exception):
    """The API does not answer."""


class Changes(Protocol):
    """Waits for what the API has stored and a task will make."""

    async def wait_for(self, change: UUID) -> web.Response:
        """The answer to the client who asked for the change."""

    async def close(self) -> None:
        """Stop waiting."""


class Admission(Protocol):
    """Verifies credentials before the API does."""

    async def refusal(self, request: web.Request) -> web.StreamResponse | None:
        """The answer to a request that is not to be forwarded."""

    def turn(self, request: web.Request) -> AbstractAsyncContextManager[Any]:
        """The context in which the API is asked."""

    def learn(self, request: web.Request, status: int) -> None:
        """Hear what the API has answered."""

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """What the API is to know."""


class FrontDoor:
    """Forwards requests to the API.

    Args:
        upstream: The API's address, `unix:/path` or `http://host:port`.
        directory: Where large bodies are held while they arrive.
        limit: The largest body taken, in bytes.
        content_prefix: The path that belongs to the content app alone.
        stall: The longest silence of a client that sends a body, in seconds.
        patience: How long the API may refuse connections, in seconds: as long as a restart takes.
        proxies: The networks of the proxies that may stand before the door.
        is_proxy_header: Says of a header's name whether only those proxies may send it.
        changes: Waits for uploads, None to leave that to the API.
        hosts: The names that clients may know the server by, as Django's ALLOWED_HOSTS has them.
        admission: Verifies credentials, None to leave that to the API.
        places: Where large requests wait, None to hand on all at once.
    """

    def __init__(
        self,
        upstream: str,
        directory: Path,
        limit: int,
        content_prefix: str = "/pulp/content/",
        stall: float = _STALL,
        patience: float = _PATIENCE,
        proxies: Sequence[Network] = (),
        is_proxy_header: IsProxyHeader = is_proxy_header,
        changes: Changes | None = None,
        hosts: Sequence[str] = ("*",),
        admission: Admission | None = None,
        places: DoorPlaces | None = None,
    ) -> None:
        self._socket = upstream.removeprefix("unix:") if upstream.startswith("unix:") else None
        self._base = "http://localhost" if self._socket else upstream.rstrip("/")
        self._directory = directory
        self._limit = limit
        self._content_prefix = content_prefix
        self._stall = stall
        self._patience = patience
        self._proxies = list(proxies)
        self._is_proxy_header = is_proxy_header
        self._changes = changes
        self._hosts = Hosts(hosts)
        self._admission = admission
        self._places = places
        self._session: ClientSession | None = None

    def attach(self, app: web.Application) -> None:
        """Put the door into an app.

        Its route is the least specific one, so every route of Pulp and of its plugins goes first,
        whether it is added before this one or after.
        """
        app.cleanup_ctx.append(self._open)
        app.middlewares.insert(0, self._straight_through)
        app.router.add_route(
            "*", "/{gomod_forwarded:.*}", self.forward, expect_handler=self._postpone_continue
        )

    async def _open(self, app: web.Application) -> AsyncIterator[None]:
        connector: BaseConnector
        # The API's workers close each connection after one answer.
        if self._socket:
            connector = UnixConnector(self._socket, force_close=True, limit=0)
        else:
            connector = TCPConnector(force_close=True, limit=0)
        async with ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            timeout=ClientTimeout(total=None, sock_connect=self._patience),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        ) as self._session:
            yield
        if self._changes:
            await self._changes.close()

    @property
    def _straight_through(self) -> Middleware:
        """Refuse what is for another server, and spare what is forwarded all other middlewares.

        The API authenticates for itself.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._knows_host(request):
                return _refusal(400, _UNKNOWN_HOST)
            if request.match_info.handler == self.forward:
                return await self.forward(request)
            return await handler(request)

        return middleware

    def _knows_host(self, request: web.Request) -> bool:
        host = request.headers.get(hdrs.HOST)
        # A proxy has decided already what is for this server.
        return not host or host in self._hosts or is_from_proxy(request, self._proxies)

    async def _postpone_continue(self, request: web.Request) -> None:
        """Leave `Expect: 100-continue` open until the body is wanted."""
        if request.headers["Expect"].lower() != "100-continue":
            raise web.HTTPExpectationFailed(text="Only 'Expect: 100-continue' is understood.\n")

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Send the request to the API once its body has arrived, and the answer to the client."""
        if request.path.startswith(self._content_prefix):
            return _refusal(405, "Content is read with GET or HEAD.", {"Allow": "GET, HEAD"})
        if self._admission and (refused := await self._admission.refusal(request)):
            return refused
        try:
            with Spool(self._directory, self._limit, self._stall) as spool:
                if refused := await self._receive(request, spool):
                    return refused
                async with await self._call_in_turn(request, spool) as answer:
                    if _is_broken(request, answer):
                        raise UpstreamDown(f"it answered {answer.status}")
                    change = _change_in(answer)
                    if change is None or self._changes is None:
                        return await _relay(request, answer)
            return await self._changes.wait_for(change)
        except BodyTooLarge:
            text = f"The body is larger than the {self._limit} bytes that are taken here."
            return _refusal(413, text)
        except DiskFull:
            return _refusal(507, "The server's disk is full.")
        except BodyStalled:
            return _refusal(408, f"Nothing of the body came for {self._stall:.0f} seconds.")
        except Busy:
            return _refusal(503, f"Unavailable: {BUSY}.", {"Retry-After": "1"})
        except Crowded:
            text = "Other large requests are being worked on. Nothing was done, try again."
            return _refusal(503, text, {"Retry-After": _RETRY_AFTER})
        except ClientGone:
            return _refusal(503, "The client has gone.")
        except UpstreamDown as error:
            log.error("%s %s: the API does not answer: %s", request.method, request.path, error)
            return _refusal(502, "The API of this server does not answer. Try again in a moment.")

    async def _receive(self, request: web.Request, spool: Spool) -> web.StreamResponse | None:
        spool.announce(request.content_length or 0)
        if "Expect" in request.headers and request.version >= HttpVersion11:
            if refused := await self._ask_first(request):
                return refused
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # As aiohttp's own handler does: the answer proper has not begun.
            request.writer.output_size = 0
        try:
            await spool.receive(request.content)
        except (ClientError, HttpProcessingError, ConnectionError) as error:
            log.info("The body of %s %s broke off: %s", request.method, request.path, error)
            return _refusal(400, "The body broke off.")
        return None

    async def _ask_first(self, request: web.Request) -> web.StreamResponse | None:
        """Let the API refuse an upload while the client still holds the body back.

        It is shown the same request with an empty body, which it can only refuse: for the reason
        that counts, or else as an empty package.
        """
        if request.method != "PUT" or not _UPLOAD.fullmatch(request.path):
            return None
        with Spool(self._directory, 0, self._stall) as nothing:
            async with await self._call(request, nothing) as answer:
                if answer.status in _REFUSALS:
                    return await _relay(request, answer, last=True)
        return None

    async def _call_in_turn(self, request: web.Request, spool: Spool) -> ClientResponse:
        """The API's answer, for which what takes the API long waits its turn.

        Raises:
            UpstreamDown: There is none.
            Crowded, ClientGone: It did not come to that.
        """
        if self._places is None or spool.size <= LIGHT_BODY:
            answer = await self._call(request, spool)
            if self._places is None or HEAVY not in answer.headers:
                return answer
            answer.release()
        async with self._places.take(request):
            return await self._call(request, spool, {PLACE: "1"})

    async def _call(
        self, request: web.Request, spool: Spool, more: Mapping[str, str] | None = None
    ) -> ClientResponse:
        """The API's answer.

        Raises:
            UpstreamDown: There is none.
        """
        if self._session is None:
            raise RuntimeError("the front door's context was not entered")
        headers = self._headers(request, spool)
        headers.update(more or {})
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            try:
                async with self._admission.turn(request) if self._admission else nullcontext():
                    answer = await self._session.request(
                        request.method,
                        URL(self._base + _target(request), encoded=True),
                        headers=headers,
                        data=spool.chunks() if spool.size else None,
                        allow_redirects=False,
                    )
                if self._admission:
                    self._admission.learn(request, answer.status)
                return answer
            except ClientError as error:
                # Where no connection came about, nothing was asked yet.
                again = isinstance(error, ClientConnectorError) or request.method in _SAFE_METHODS
                if not again or loop.time() > deadline:
                    raise UpstreamDown(error) from error
                await asyncio.sleep(_RETRY_PAUSE)

    def _headers(self, request: web.Request, spool: Spool) -> CIMultiDict[str]:
        headers = request_headers(
            request,
            spool.size if request.body_exists else None,
            is_proxy_header=self._is_proxy_header,
            behind_proxy=is_from_proxy(request, self._proxies),
            waits=self._changes is not None,
        )
        if self._admission:
            headers.update(self._admission.headers(request))
        return headers


def _is_broken(request: web.Request, answer: ClientResponse) -> bool:
    """Say whether something has failed that our views do not even see, such as the database."""
    ours = request.path.startswith(_PACKAGES)
    return ours and answer.status == 500 and answer.content_type == "text/html"


def _change_in(answer: ClientResponse) -> UUID | None:
    """The change that an answer of the API leaves to be waited for, if it does."""
    if answer.status != 202 or CHANGE not in answer.headers:
        return None
    return UUID(answer.headers[CHANGE])


def _target(request: web.Request) -> str:
    """The request target as the client wrote it: `%21` and `!` are both kept."""
    raw = request.raw_path
    return raw if raw.startswith("/") else request.rel_url.raw_path_qs


async def _relay(
    request: web.Request, answer: ClientResponse, last: bool = False
) -> web.StreamResponse:
    response = web.StreamResponse(
        status=answer.status, reason=answer.reason, headers=response_headers(answer.headers)
    )
    if last:
        response.force_close()
    await response.prepare(request)
    async for chunk in answer.content.iter_chunked(_CHUNK):
        await response.write(chunk)
    await response.write_eof()
    return response


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    response = web.Response(status=status, text=text + "\n", headers=headers)
    # The client may be sending the body that nobody reads.
    response.force_close()
    return response
