"""
Who a connection may speak for.

A request that did not come from a trusted proxy loses the headers by which a proxy says who asks, before any
guard or authenticator sees it. Where the server asks clients for certificates itself, the one that
was verified stands in their place.
"""

import asyncio
import logging
import ssl
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from aiohttp import web
from django.conf import settings

from pulp_gomod.app.auth.addresses import Network, trusted_proxies
from pulp_gomod.app.auth.proxies import CERTIFICATE, is_from_proxy, is_proxy_header

log = logging.getLogger(__name__)


def is_public_door() -> bool:
    """
    Say whether clients connect to the content app itself.

    Behind a web server Pulp's other plugins go by its headers, whatever we trust.
    """
    return bool(settings.GOMOD_API_UPSTREAM)


def speaks_for_others(request: web.Request) -> bool:
    """
    Say whether a request has to be changed, see `as_itself`.

    Args:
        request: The request.
    """
    has_claims = any(map(is_proxy_header, request.headers)) or _is_certified(request)
    return has_claims and not is_from_proxy(request, _trusted())


def as_itself(request: web.Request) -> web.Request:
    """
    Return a request without what only a proxy may say, and with the client's verified certificate.

    Args:
        request: The request, which did not come from a trusted proxy.
    """
    headers = request.headers.copy()
    for name in [name for name in headers if is_proxy_header(name)]:
        if headers.popall(name, None):
            log.warning("%s was dropped: %s is not a trusted proxy.", name, request.remote)
    certificate = _certificate(request)
    if certificate is not None:
        headers[CERTIFICATE] = certificate
    return request.clone(headers=headers)


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
