"""Which headers travel on, and which are this hop's own business (RFC 9110, section 7.6.1)."""

from collections.abc import Callable

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from pulp_gomod.app.upload.handover import WAITER

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# The body has been received, so these two are answered; its length is set anew.
_ANSWERED = frozenset({"expect", "content-length"})


# What the client may not say in the door's name.
_OURS = "x-gomod-"

IsProxyHeader = Callable[[str], bool]


def request_headers(
    request: web.Request,
    length: int | None,
    *,
    is_proxy_header: IsProxyHeader,
    behind_proxy: bool = False,
    waits: bool = False,
) -> CIMultiDict[str]:
    """
    The headers to send to the API.

    What a client says in a proxy's name is dropped: it can only be a lie. What a proxy says that stands
    before the door is kept, and the proxy's address added to it. Nobody's headers have an underscore in their
    names: WSGI takes it for a dash, gunicorn such a header for a variable of its own (SCRIPT_NAME), and
    few proxies look for it in what clients send.

    Args:
        request: The client's request.
        length: The length of the body to send, None for no body.
        is_proxy_header: Says of a header's name whether only proxies may send it.
        behind_proxy: Whether it came from a proxy that is trusted.
        waits: Whether the door waits for what the request changes.
    """
    headers = _end_to_end(request.headers)
    said = ",".join(headers.getall("X-Forwarded-For", ())) if behind_proxy else ""
    for name in list(headers):
        lower = name.lower()
        lie = is_proxy_header(name) and not behind_proxy
        if lower in _ANSWERED or lower.startswith(_OURS) or "_" in name or lie:
            headers.popall(name, None)
    if length is not None:
        headers["Content-Length"] = str(length)
    if request.remote:
        headers["X-Forwarded-For"] = f"{said}, {request.remote}" if said else request.remote
    headers.setdefault("X-Forwarded-Proto", request.scheme)
    if waits:
        headers[WAITER] = "1"
    return headers


def response_headers(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """The headers of the API's answer to send to the client."""
    return _end_to_end(headers)


def _end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    named = {
        token.strip().lower()
        for value in headers.getall("Connection", ())
        for token in value.split(",")
    }
    drop = _HOP_BY_HOP | named
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in drop)
