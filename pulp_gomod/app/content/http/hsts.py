"""
Telling browsers to come by https only (RFC 6797), where the content app is the door to everything.

Django's settings say it for the API. Behind a web server that is for the web server to say.
"""

from functools import lru_cache
from typing import Final

from aiohttp import web
from django.conf import settings

_HEADER: Final = "Strict-Transport-Security"


def install(app: web.Application) -> None:
    """
    Have every answer say it, if the settings ask for it.

    Args:
        app: The content app.
    """
    if said := headers():

        async def add(request: web.Request, response: web.StreamResponse) -> None:
            for name, value in said.items():
                response.headers.setdefault(name, value)

        app.on_response_prepare.append(add)


@lru_cache(maxsize=1)
def headers() -> dict[str, str]:
    """Return the header that says it; nothing where the settings do not ask for it."""
    if not (settings.GOMOD_API_UPSTREAM and settings.SECURE_HSTS_SECONDS):
        return {}
    value = f"max-age={settings.SECURE_HSTS_SECONDS}"
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        value += "; includeSubDomains"
    return {_HEADER: value}
