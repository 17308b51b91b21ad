"""The routes of Go distributions in the content app, ahead of pulpcore's catch-all.

pulpcore's chain of middlewares authenticates every request, with ORM work on the one thread that a
content process has for it. A public distribution asks nobody for credentials, so for it the first
middleware answers; a guarded one takes the whole chain, authenticators and guard included.
"""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware
from django.conf import settings
from django_guid import set_guid
from django_guid.utils import generate_guid
from psycopg import Error as DatabaseError

from pulpcore.plugin.content import Handler

from pulp_gomod.app.goproxy import database
from pulp_gomod.app.goproxy import handler as protocol
from pulp_gomod.app.goproxy.responses import not_found, problem

log = logging.getLogger(__name__)

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The paths of the protocol below a base path; the rest of the content prefix stays pulpcore's.
_CONTENT = r"{path:.+/(?:@v/.+|@latest|sumdb/.+)}"
_PACKAGES = "/api/packages/"
_OWNER = "{owner}/go/{path:.*}"


async def content_route(request: web.Request) -> web.StreamResponse:
    """
    Answer a protocol path below the content prefix; other plugins' paths may look the same.

    Args:
        request: The request.
    """
    target = await protocol.find_target(request)
    if target is None:
        stock: web.StreamResponse = await Handler().stream_content(request)
        return stock
    return await protocol.serve(request, target)


async def packages_route(request: web.Request) -> web.StreamResponse:
    """
    Answer a path below /api/packages/{owner}/go.

    Args:
        request: The request.
    """
    target = await protocol.find_target(request)
    if target is None:
        return not_found("no Go distribution has this owner as its base path")
    return await protocol.serve(request, target)


_ROUTES = frozenset({content_route, packages_route})


def _first_middleware(inner: tuple[Middleware, ...]) -> Middleware:
    @web.middleware
    async def answer_public(request: web.Request, handler: Next) -> web.StreamResponse:
        route = request.match_info.handler
        if route not in _ROUTES:
            return await handler(request)
        try:
            target = await protocol.find_target(request)
        except DatabaseError:
            log.exception("PostgreSQL does not answer.")
            return problem(503, "unavailable: the server's database does not answer")
        if target is None or target.guard is not None:
            if target is None and route is packages_route:
                return await packages_route(request)
            return await handler(request)
        set_guid(generate_guid())
        return await _through(inner, request, route)

    return answer_public


async def _through(
    inner: tuple[Middleware, ...],
    request: web.Request,
    route: Next,
) -> web.StreamResponse:
    """Call the route through what pulpcore has put behind authentication: the metrics."""
    for middleware in reversed(inner):
        following = route

        async def step(
            request: web.Request,
            middleware: Middleware = middleware,
            following: Next = following,
        ) -> web.StreamResponse:
            return await middleware(request, following)

        route = step
    return await route(request)


def install(app: web.Application) -> None:
    """
    Add the routes, the middleware and the database connections to the content app.

    Args:
        app: The content app, before it starts.
    """
    stock = tuple(app.middlewares)
    names = [getattr(middleware, "__name__", "") for middleware in stock]
    inner = stock[names.index("authenticate") + 1 :] if "authenticate" in names else ()
    app.middlewares.insert(0, _first_middleware(inner))
    app.cleanup_ctx.append(database.lifespan)
    domain = "{pulp_domain}/" if settings.DOMAIN_ENABLED else ""
    app.router.add_get(f"{settings.CONTENT_PATH_PREFIX}{domain}{_CONTENT}", content_route)
    app.router.add_get(f"{_PACKAGES}{domain}{_OWNER}", packages_route)
