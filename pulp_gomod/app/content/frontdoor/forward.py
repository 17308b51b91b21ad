"""Handing one request on to the API, and its answer back."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from http import HTTPStatus
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
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict
from yarl import URL

from pulp_gomod.app.auth.addresses import Network, seen_through_proxies
from pulp_gomod.app.auth.door import PROOF
from pulp_gomod.app.auth.proxies import is_from_proxy, is_proxy_header
from pulp_gomod.app.auth.refusals import BUSY
from pulp_gomod.app.content.frontdoor.budget import client_key
from pulp_gomod.app.content.frontdoor.gone import ClientGone, waited_for
from pulp_gomod.app.content.frontdoor.headers import (
    IsProxyHeader,
    request_headers,
    response_headers,
)
from pulp_gomod.app.content.frontdoor.heads import refusal, refuse_here
from pulp_gomod.app.content.frontdoor.hosts import Hosts
from pulp_gomod.app.content.frontdoor.places import LIGHT_BODY, Crowded, DoorPlaces
from pulp_gomod.app.content.frontdoor.server import MALFORMED, fault_of
from pulp_gomod.app.content.frontdoor.spool import (
    MEMORY,
    BodyStalled,
    BodyTooLarge,
    Bounds,
    NoRoom,
    Spool,
)
from pulp_gomod.app.content.pages.asking import wants_page
from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.storage.spool import DiskFull
from pulp_gomod.app.upload.handover import BODY_OF, CHANGE, HEAVY, PLACE

log = logging.getLogger(__name__)

_PATIENCE = 10.0
_RETRY_PAUSE = 0.2
_CHUNK = 256 * 1024
# Seconds after which to try again.
_RETRY_AFTER = "5"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Only these have a large body anywhere.
_BODY_METHODS = frozenset({"PATCH", "POST", "PUT"})
_PACKAGES = "/api/packages/"
_UNKNOWN_HOST = (
    "This server is not known by the name in the URL; "
    "add it with the options --allowed-host or --origin."
)
_READ_ONLY = (
    "Content is read with GET or HEAD. Go modules are published below /api/packages/: PUT the zip to "
    "/api/packages/{owner}/go/upload."
)
# Seconds after which a client may try again that found no room for its body.
_TRY_AGAIN = "10"


class UpstreamDown(Exception):
    """The API does not answer."""


class Changes(Protocol):
    """Waits for what the API has stored and a task will make."""

    async def wait_for(self, change: UUID, accept: str) -> web.Response:
        """The answer to the client who asked for the change."""

    async def close(self) -> None:
        """Stop waiting."""


class CredentialCheck(Protocol):
    """Verifies credentials before the API does."""

    async def refusal(self, request: web.Request) -> web.StreamResponse | None:
        """The answer to a request that is not to be forwarded."""

    def turn(self, request: web.Request, *, has_place: bool) -> AbstractAsyncContextManager[Any]:
        """The context in which the API is asked, of a request that has waited for a place, or has not."""

    def client(self, request: web.Request) -> str:
        """Whose turn it waits for."""

    def learn(self, request: web.Request, status: int) -> None:
        """Hear what the API has answered."""

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """What the API is to know."""


class Home(Protocol):
    """The page to which browsers are led that open the server's URL."""

    async def path(self, request: web.Request) -> str:
        """Its path; "" if it is not there."""


# The root of a distribution without the slash that the links of its pages begin at.
_ROOT = re.compile(r"/api/packages/(?:[^/]+/){1,2}go")


class FrontDoor:
    """
    Forwards requests to the API.

    Args:
        upstream: The API's address, `unix:/path` or `http://host:port`.
        bounds: What bodies may take while they arrive.
        content_prefix: The path that belongs to the content app alone.
        patience: How long the API may refuse connections, in seconds: as long as a restart takes.
        proxies: The networks of the proxies that may stand before the door.
        is_proxy_header: Says of a header's name whether only those proxies may send it.
        changes: Waits for uploads, None to leave that to the API.
        hosts: The names that clients may know the server by, as Django's ALLOWED_HOSTS has them.
        credentials: Verifies them, None to leave that to the API.
        places: Where large requests wait, None to hand on all at once.
        home: The page to which browsers are led that open the server's URL, None for none.
        proof: By which the API knows the door.
    """

    def __init__(
        self,
        upstream: str,
        bounds: Bounds,
        content_prefix: str = "/pulp/content/",
        patience: float = _PATIENCE,
        proxies: Sequence[Network] = (),
        is_proxy_header: IsProxyHeader = is_proxy_header,
        changes: Changes | None = None,
        hosts: Sequence[str] = ("*",),
        credentials: CredentialCheck | None = None,
        places: DoorPlaces | None = None,
        home: Home | None = None,
        proof: str = "",
    ) -> None:
        self._socket = upstream.removeprefix("unix:") if upstream.startswith("unix:") else None
        self._base = "http://localhost" if self._socket else upstream.rstrip("/")
        self._bounds = bounds
        self._content_prefix = content_prefix
        self._patience = patience
        self._proxies = list(proxies)
        self._is_proxy_header = is_proxy_header
        self._changes = changes
        self._hosts = Hosts(hosts)
        self._credentials = credentials
        self._places = places
        self._home = home
        self._proof = proof
        self._session: ClientSession | None = None

    def attach(self, app: web.Application) -> None:
        """
        Put the door into an app.

        Its route is the least specific one, so every route of Pulp and of its plugins goes first,
        whether it is added before this one or after.
        """
        app.cleanup_ctx.append(self._open)
        app.middlewares.insert(0, self._straight_through)
        app.router.add_route(
            "*", r"/{gomod_forwarded:[\s\S]*}", self.forward, expect_handler=self._postpone_continue
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
        """
        Refuse what is for another server, and spare what is forwarded all other middlewares.

        The API authenticates for itself.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._knows_host(request):
                return refusal(400, _UNKNOWN_HOST)
            elsewhere = await self._elsewhere(request)
            if elsewhere:
                return web.Response(
                    status=302, headers={hdrs.LOCATION: elsewhere, hdrs.VARY: hdrs.ACCEPT}
                )
            if request.match_info.handler == self.forward:
                return await self.forward(request)
            return await handler(request)

        return middleware

    async def _elsewhere(self, request: web.Request) -> str:
        """
        Say where a browser is led; "" if it may stay.

        That is told from where it is: a web server may have put something before the path.
        """
        if request.path == "/" and self._home and wants_page(request):
            home = await self._home.path(request)
            return f".{home}" if home else ""
        return "go/" if _ROOT.fullmatch(request.path) and wants_page(request) else ""

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
        # An old aiohttp's responses are empty mappings, and false.
        if (unanswerable := refuse_here(request)) is not None:
            return unanswerable
        if request.path.startswith(self._content_prefix):
            if request.method in (hdrs.METH_GET, hdrs.METH_HEAD):
                # With domains there is no list of all that is served.
                return refusal(404, "Not found: the path of content begins with a domain.")
            return refusal(405, _READ_ONLY, {"Allow": "GET, HEAD"})
        refused = await self._credentials.refusal(request) if self._credentials else None
        if refused is not None:
            return refused
        spool = Spool(self._bounds, self._client(request), self._limit(request))
        try:
            with spool:
                if (refused := await self._receive(request, spool)) is not None:
                    return refused
                async with await self._call_in_turn(request, spool) as answer:
                    if _is_broken(request, answer):
                        raise UpstreamDown(f"it answered {answer.status}")
                    change = _change_in(answer)
                    if change is None or self._changes is None:
                        spool.close()
                        return await self._relay(request, answer)
            return await self._changes.wait_for(change, request.headers.get(hdrs.ACCEPT, ""))
        except BodyTooLarge:
            return refusal(413, f"The body is larger than the {spool.limit} bytes accepted here.")
        except DiskFull:
            return refusal(507, "The server's disk is full.")
        except NoRoom:
            text = "Too many uploads are in progress. Try again in a moment."
            return refusal(503, text, {"Retry-After": _TRY_AGAIN})
        except BodyStalled as error:
            return refusal(408, str(error))
        except Busy:
            return refusal(503, f"Unavailable: {BUSY}.", {"Retry-After": "1"})
        except Crowded:
            text = "Other large requests are being processed. Nothing was done, try again."
            return refusal(503, text, {"Retry-After": _RETRY_AFTER})
        except ClientGone:
            return refusal(503, "The client has disconnected.")
        except UpstreamDown as error:
            log.error("%s %s: the API is not responding: %s", request.method, request.path, error)
            return refusal(502, "The API of this server is not responding. Try again in a moment.")

    def _client(self, request: web.Request) -> str:
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        return client_key(seen_through_proxies(request.remote or "", forwarded, self._proxies))

    def _limit(self, request: web.Request) -> int:
        return self._bounds.limit if request.method in _BODY_METHODS else MEMORY

    async def _receive(self, request: web.Request, spool: Spool) -> web.StreamResponse | None:
        spool.announce(request.content_length or 0)
        expects = "Expect" in request.headers and request.version >= HttpVersion11
        refused = await self._ask_first(request) if _is_asked_about(request, expects) else None
        if refused is not None:
            return refused
        if expects:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # As aiohttp's own handler does: the answer proper has not begun.
            request.writer.output_size = 0
        try:
            await spool.receive(request.content)
        except MALFORMED as error:
            log.info("The body of %s %s: %s", request.method, request.path, fault_of(error))
            return refusal(400, f"The request was refused: {fault_of(error)}.")
        except (ClientError, ConnectionError):
            log.info("The body of %s %s was cut off.", request.method, request.path)
            return refusal(400, "The body was cut off.")
        return None

    async def _ask_first(self, request: web.Request) -> web.StreamResponse | None:
        """
        Let the API refuse a body before it is received.

        It is asked by the method that changes nothing, which method is to be used with a body; see
        `pulp_gomod.app.upload.asked`. Where it does not know that question, it says something else
        that is a success, too.
        """
        headers = self._headers(request, None)
        headers.popall("Content-Type", None)
        headers[BODY_OF] = request.method
        async with await self._send("OPTIONS", request, headers) as answer:
            if _is_broken(request, answer):
                raise UpstreamDown(f"it answered {answer.status}")
            if answer.status >= 300:
                return await self._relay(request, answer, last=True)
        return None

    async def _call_in_turn(self, request: web.Request, spool: Spool) -> ClientResponse:
        """
        The API's answer, for which what takes the API long waits its turn.

        Raises:
            UpstreamDown: There is none.
            Crowded, ClientGone: It did not come to that.
        """
        if self._places is None or spool.size <= LIGHT_BODY:
            answer = await self._call(request, spool)
            if self._places is None or HEAVY not in answer.headers:
                return answer
            answer.release()
        who = (self._credentials.client if self._credentials else self._client)(request)
        async with self._places.take(request, who):
            return await self._call(request, spool, {PLACE: "1"})

    async def _call(
        self, request: web.Request, spool: Spool, more: Mapping[str, str] | None = None
    ) -> ClientResponse:
        """
        The API's answer to the request.

        Raises:
            UpstreamDown: There is none.
        """
        headers = self._headers(request, spool.size if request.body_exists else None)
        headers.update(more or {})
        return await self._send(request.method, request, headers, spool if spool.size else None)

    async def _send(
        self,
        method: str,
        request: web.Request,
        headers: CIMultiDict[str],
        body: Spool | None = None,
    ) -> ClientResponse:
        if self._session is None:
            raise RuntimeError("the front door's context was not entered")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            try:
                async with self._turn(request, has_place=PLACE in headers):
                    answer = await self._session.request(
                        method,
                        URL(self._base + _target(request), encoded=True),
                        headers=headers,
                        data=body.chunks() if body else None,
                        allow_redirects=False,
                    )
                if self._credentials:
                    self._credentials.learn(request, answer.status)
                return answer
            except ClientError as error:
                # Where no connection came about, nothing was asked yet.
                again = isinstance(error, ClientConnectorError) or method in _SAFE_METHODS
                if not again or loop.time() > deadline:
                    raise UpstreamDown(error) from error
                await asyncio.sleep(_RETRY_PAUSE)

    def _turn(self, request: web.Request, *, has_place: bool) -> AbstractAsyncContextManager[Any]:
        if self._credentials is None:
            return nullcontext()
        return waited_for(request, self._credentials.turn(request, has_place=has_place))

    async def _relay(
        self, request: web.Request, answer: ClientResponse, last: bool = False
    ) -> web.StreamResponse:
        """Send the answer to the client, however slowly that reads."""
        if _is_of_gunicorn(answer):
            text = f"The API refused the request: {HTTPStatus(answer.status).phrase}."
            return refusal(answer.status, text)
        response = web.StreamResponse(
            status=answer.status, reason=answer.reason, headers=response_headers(answer.headers)
        )
        if last:
            response.force_close()
        try:
            await response.prepare(request)
            with Spool(self._bounds, self._client(request)) as spool:
                async for chunk in _body_of(answer, spool):
                    await response.write(chunk)
            await response.write_eof()
        except (ClientError, ConnectionError) as error:
            # The head has left, or the client has: all that can be done is to end the connection.
            log.info("%s %s: the response was cut off: %s", request.method, request.path, error)
            if request.transport is not None:
                request.transport.close()
        return response

    def _headers(self, request: web.Request, length: int | None) -> CIMultiDict[str]:
        headers = request_headers(
            request,
            length,
            is_proxy_header=self._is_proxy_header,
            behind_proxy=is_from_proxy(request, self._proxies),
            waits=self._changes is not None,
        )
        if self._credentials:
            headers.update(self._credentials.headers(request))
        if self._proof:
            headers[PROOF] = self._proof
        # An old aiohttp does not tell that it will close the connection.
        headers[hdrs.CONNECTION] = "close"
        return headers


def _is_asked_about(request: web.Request, expects: bool) -> bool:
    """Say whether the API is asked about a body first: all that do not fit into memory."""
    if request.method not in _BODY_METHODS or not request.body_exists:
        return False
    length = request.content_length
    # A client that expects to be asked is, about an upload: it waits anyway.
    waits = expects and request.path.startswith(_PACKAGES)
    return waits or length is None or length > MEMORY


def _is_broken(request: web.Request, answer: ClientResponse) -> bool:
    """Say whether something has failed that our views do not even see, such as the database."""
    ours = request.path.startswith(_PACKAGES)
    return ours and answer.status == 500 and answer.content_type == "text/html"


def _is_of_gunicorn(answer: ClientResponse) -> bool:
    """Say whether the API's server itself has refused a head: its page repeats what was in there."""
    is_page = answer.status >= 400 and answer.content_type == "text/html"
    return is_page and "Server" not in answer.headers and "Correlation-ID" not in answer.headers


def _change_in(answer: ClientResponse) -> UUID | None:
    """The change that an answer of the API leaves to be waited for, if it does."""
    if answer.status != 202 or CHANGE not in answer.headers:
        return None
    return UUID(answer.headers[CHANGE])


def _target(request: web.Request) -> str:
    """The request target as the client wrote it: `%21` and `!` are both kept."""
    raw = request.raw_path
    return raw if raw.startswith("/") else request.rel_url.raw_path_qs


async def _body_of(answer: ClientResponse, spool: Spool) -> AsyncIterator[bytes]:
    """
    The body of an answer: the API is rid of it before the client has got the first of it.

    Only what there is no room for comes as fast as the client takes it.
    """
    last, fault = b"", None
    try:
        async for last in answer.content.iter_chunked(_CHUNK):
            await spool.take(last)
        last = b""
    except (BodyTooLarge, DiskFull, NoRoom):
        log.info("There is no room for an answer of the API: it waits for the client.")
    except (ClientError, ConnectionError) as error:
        last, fault = b"", error
    async for chunk in spool.chunks():
        yield chunk
    if fault is not None:
        raise fault
    if last:
        yield last
        async for chunk in answer.content.iter_chunked(_CHUNK):
            yield chunk
