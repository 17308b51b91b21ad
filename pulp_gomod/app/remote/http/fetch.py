"""
One question to an upstream, and what came of it.

Redirects are followed by hand, credentials stay with the origin they are for, and whatever is not the
answer of a GOPROXY becomes a fault.
"""

import asyncio
import os
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp
from aiohttp import hdrs
from yarl import URL

from pulp_gomod.app.db.executors import Busy
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.remote.http import redirects, resolving
from pulp_gomod.app.remote.http.health import Health
from pulp_gomod.app.remote.http.pace import MOST_WAITING, Pace, TooSoon
from pulp_gomod.app.remote.http.parties import Party
from pulp_gomod.app.remote.http.results import (
    Fetched,
    Missing,
    RateLimited,
    Unchanged,
    UpstreamFault,
    UpstreamSilent,
    one_line,
    printable_lines,
)
from pulp_gomod.app.remote.http.retry_after import parse_retry_after
from pulp_gomod.app.remote.http.session import Sessions
from pulp_gomod.app.remote.http.sinks import InMemory, Sink, is_page
from pulp_gomod.app.remote.settings import RemoteSettings

CHUNK = 256 * 1024
# Bytes of an error's text that are read.
_MAX_TEXT = 4096
# Characters that a validator may have to be sent back.
_MAX_VALIDATOR = 1024
_BACK_OFF = 0.2
# The same where no connection was made: often enough to know soon whether there is anybody.
_CONNECT_AGAIN = 0.2
# Pauses that one request waits for where an upstream says 503: that may be the fault of one file.
_MOST_PAUSES = 20
# Hosts whose pace is remembered: an upstream may redirect to many.
_MOST_HOSTS = 256

# What aiohttp puts before its messages: a status that nobody has sent.
_CALL = "Connect call failed"
_ENCODED = re.compile(r"content-encoding: (?:\w+ \()?([\w.-]+)")
_CODE = re.compile(r"\b400, message[:=]\s*")

# Faults that often pass. A request that was not answered in time is not repeated: the client has waited
# long enough.
_PASSING = frozenset({429, 500, 502, 503})


@dataclass(slots=True)
class _Asked:
    """
    What is asked for.

    Attributes:
        url: Where it is.
        party: Whose it is.
        sink: Where it goes.
        limit: Bytes that it may have.
        conditions: Headers that make the request a conditional one.
        trusted: Whether the URL is the remote's own, so that credentials go along.
        health: How whoever is asked has been lately.
        end: The monotonic time when there is no more waiting.
        waits: Whether it waits for one of the connections to be free.
    """

    url: URL
    party: Party
    sink: Sink
    limit: int
    conditions: dict[str, str]
    trusted: bool
    health: Health
    end: float
    waits: bool = False


class _Limited(UpstreamFault):
    """
    The upstream said that there were too many requests, and when the next may come.

    Attributes:
        code: The status with which it said so.
    """

    def __init__(self, fault: UpstreamFault, code: int) -> None:
        super().__init__(fault.line, status=fault.status, again=True)
        self.code = code


class Fetcher:
    """
    Asks one upstream, and who belongs to it.

    Args:
        settings: The remote.
        sessions: Its connections.
        health: How it has been lately.
        elsewhere: The same of whom it does not answer for.
    """

    def __init__(
        self,
        settings: RemoteSettings,
        sessions: Sessions,
        health: Health,
        elsewhere: Health | None = None,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._health = health
        self._elsewhere = elsewhere or Health()
        self._paces: Lru[str, Pace] = Lru(_MOST_HOSTS)

    async def document(
        self,
        url: URL,
        limit: int,
        etag: str = "",
        last_modified: str = "",
        *,
        trusted: bool = True,
        binary: bool = False,
        is_index: bool = False,
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
            is_index: Whether it is the index that is asked.

        Raises:
            UpstreamFault: The upstream did not answer as it should.
        """
        conditions = _conditions(etag, last_modified)
        sink = InMemory(binary)
        found = await self._ask(
            url, sink, limit, self._settings.timeouts.document, conditions, trusted, is_index
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

    async def download(
        self, url: URL, sink: Sink, limit: int, etag: str = "", last_modified: str = ""
    ) -> Fetched | Unchanged | Missing:
        """
        Ask for something large, unless it is still what is known; it is in the sink then.

        Args:
            url: Where it is.
            sink: Where it goes.
            limit: Bytes that it may have.
            etag: The validator of what is known already, or "".
            last_modified: The other one.

        Raises:
            UpstreamFault: The upstream did not answer as it should.
        """
        conditions = _conditions(etag, last_modified)
        return await self._ask(url, sink, limit, self._settings.timeouts.zip, conditions, True)

    async def _ask(
        self,
        url: URL,
        sink: Sink,
        limit: int,
        patience: float,
        conditions: dict[str, str],
        trusted: bool,
        is_index: bool = False,
    ) -> Fetched | Unchanged | Missing:
        health = self._health if trusted else self._elsewhere
        end = time.monotonic() + patience
        party = self._party(url, trusted, is_index)
        asked = _Asked(url, party, sink, limit, conditions, trusted, health, end)
        try:
            return await self._in_time(asked, patience)
        except UpstreamFault as fault:
            fault.tell(party.named(url), party.way_out)
            raise

    async def _in_time(self, asked: _Asked, patience: float) -> Fetched | Unchanged | Missing:
        try:
            async with asyncio.timeout(patience):
                return await self._persist(asked)
        except UpstreamFault:
            raise
        except TooSoon as soon:
            raise _rate_limited(soon) from None
        except Busy:
            raise _in_line(f"{MOST_WAITING} requests of yours wait for the upstream") from None
        except TimeoutError:
            if asked.waits:
                # Nobody has asked the upstream, which may be well.
                raise _in_line(
                    f"the connections to the upstream were in use for {patience:g} s"
                ) from None
            pace = self._pace(asked.url)
            if pace.is_waiting:
                raise _rate_limited(pace.too_soon()) from None
            raise UpstreamSilent(
                f"the upstream did not send everything within {patience:g} s"
            ) from None

    def _party(self, url: URL, trusted: bool, is_index: bool) -> Party:
        settings = self._settings
        proxy = settings.proxy.url if settings.proxy else ""
        sumdb = "" if trusted or is_index else settings.sumdb.name
        return Party(url, proxy, sumdb, settings.name, is_index)

    async def _persist(self, asked: _Asked) -> Fetched | Unchanged | Missing:
        """Ask again where that may help."""
        attempt, pauses, health = 0, 0, asked.health
        while True:
            try:
                async with health.attempt():
                    await asked.sink.start()
                    found = await self._follow(asked)
                    health.worked()
                    return found
            except _Limited as limited:
                # Its turn comes when all may ask again.
                pauses += limited.code == HTTPStatus.SERVICE_UNAVAILABLE
                if pauses > _MOST_PAUSES:
                    raise self._pace(asked.url).too_soon() from None
                continue
            except UpstreamFault as failed:
                fault = failed
            if not fault.again or attempt >= self._settings.retries or health.is_failing:
                health.give_up(fault)
                raise fault
            back_off = _CONNECT_AGAIN if fault.unconnected else _BACK_OFF * 2**attempt
            await asyncio.sleep(back_off * (1 + random.random()))
            attempt += 1

    async def _follow(self, asked: _Asked) -> Fetched | Unchanged | Missing:
        current, strange = asked.url, not asked.trusted
        for _ in range(redirects.MAX_REDIRECTS):
            # Once we have been sent elsewhere, nothing that was meant for the upstream goes along.
            strange = strange or current.origin() != asked.url.origin()
            try:
                answer = await self._hop(asked, current, strange)
            except UpstreamFault as fault:
                fault.tell(asked.party.named(current), asked.party.way_out)
                raise
            if not isinstance(answer, str):
                return answer
            current = redirects.target(self._settings, asked.url, current, answer)
        raise UpstreamFault(f"the upstream redirects more than {redirects.MAX_REDIRECTS} times")

    async def _hop(
        self, asked: _Asked, current: URL, strange: bool
    ) -> Fetched | Unchanged | Missing | str:
        """Send one request, and make faults of what goes wrong."""
        # Where it has sent us says nothing of the upstream itself.
        is_own = current.origin() == asked.url.origin()
        try:
            return await self._once(asked, current, strange)
        except (UpstreamFault, TooSoon, Busy):
            raise
        except aiohttp.ConnectionTimeoutError:
            fault: UpstreamFault = UpstreamSilent(
                f"the upstream refuses connections{asked.party.unused_proxy}", unconnected=is_own
            )
            if asked.party.proxy:
                fault.tell(asked.party.proxy_named())
            raise fault from None
        except TimeoutError:
            raise UpstreamSilent("the upstream did not answer in time") from None
        except aiohttp.ClientConnectorError as error:
            fault = UpstreamFault(
                f"the upstream cannot be reached: {_reason(error)}{_hint(error, asked.party)}",
                again=True,
                down=is_own,
                unconnected=is_own,
            )
            if asked.party.proxy and _is_of_proxy(error, asked.party.proxy):
                fault.tell(asked.party.proxy_named())
            raise fault from None
        except aiohttp.ClientHttpProxyError as error:
            raise _refused_by_proxy(asked.party, error.status) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = _reason(error)
            if encoded := _ENCODED.search(reason):
                raise UpstreamFault(
                    f"the upstream compressed its response, which it was asked not to do, and as {encoded[1]} it cannot be read"
                ) from None
            raise UpstreamFault(
                f"the upstream's response was cut off: {reason}", again=True
            ) from None

    async def _once(
        self, asked: _Asked, url: URL, strange: bool
    ) -> Fetched | Unchanged | Missing | str:
        """Send one request; a text is where it was redirected to."""
        if strange and asked.trusted:
            heard = _nobody
        else:
            heard = asked.health.heard
        async with self._answer(asked, url, strange) as response:
            heard()
            if response.status in redirects.STATUSES:
                location = response.headers.get(hdrs.LOCATION)
                if not location:
                    raise UpstreamFault("the upstream redirects without saying where")
                return location
            if response.status == HTTPStatus.NOT_MODIFIED and asked.conditions:
                return Unchanged()
            if response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return Missing(response.status, "\n".join(await _words(response)))
            if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED and asked.party.proxy:
                raise _refused_by_proxy(asked.party, response.status)
            if response.status != HTTPStatus.OK:
                raise await _refused(response)
            await _receive(response, asked.sink, asked.limit, asked.health.heard)
            return Fetched(
                b"",
                _validator(response, hdrs.ETAG),
                _validator(response, hdrs.LAST_MODIFIED),
            )

    @asynccontextmanager
    async def _answer(
        self, asked: _Asked, url: URL, strange: bool
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request when its turn has come, and give the answer when it begins."""
        pace = self._pace(url)
        asked.waits = True
        async with pace.connection():
            asked.waits = False
            async with pace.turn(asked.end) as number:
                response = await self._send(asked, url, strange)
                told = _told(response)
                if told is None:
                    pace.passed(number)
                else:
                    pace.limited(told, f"it answered {_named(response.status)}")
                    asked.health.rests(pace.pause)
            async with response:
                if told is not None:
                    raise _Limited(await _refused(response), response.status)
                yield response

    async def _send(self, asked: _Asked, url: URL, strange: bool) -> aiohttp.ClientResponse:
        settings = self._settings
        proxy = settings.proxy
        resolving.check(url)
        if proxy:
            resolving.check(URL(proxy.url))
        session = self._sessions.strange if strange else self._sessions.own
        return await session.get(
            url,
            headers=asked.conditions | ({} if strange else dict(settings.headers)),
            auth=None if strange else _basic(settings.username, settings.password),
            proxy=proxy.url if proxy else None,
            proxy_auth=_basic(proxy.username, proxy.password) if proxy else None,
            allow_redirects=False,
        )

    def _pace(self, url: URL) -> Pace:
        host, settings = str(url.origin()), self._settings
        pace = self._paces.get(host)
        if pace is None:
            # New settings may have another account, or be an administrator's wish to ask at once.
            name = f"{settings.pk} {settings.changed} {host}"
            pace = Pace(name, settings.connections)
            self._paces.put(host, pace)
        return pace


def _conditions(etag: str, last_modified: str) -> dict[str, str]:
    if etag:
        return {hdrs.IF_NONE_MATCH: etag}
    return {hdrs.IF_MODIFIED_SINCE: last_modified} if last_modified else {}


def _nobody() -> None:
    """Note nothing: whoever answered is not the upstream."""


def _in_line(why: str) -> UpstreamFault:
    return UpstreamFault(f"{why}; ask for less at a time, or later", status=503, retry_after=1.0)


def _rate_limited(soon: TooSoon) -> RateLimited:
    seconds = max(soon.seconds, 1.0)
    return RateLimited(
        f"the upstream is limiting requests: {soon.said}; try again in {seconds:.0f} s",
        seconds,
    )


def _told(response: aiohttp.ClientResponse) -> float | None:
    """Say for how many seconds an upstream wants to be left alone; None if it does not say so."""
    if response.status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return None
    headers = response.headers
    value, date = headers.get(hdrs.RETRY_AFTER, ""), headers.get(hdrs.DATE, "")
    return parse_retry_after(value, date, datetime.now(UTC))


async def _receive(
    response: aiohttp.ClientResponse, sink: Sink, limit: int, heard: Callable[[], None]
) -> None:
    if (response.content_length or 0) > limit:
        raise UpstreamFault(f"the upstream sends more than the {limit} bytes that are accepted")
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        heard()
        if not (size or sink.binary) and is_page(chunk):
            raise UpstreamFault("the upstream sent a web page instead of what was requested")
        size += len(chunk)
        if size > limit:
            raise UpstreamFault(f"the upstream sends more than the {limit} bytes that are accepted")
        await sink.write(chunk)


async def _refused(response: aiohttp.ClientResponse) -> UpstreamFault:
    words = " ".join(await _words(response))
    line = f"the upstream answered {_named(response.status)}"
    status = 504 if response.status == HTTPStatus.GATEWAY_TIMEOUT else 502
    return UpstreamFault(
        f"{line} ({words})" if words else line, status=status, again=response.status in _PASSING
    )


def _refused_by_proxy(party: Party, status: int) -> UpstreamFault:
    fault = UpstreamFault(f"the upstream answered {_named(status)}", again=status in _PASSING)
    fault.tell(party.proxy_named())
    return fault


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


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _basic(username: str, password: str) -> aiohttp.BasicAuth | None:
    return aiohttp.BasicAuth(username, password, "utf-8") if username else None


def _is_of_proxy(error: aiohttp.ClientConnectorError, proxy: str) -> bool:
    """Say whether it is the proxy that was not reached, or whose name is unknown."""
    url = URL(proxy)
    return isinstance(error, aiohttp.ClientProxyConnectionError) or (
        (error.host, error.port) == (url.host, url.port)
    )


def _hint(error: aiohttp.ClientConnectorError, party: Party) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return " (see ca_cert of the remote)"
    return party.unused_proxy


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.strerror:
        reason, number = error.os_error.strerror, error.os_error.errno
        # asyncio has the address in its words, which is named already.
        return os.strerror(number) if number and reason.startswith(_CALL) else reason
    if isinstance(error, aiohttp.ClientConnectorError) and not str(error.os_error):
        # asyncio says nothing of a connection that ends before TLS has begun.
        return "the connection was closed during the TLS handshake"
    if isinstance(error, aiohttp.InvalidURL):
        return "it redirects to something that is not a URL"
    # As a text the error has the URL too, which may be a signed one that we were redirected to.
    message = getattr(error, "message", None)
    text = message if isinstance(message, str) and message else str(error)
    return one_line(_CODE.sub("", text)) or type(error).__name__
