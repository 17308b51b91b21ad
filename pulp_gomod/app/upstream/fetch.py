"""One question to an upstream, and what came of it.

Redirects are followed by hand, credentials stay with the origin they are for, and whatever is not the
answer of a GOPROXY becomes a fault.
"""

import asyncio
import random
import re
from collections.abc import Callable
from http import HTTPStatus

import aiohttp
from aiohttp import hdrs
from yarl import URL

from pulp_gomod.app.upstream import redirects, resolving
from pulp_gomod.app.upstream.remote import RemoteSettings
from pulp_gomod.app.upstream.results import (
    Fetched,
    Missing,
    Unchanged,
    UpstreamFault,
    UpstreamSilent,
    one_line,
    printable_lines,
)
from pulp_gomod.app.upstream.session import Sessions
from pulp_gomod.app.upstream.sinks import Memory, Sink

CHUNK = 256 * 1024
# Bytes of an error's text that are read.
_MAX_TEXT = 4096
# Characters that a validator may have to be sent back.
_MAX_VALIDATOR = 1024
_BACK_OFF = 0.2

# What aiohttp puts before its messages: a status that nobody has sent.
_CODE = re.compile(r"\b400, message[:=]\s*")

# Faults that often pass. A request that was not answered in time is not repeated: the client has waited
# long enough.
_PASSING = frozenset({429, 500, 502, 503})


class Fetcher:
    """Asks one upstream."""

    def __init__(
        self, settings: RemoteSettings, sessions: Sessions, heard: Callable[[], None]
    ) -> None:
        """
        Args:
            settings: The remote.
            sessions: Its connections.
            heard: Called whenever something comes from the upstream itself.
        """
        self._settings = settings
        self._sessions = sessions
        self._heard = heard

    async def document(
        self,
        url: URL,
        limit: int,
        etag: str = "",
        last_modified: str = "",
        *,
        trusted: bool = True,
        binary: bool = False,
    ) -> Fetched | Unchanged | Missing:
        """
        Ask for something small.

        Args:
            url: Where it is.
            limit: Bytes that it may have.
            etag: The validator of what is known already, or "".
            last_modified: The other one.
            trusted: Whether the URL is the remote's own, so that credentials go along.
            binary: Whether it is no text, and may begin with anything.

        Raises:
            UpstreamFault: The upstream did not answer as it should.
        """
        conditions: dict[str, str] = {}
        if etag:
            conditions[hdrs.IF_NONE_MATCH] = etag
        elif last_modified:
            conditions[hdrs.IF_MODIFIED_SINCE] = last_modified
        sink = Memory(binary)
        found = await self._ask(
            url, sink, limit, self._settings.timeouts.document, conditions, trusted
        )
        if isinstance(found, Fetched):
            return Fetched(bytes(sink.body), found.etag, found.last_modified)
        return found

    async def file(self, url: URL, sink: Sink, limit: int) -> Missing | None:
        """
        Ask for something large; None if it is in the sink now.

        Args:
            url: Where it is.
            sink: Where it goes.
            limit: Bytes that it may have.

        Raises:
            UpstreamFault: The upstream did not answer as it should.
        """
        found = await self._ask(url, sink, limit, self._settings.timeouts.zip, {}, True)
        return found if isinstance(found, Missing) else None

    async def _ask(
        self,
        url: URL,
        sink: Sink,
        limit: int,
        patience: float,
        conditions: dict[str, str],
        trusted: bool,
    ) -> Fetched | Unchanged | Missing:
        attempt = 0
        try:
            async with asyncio.timeout(patience):
                while True:
                    try:
                        await sink.start()
                        return await self._follow(url, sink, limit, conditions, trusted)
                    except UpstreamFault as fault:
                        if not fault.again or attempt >= self._settings.retries:
                            raise
                    await asyncio.sleep(_BACK_OFF * 2**attempt * (1 + random.random()))
                    attempt += 1
        except UpstreamFault:
            raise
        except TimeoutError:
            raise UpstreamSilent(f"the upstream did not send all within {patience:g} s") from None

    async def _follow(
        self, url: URL, sink: Sink, limit: int, conditions: dict[str, str], trusted: bool
    ) -> Fetched | Unchanged | Missing:
        current, strange = url, not trusted
        for _ in range(redirects.MAX_REDIRECTS):
            # Once we have been sent elsewhere, nothing that was meant for the upstream goes along.
            strange = strange or current.origin() != url.origin()
            try:
                answer = await self._once(current, sink, limit, conditions, strange)
            except UpstreamFault:
                raise
            except aiohttp.ConnectionTimeoutError:
                raise UpstreamSilent("the upstream takes no connection", dead=True) from None
            except TimeoutError:
                raise UpstreamSilent("the upstream did not answer in time") from None
            except aiohttp.ClientConnectorError as error:
                raise UpstreamFault(
                    f"the upstream cannot be reached: {_reason(error)}", again=True, down=True
                ) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise UpstreamFault(
                    f"the upstream broke off: {_reason(error)}", again=True
                ) from None
            if not isinstance(answer, str):
                return answer
            current = redirects.target(self._settings, url, current, answer)
        raise UpstreamFault(f"the upstream redirects more than {redirects.MAX_REDIRECTS} times")

    async def _once(
        self, url: URL, sink: Sink, limit: int, conditions: dict[str, str], strange: bool
    ) -> Fetched | Unchanged | Missing | str:
        """Send one request; a text is where it was redirected to."""
        settings = self._settings
        proxy = settings.proxy
        resolving.check(url)
        if proxy:
            resolving.check(URL(proxy.url))
        session = self._sessions.strange if strange else self._sessions.own
        async with session.get(
            url,
            headers=conditions | ({} if strange else dict(settings.headers)),
            auth=None if strange else _basic(settings.username, settings.password),
            proxy=proxy.url if proxy else None,
            proxy_auth=_basic(proxy.username, proxy.password) if proxy else None,
            allow_redirects=False,
        ) as response:
            if not strange:
                self._heard()
            if response.status in redirects.STATUSES:
                location = response.headers.get(hdrs.LOCATION)
                if not location:
                    raise UpstreamFault("the upstream redirects without saying where to")
                return location
            if response.status == HTTPStatus.NOT_MODIFIED and conditions:
                return Unchanged()
            if response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return Missing(response.status, "\n".join(await _words(response)))
            if response.status != HTTPStatus.OK:
                raise await _refused(response)
            await _receive(response, sink, limit, self._heard)
            return Fetched(
                b"",
                _validator(response, hdrs.ETAG),
                _validator(response, hdrs.LAST_MODIFIED),
            )


async def _receive(
    response: aiohttp.ClientResponse, sink: Sink, limit: int, heard: Callable[[], None]
) -> None:
    if (response.content_length or 0) > limit:
        raise UpstreamFault(f"the upstream sends more than the {limit} bytes that are taken")
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        heard()
        if not (size or sink.binary) and chunk.lstrip()[:1] == b"<":
            raise UpstreamFault("the upstream sent a web page instead of what was asked for")
        size += len(chunk)
        if size > limit:
            raise UpstreamFault(f"the upstream sends more than the {limit} bytes that are taken")
        await sink.write(chunk)


async def _refused(response: aiohttp.ClientResponse) -> UpstreamFault:
    words = " ".join(await _words(response))
    line = f"the upstream answered {response.status} {_phrase(response.status)}".rstrip()
    status = 504 if response.status == HTTPStatus.GATEWAY_TIMEOUT else 502
    return UpstreamFault(
        f"{line} ({words})" if words else line, status=status, again=response.status in _PASSING
    )


async def _words(response: aiohttp.ClientResponse) -> list[str]:
    """Read what the upstream says of an error, if it is said to people and in plain text."""
    if response.content_type != "text/plain":
        return []
    try:
        text = await response.content.read(_MAX_TEXT)
    except (aiohttp.ClientError, TimeoutError):
        return []
    return printable_lines(text.decode("utf-8", "replace"))


def _validator(response: aiohttp.ClientResponse, header: str) -> str:
    """Return a header to send back later; "" if it is none that could be kept and sent."""
    value = response.headers.get(header, "")
    sound = value.isascii() and value.isprintable() and len(value) <= _MAX_VALIDATOR
    return value if sound else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _basic(username: str, password: str) -> aiohttp.BasicAuth | None:
    return aiohttp.BasicAuth(username, password, "utf-8") if username else None


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        return error.os_error.strerror
    if isinstance(error, aiohttp.InvalidURL):
        return "it redirects to something that is no URL"
    # As a text the error has the URL too, which may be a signed one that we were redirected to.
    message = getattr(error, "message", None)
    text = message if isinstance(message, str) and message else str(error)
    return one_line(_CODE.sub("", text)) or type(error).__name__
