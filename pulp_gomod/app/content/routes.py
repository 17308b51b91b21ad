"""
The routes of Go distributions in the content app, ahead of pulpcore's catch-all.

pulpcore's chain of middlewares authenticates every request, with ORM work on the one thread that a
content process has for it. A public distribution asks nobody for credentials, and a guarded one asks
the same authenticators in its own way (see `guard`), so for ours the first middleware answers.
"""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error as DjangoDatabaseError
from django.db import IntegrityError
from django_guid import set_guid
from django_guid.utils import generate_guid
from psycopg import Error as DatabaseError

from pulpcore.plugin.content import Handler

from pulp_gomod.app.content import go_get, services, warmup
from pulp_gomod.app.content import handler as protocol
from pulp_gomod.app.content.accelerator import server as accelerator
from pulp_gomod.app.content.http import hsts, identity
from pulp_gomod.app.content.http.responses import keep_private, not_found, problem
from pulp_gomod.app.content.pages import serve as pages
from pulp_gomod.app.content.pages.asking import wants_page
from pulp_gomod.app.content.pages.paths import ASSETS
from pulp_gomod.app.content.pages.refusing import unknown_page
from pulp_gomod.app.content.repository import guard
from pulp_gomod.app.content.repository.distributions import storable
from pulp_gomod.app.content.response_cache.cache import ResponseCache

log = logging.getLogger(__name__)

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The paths of the protocol below a base path; the rest of the content prefix stays pulpcore's.
_CONTENT = (
    r"{path:.+/(?:@v/.+|@latest|@assets/.+|sumdb/.+|vulndb/.+|v1/.+|index|bundle\.tar|sbom\.json)}"
)
_OWNER = "{owner}/go/{path:.*}"


async def content_route(request: web.Request) -> web.StreamResponse:
    """Answer a protocol path below the content prefix; other plugins' paths may look the same."""
    target = await protocol.find_target(request)
    if target is None:
        stock: web.StreamResponse = await Handler().stream_content(request)
        return stock
    return await protocol.serve(request, target)


async def packages_route(request: web.Request) -> web.StreamResponse:
    """Answer a path below /api/packages/{owner}/go."""
    target = await protocol.find_target(request)
    if target is None:
        if request.match_info["path"].startswith(ASSETS):
            return pages.serve_asset(request.match_info["path"], is_public=True)
        if wants_page(request):
            return unknown_page(request)
        return not_found("no Go distribution has this owner as its base path")
    return await protocol.serve(request, target)


_ROUTES = frozenset({content_route, packages_route})


def _first_middleware(inner: tuple[Middleware, ...], cache: ResponseCache) -> Middleware:
    # What pulpcore has put behind authentication measures requests: none may pass it by.
    async def answer(request: web.Request, handler: Next) -> web.StreamResponse:
        route = request.match_info.handler
        if identity.speaks_for_others(request) and await _is_to_be_itself(request):
            request = identity.as_itself(request)
        home = await go_get.answer(request)
        if home is not None:
            return home
        if route not in _ROUTES:
            return await _answer_others(request, handler)
        hit = None if inner else cache.find(request)
        if hit is not None:
            return hit
        target = await protocol.find_target(request)
        if target is None:
            if not storable(request.match_info["path"]):
                # pulpcore would look it up all the same, and fail.
                return not_found("malformed path")
            return await (packages_route if route is packages_route else handler)(request)
        set_guid(generate_guid())
        response = await _through(inner, request, route)
        if target.guard is not None:
            keep_private(response)
        if not inner:
            cache.store(request, target, response)
        return response

    @web.middleware
    async def answer_ours(request: web.Request, handler: Next) -> web.StreamResponse:
        try:
            return await answer(request, handler)
        except (IntegrityError, ObjectDoesNotExist):
            if request.writer.output_size > 0:
                raise
            log.exception("Something was deleted while it was asked for.")
            return problem(503, "unavailable: something that this needs was deleted; try again")
        except (DatabaseError, DjangoDatabaseError):
            if request.writer.output_size > 0:
                # Its head has left.
                raise
            log.exception("PostgreSQL is not responding.")
            return problem(503, "unavailable: the server's database is not responding")

    return answer_ours


async def _is_to_be_itself(request: web.Request) -> bool:
    """Say whether it is for us to drop what only a proxy may say, see `identity`."""
    if identity.is_public_door():
        return True
    return "path" in request.match_info and await protocol.find_target(request) is not None


async def _answer_others(request: web.Request, handler: Next) -> web.StreamResponse:
    """
    Let pulpcore answer what is no path of the protocol, except for who may see it.

    It would say 403 to somebody unknown, knows no tokens, and hashes passwords while all else waits.
    """
    if "\0" in request.path:
        # Nothing has such a name, and PostgreSQL refuses to look for it.
        return problem(400, "bad request: the path has a NUL (%00) in it")
    if "/@v/" in request.path and isinstance(
        request.match_info.http_exception, web.HTTPMethodNotAllowed
    ):
        return _read_only(request.match_info.http_exception)
    if "path" not in request.match_info or not request.path.startswith(
        settings.CONTENT_PATH_PREFIX
    ):
        return await _let_pulpcore_answer(request, handler)
    if hdrs.AUTHORIZATION in request.headers or wants_page(request):
        answer = await _answer_if_ours(request)
        return await _let_pulpcore_answer(request, handler) if answer is None else answer
    try:
        return await handler(request)
    except Exception as error:
        # A guard that breaks on a malformed header raises whatever comes.
        if isinstance(error, web.HTTPException) and error.status != 403:
            raise
        answer = await _answer_if_ours(request)
        if answer is None:
            raise
        return answer


def _read_only(refused: web.HTTPMethodNotAllowed) -> web.Response:
    """Say where modules are published to whoever tries it where they are read."""
    return problem(
        405,
        "method not allowed: modules are served here; to publish, PUT the module's zip to "
        f"{guard.PACKAGES}{{owner}}/go/upload of Pulp's API",
        {hdrs.ALLOW: ", ".join(sorted(refused.allowed_methods))},
    )


async def _let_pulpcore_answer(request: web.Request, handler: Next) -> web.StreamResponse:
    if hdrs.AUTHORIZATION in request.headers:
        verified = await services.of(request.app).gate.verified(request)
        if isinstance(verified, web.Response):
            return verified
        request = verified
    return await handler(request)


async def _answer_if_ours(request: web.Request) -> web.StreamResponse | None:
    target = await protocol.find_target(request)
    if target is None:
        return None
    response = await protocol.serve(request, target)
    if target.guard is not None:
        keep_private(response)
    return response


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
    cache = ResponseCache()
    app.middlewares.insert(0, _first_middleware(inner, cache))
    app.cleanup_ctx.append(services.lifespan)
    app.cleanup_ctx.append(warmup.lifespan)
    app.cleanup_ctx.append(pages.lifespan)
    app.cleanup_ctx.append(cache.lifespan)
    hsts.install(app)
    accelerator.install(app, cache)
    domain = "{pulp_domain}/" if settings.DOMAIN_ENABLED else ""
    app.router.add_get(f"{settings.CONTENT_PATH_PREFIX}{domain}{_CONTENT}", content_route)
    app.router.add_get(f"{guard.PACKAGES}{domain}{_OWNER}", packages_route)
