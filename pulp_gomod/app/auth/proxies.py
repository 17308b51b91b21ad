"""
Headers by which a proxy says who asks.

Guards and authenticators of Pulp believe them, whoever sent them. So they are taken from those proxies
only that the settings trust, and dropped from what everybody else sends.
"""

import socket
from functools import lru_cache
from typing import Any, Final

from django.conf import settings

from pulp_gomod.app.auth.addresses import Network, is_within

#: Where pulp_certguard's guards look for a client's certificate: PEM, quoted as in a URL.
CERTIFICATE: Final = "X-CLIENT-CERT"

# By custom or by RFC 7239 all of these are a proxy's: an identity, and where a request came from.
_CUSTOMARY: Final = ("X-RH-Identity", "Forwarded", "X-Real-IP")
_FORWARDING: Final = "x-forwarded-"


@lru_cache(maxsize=1)
def proxy_headers() -> frozenset[str]:
    """
    Return the names of the headers that only proxies may send, in lower case and with dashes.

    All that begin with `X-Forwarded-` belong to them, too.
    """
    from_settings = (
        settings.REMOTE_USER_ENVIRON_NAME,
        settings.AUTHENTICATION_JSON_HEADER,
        *(settings.SECURE_PROXY_SSL_HEADER or ())[:1],
        settings.API_ROOT_REWRITE_HEADER,
        *settings.GOMOD_PROXY_HEADERS,
    )
    names = (CERTIFICATE, *_CUSTOMARY, *from_settings)
    return frozenset(_plain(name.removeprefix("HTTP_")) for name in names if name)


# Each request's headers are looked at, and clients have few names for them.
@lru_cache(maxsize=256)
def is_proxy_header(name: str) -> bool:
    """
    Say whether a header is one that only proxies may send.

    Args:
        name: Its name. WSGI knows no difference between a dash and an underscore.
    """
    plain = _plain(name)
    return plain in proxy_headers() or plain.startswith(_FORWARDING)


def is_from_proxy(request: Any, trusted: list[Network]) -> bool:
    """
    Say whether a request came from a proxy that is trusted.

    It is the peer of the connection that counts. Whoever connects by a Unix socket has been let in by the
    permissions of its directory, which only a proxy of the same machine is given.

    Args:
        request: The request of aiohttp.
        trusted: The networks of the proxies.
    """
    if is_within(request.remote or "", trusted):
        return True
    connection = request.get_extra_info("socket")
    return connection is not None and connection.family == socket.AF_UNIX


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
