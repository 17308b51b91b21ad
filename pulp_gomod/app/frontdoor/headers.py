"""Which headers travel on, and which are this hop's own business (RFC 9110, section 7.6.1)."""

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

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

# aiohttp's server decodes such bodies while it reads them.
_DECODED = frozenset({"gzip", "deflate", "br", "zstd"})


def request_headers(request: web.Request, length: int | None) -> CIMultiDict[str]:
    """The headers to send to the API.

    What the client says of forwarding is dropped: nobody stands before this door, so it can only be a lie.

    Args:
        request: The client's request.
        length: The length of the body to send, None for no body.
    """
    headers = _end_to_end(request.headers)
    for name in list(headers):
        lower = name.lower()
        if lower in _ANSWERED or lower == "forwarded" or lower.startswith("x-forwarded-"):
            headers.popall(name, None)
    if headers.get("Content-Encoding", "").lower() in _DECODED:
        headers.popall("Content-Encoding")
    if length is not None:
        headers["Content-Length"] = str(length)
    if request.remote:
        headers["X-Forwarded-For"] = request.remote
    headers["X-Forwarded-Proto"] = request.scheme
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
