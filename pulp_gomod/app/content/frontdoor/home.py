"""The page to which browsers are led that open the server's own URL."""

import logging
from urllib.parse import quote

from aiohttp import web
from django.conf import settings
from psycopg import Error as DatabaseError

from pulp_gomod.app.auth.decisions import Decisions
from pulp_gomod.app.content import services

log = logging.getLogger(__name__)

_DOMAIN = "default"


class Home:
    """
    The pages of a distribution, as long as it is there and serves something.

    Args:
        base_path: That of the distribution, of one segment.
    """

    def __init__(self, base_path: str) -> None:
        self._base_path = base_path
        domain = f"{_DOMAIN}/" if settings.DOMAIN_ENABLED else ""
        self._path = f"/api/packages/{domain}{quote(base_path, safe='')}/go/"
        # Whoever asks again and again costs a statement in a while.
        self._there: Decisions[bool] = Decisions(lambda _: 0.0)

    async def path(self, request: web.Request) -> str:
        """Return the path of these pages; "" if a browser that is led there would find nothing."""
        try:
            is_there = await self._there.get(self._base_path, lambda: self._look(request.app))
        except DatabaseError:
            # What answers instead has words for that, or needs no database.
            log.info("It is not known whether the front page is there.", exc_info=True)
            return ""
        return self._path if is_there else ""

    async def _look(self, app: web.Application) -> bool:
        resolver = services.of(app).resolver
        target = await resolver.find(_DOMAIN, [self._base_path], self._base_path)
        return target is not None and target.served is not None
