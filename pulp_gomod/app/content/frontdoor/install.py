"""Putting the front door into the content app, where the settings ask for it."""

from pathlib import Path

from aiohttp import web
from django.conf import settings

from pulp_gomod.app.auth.addresses import trusted_proxies
from pulp_gomod.app.content.frontdoor.forward import FrontDoor
from pulp_gomod.app.content.frontdoor.places import DoorPlaces
from pulp_gomod.app.content.frontdoor.spool import Bounds

#: What a body may be longer than the zip within it, in bytes: the multipart frame, form fields.
BODY_SLACK = 1024 * 1024


def install(app: web.Application) -> None:
    """Forward what no other route takes to the API; nothing without GOMOD_API_UPSTREAM."""
    if not settings.GOMOD_API_UPSTREAM:
        return
    # Its models need Django, which the door itself does not.
    from pulp_gomod.app.auth.door import proof
    from pulp_gomod.app.content.frontdoor.changes import Changes
    from pulp_gomod.app.content.frontdoor.credentials import Credentials
    from pulp_gomod.app.content.frontdoor.home import Home
    from pulp_gomod.app.storage import upload_policy

    door = FrontDoor(
        settings.GOMOD_API_UPSTREAM,
        Bounds(
            Path(settings.WORKING_DIRECTORY),
            limit=settings.GOMOD_MAX_ZIP_SIZE + BODY_SLACK,
            total=settings.GOMOD_BODIES_SIZE,
            timeout=settings.GOMOD_BODY_TIMEOUT,
        ),
        content_prefix=settings.CONTENT_PATH_PREFIX,
        proxies=trusted_proxies(),
        changes=Changes(),
        hosts=_hosts(),
        credentials=Credentials(settings.GOMOD_API_WORKERS),
        places=DoorPlaces(upload_policy.places()),
        home=Home(settings.GOMOD_FRONT_PAGE) if settings.GOMOD_FRONT_PAGE else None,
        proof=proof(),
    )
    door.attach(app)


def _hosts() -> list[str]:
    """Return the names of the server: those that it was started with, and those of Pulp's own setting."""
    own = settings.ALLOWED_HOSTS
    return [*settings.GOMOD_ALLOWED_HOSTS, *(name for name in own if name != "*")]
