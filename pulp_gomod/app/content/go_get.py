"""
`?go-get=1`: what the go command asks the host of a module path where it uses no proxy.

It is told that the modules below are served by a GOPROXY, which it then asks. Two kinds of hosts are answered for:
those that a distribution lists as its own (vanity hosts), and the one that the distribution's own URL is on.

Source of the rules: go.dev/ref/mod#vcs-find.
"""

from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web
from django.conf import settings
from django.http.request import split_domain_port

from pulp_gomod.app.content.repository.distributions import DEFAULT_DOMAIN, storable
from pulp_gomod.app.content.repository.guard import PACKAGES
from pulp_gomod.app.content.services import of as services_of
from pulp_gomod.app.models.base_path import base_paths

_READ: Final = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
# More than any name of a host has, and any path of a module.
_LONGEST_HOST: Final = 253
_LONGEST_PATH: Final = 2000


async def answer(request: web.Request) -> web.StreamResponse | None:
    """
    Answer the go command's question for the home of a module path, and browsers at a vanity host.

    Args:
        request: Any request.

    Returns:
        None if it is neither.

    Raises:
        psycopg.Error: The database does not answer.
    """
    if request.method not in _READ or len(request.path) > _LONGEST_PATH:
        return None
    if not storable(request.path) or "/@" in request.path:
        return None
    is_asked = request.query.get("go-get") == "1"
    if not is_asked and not _is_sent_on(request):
        return None
    host = _host(request)
    services = services_of(request.app)
    root = await services.vanity_hosts.root(host) if host else ""
    if not root:
        return await _answer_below(request, host) if is_asked and host else None
    if is_asked:
        return _page(host, _url(request, root))
    return web.Response(
        status=302,
        headers={hdrs.LOCATION: f"{_url(request, root)}{quote(request.path)}"} | _headers(),
    )


async def _answer_below(request: web.Request, host: str) -> web.StreamResponse | None:
    """Answer for modules that are named by the URL of a distribution itself."""
    place = _place(request.path)
    if place is None:
        return None
    domain, candidates, rest, form = place
    services = services_of(request.app)
    target = await services.resolver.find(domain, candidates, rest)
    if target is None:
        return None
    refused = await services.gate.refusal(request, target)
    if refused is not None:
        return refused
    root = form.format(target.base_path)
    return _page(f"{_known_as(host)}{root}", _url(request, root))


def _known_as(host: str) -> str:
    """Return what module paths below the server's URL begin with: a web server may have taken away a path."""
    origin = urlsplit(settings.CONTENT_ORIGIN or "")
    return f"{host}{origin.path.rstrip('/')}" if host == origin.hostname else host


def _place(path: str) -> tuple[str, list[str], str, str] | None:
    """
    Read a path below one of the two roots of GOPROXY URLs.

    Returns:
        The domain, the base paths that the distribution may have, the path that these are of, and the form of the
        URL's path with a place for the base path; None if it is below neither.
    """
    for prefix in (PACKAGES, settings.CONTENT_PATH_PREFIX):
        if not path.startswith(prefix):
            continue
        domain, rest, start = DEFAULT_DOMAIN, path.removeprefix(prefix), prefix
        if settings.DOMAIN_ENABLED:
            domain, _, rest = rest.partition("/")
            start = f"{prefix}{domain}/"
        if prefix != PACKAGES:
            return domain, base_paths(rest), rest, f"{_escaped(start)}{{}}"
        owner, _, below = rest.partition("/")
        if owner and f"{below}/".startswith("go/"):
            return domain, [owner], f"{owner}/", f"{_escaped(start)}{{}}/go"
    return None


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _host(request: web.Request) -> str:
    """Return the host that a request is for, without a port; "" if it is none that a module path begins with."""
    host, _ = split_domain_port(request.host)
    is_name = host and "." in host and len(host) <= _LONGEST_HOST and storable(host)
    return host if is_name else ""


def _is_sent_on(request: web.Request) -> bool:
    """Say whether a browser would be sent to a distribution's pages, if the host has one: it is not there yet."""
    is_there = request.path.startswith((PACKAGES, settings.CONTENT_PATH_PREFIX))
    return not is_there and "text/html" in request.headers.get(hdrs.ACCEPT, "")


def _url(request: web.Request, root: str) -> str:
    """Return the GOPROXY URL with a path, as clients know the server."""
    origin = settings.CONTENT_ORIGIN or f"{request.scheme}://{request.host}"
    return f"{origin.rstrip('/')}{quote(root)}"


def _page(prefix: str, url: str) -> web.Response:
    prefix, url = escape(prefix), escape(url)
    text = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="go-import" content="{prefix} mod {url}">\n<title>{prefix}</title>\n</head>\n'
        f"<body>\n<p>The Go modules of {prefix} are served by the module proxy at {url}</p>\n</body>\n</html>\n"
    )
    return web.Response(body=text.encode(), headers=_headers() | {hdrs.CONTENT_TYPE: _HTML})


_HTML: Final = "text/html; charset=utf-8"


def _headers() -> dict[str, str]:
    return {
        hdrs.CACHE_CONTROL: "private, no-cache",
        hdrs.VARY: "Host, Accept",
        "Content-Security-Policy": "default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
