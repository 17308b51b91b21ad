"""What a browser shows where nothing is shown: why, and how one gets in. Nothing of what a distribution holds is looked up."""

from urllib.parse import urlsplit

from aiohttp import hdrs, web

from pulp_gomod.app.content.pages.headers import HEADERS, HTML
from pulp_gomod.app.content.pages.place import Place, place_of, unknown_place
from pulp_gomod.app.content.pages.rendering import View, render
from pulp_gomod.app.content.repository.distributions import ServedDistribution


def refusal_page(
    request: web.Request, target: ServedDistribution, refused: web.Response
) -> web.Response:
    """
    Say in a page what a response says to programs: that somebody may not see a distribution, or not now.

    Args:
        request: A request for a page.
        target: The distribution.
        refused: The response to anybody else; its status and its headers stay.
    """
    place = place_of(request, target)
    values = {
        "place": place,
        "status": refused.status,
        "line": _line(refused),
        # As the go command looks it up: with the port, if the URL has one.
        "machine": urlsplit(place.goproxy).netloc,
        "is_https": place.goproxy.startswith("https:"),
        "is_wrong": hdrs.AUTHORIZATION in request.headers,
    }
    kept: dict[str, str] = {
        name: refused.headers[name]
        for name in (hdrs.WWW_AUTHENTICATE, hdrs.RETRY_AFTER)
        if name in refused.headers
    }
    return _respond(View("refused.html", values, refused.status), place, kept)


def unknown_page(request: web.Request) -> web.Response:
    """
    Say that there is no distribution of a name.

    Args:
        request: A request for a page below the packages of an owner.
    """
    place = unknown_place(request)
    return _respond(View("unknown.html", {"place": place}, 404), place, {})


def _line(refused: web.Response) -> str:
    body = refused.body
    return body.decode().strip() if isinstance(body, bytes) else ""


def _respond(view: View, place: Place, headers: dict[str, str]) -> web.Response:
    page = render(view, place.is_private)
    return web.Response(
        status=page.status,
        body=page.body,
        headers={
            **HEADERS,
            hdrs.CONTENT_TYPE: HTML,
            hdrs.CACHE_CONTROL: "private, no-cache",
            "X-Robots-Tag": "noindex",
            **headers,
        },
    )
