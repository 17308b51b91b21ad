"""Putting the front door into the content app, where the settings ask for it."""

from pathlib import Path

from aiohttp import web
from django.conf import settings

from .forward import FrontDoor

#: What a body may be longer than the zip within it, in bytes: the multipart frame, form fields.
BODY_SLACK = 1024 * 1024


def install(app: web.Application) -> None:
    """Forward what no other route takes to the API; nothing without GOMOD_API_UPSTREAM.

    The catch-all route is the least specific one, so every route of Pulp and of its plugins goes
    first, whether it is added before this one or after.
    """
    if not settings.GOMOD_API_UPSTREAM:
        return
    door = FrontDoor(
        settings.GOMOD_API_UPSTREAM,
        directory=Path(settings.WORKING_DIRECTORY),
        limit=settings.GOMOD_MAX_ZIP_SIZE + BODY_SLACK,
        content_prefix=settings.CONTENT_PATH_PREFIX,
    )
    app.cleanup_ctx.append(door.context)
    app.middlewares.insert(0, door.straight_through)
    app.router.add_route(
        "*", "/{gomod_forwarded:.*}", door.forward, expect_handler=door.postpone_continue
    )
