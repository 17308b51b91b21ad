"""Asking a distribution's content guard."""

from uuid import UUID

from aiohttp import hdrs, web
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections

from pulpcore.plugin.models import ContentGuard

from pulp_gomod.app.goproxy.responses import problem

CHALLENGE: dict[str, str] = {hdrs.WWW_AUTHENTICATE: 'Basic realm="Pulp"'}


async def refusal(request: web.Request, guard: UUID) -> web.Response | None:
    """
    Ask the guard; return None if it permits the request, else the response that says why not.

    Never 404: the go command would go on to the next proxy of its list, and ask a public one for a
    private module.

    Args:
        request: The request, authenticated by pulpcore's middleware.
        guard: The guard's pk.
    """
    try:
        reason = await sync_to_async(_ask)(request, guard)
    except (InterfaceError, OperationalError):
        await sync_to_async(close_old_connections)()
        reason = await sync_to_async(_ask)(request, guard)
    if reason is None:
        return None
    if getattr(request.get("user"), "is_authenticated", False):
        return problem(403, "forbidden: these credentials give no right to read this")
    return problem(401, "unauthorized: credentials are needed to read this", CHALLENGE)


def _ask(request: web.Request, guard: UUID) -> str | None:
    try:
        found = ContentGuard.objects.get(pk=guard)
    except ContentGuard.DoesNotExist:
        return "the guard is gone"
    try:
        found.cast().permit(request)
    except PermissionError as error:
        return str(error) or "denied"
    return None
