"""
Who a connection may speak for.

A request that did not come from a trusted proxy loses the headers by which a proxy says who asks, before any
guard or authenticator sees it. Where the server asks clients for certificates itself, the one that
was verified stands in their place.
"""

import asyncio
import logging
import re
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from aiohttp import hdrs, web
from django.conf import settings

from pulp_gomod.app.auth.addresses import Network, seen_through_proxies, trusted_proxies
from pulp_gomod.app.auth.proxies import CERTIFICATE, is_from_proxy, is_proxy_header
from pulp_gomod.app.db.lru import Lru

log = logging.getLogger(__name__)

# What is dropped is logged so often for each peer, in seconds: a peer sends as many requests as it likes.
_QUIET = 60.0
_PEERS = 1000
_told: Lru[str, float] = Lru(_PEERS)

_FORWARDED_FOR = re.compile(rb"\r\nx-forwarded-for:([^\r\n]*)", re.IGNORECASE)


def is_public_door() -> bool:
    """
    Say whether clients connect to the content app itself.

    Behind a web server Pulp's other plugins go by its headers, whatever we trust.
    """
    return bool(settings.GOMOD_API_UPSTREAM)


def speaks_for_others(request: web.Request) -> bool:
    """Say whether a request has to be changed, see `as_itself`."""
    has_claims = any(map(is_proxy_header, request.headers)) or _is_certified(request)
    return has_claims and not is_from_proxy(request, _trusted())


def as_itself(request: web.Request) -> web.Request:
    """
    Return a request without what only a proxy may say, and with the client's verified certificate.

    Args:
        request: The request, which did not come from a trusted proxy.
    """
    headers = request.headers.copy()
    claims = sorted({name for name in headers if is_proxy_header(name)})
    for name in claims:
        headers.popall(name, None)
    if claims:
        _tell(request.remote or "", claims)
    certificate = _certificate(request)
    if certificate is not None:
        headers[CERTIFICATE] = certificate
    return request.clone(headers=headers)


def _tell(peer: str, claims: list[str]) -> None:
    """Log what was dropped, for who sets up a proxy: not each time."""
    now = time.monotonic()
    if (_told.get(peer) or -_QUIET) + _QUIET > now:
        return
    _told.put(peer, now)
    log.warning(
        "%s dropped from requests of %s, which is not a trusted proxy (GOMOD_TRUSTED_PROXIES); "
        "this is logged once a minute.",
        ", ".join(claims),
        peer,
    )


@dataclass(frozen=True, slots=True)
class _Peer:
    """A connection, as requests tell of it."""

    transport: asyncio.Transport

    @property
    def remote(self) -> str:
        peer = self.transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    def get_extra_info(self, name: str) -> object:
        return self.transport.get_extra_info(name)


def may_say(name: str, transport: asyncio.Transport) -> bool:
    """
    Say whether a header that comes by a connection is left in its request, see `as_itself`.

    Args:
        name: The header's name.
        transport: The connection.
    """
    return not is_proxy_header(name) or is_from_proxy(_Peer(transport), _trusted())


# Of what proxies say, the end counts: where it came from last.
_LONGEST_FORWARDED = 256


def client_address(request: web.Request) -> str | None:
    """Return the address of a client, seen through the proxies that the settings trust."""
    forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ()))
    return _address(request.remote or "", forwarded[-_LONGEST_FORWARDED:])


def address_of(transport: asyncio.Transport, head: bytes) -> str | None:
    """
    Return the address of a client of which nothing was parsed.

    Args:
        transport: Its connection.
        head: All bytes of its request.
    """
    forwarded = b",".join(_FORWARDED_FOR.findall(head)).decode("latin-1")
    return _address(_Peer(transport).remote, forwarded[-_LONGEST_FORWARDED:])


@lru_cache(maxsize=1024)
def _address(peer: str, forwarded: str) -> str | None:
    return seen_through_proxies(peer, forwarded, _trusted())


@lru_cache(maxsize=1)
def _trusted() -> list[Network]:
    return trusted_proxies()


def _is_certified(request: web.Request) -> bool:
    return bool(request.get_extra_info("peercert"))


def _certificate(request: web.Request) -> str | None:
    """Return the certificate that the client has proven to have the key of, as X-CLIENT-CERT has it."""
    connection = request.get_extra_info("ssl_object")
    # Only what was verified is there at all: see `ssl.SSLSocket.getpeercert`.
    if connection is None or not _is_certified(request):
        return None
    return quote(ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True)))
