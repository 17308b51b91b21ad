"""The hosts for which distributions answer: names that module paths begin with."""

import time
from functools import lru_cache
from typing import Final

from django.conf import settings

from pulp_gomod.app.content.repository.guard import PACKAGES
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.models import GoDistribution

_HOST: Final = "\ufffdhost"
# Hosts that are remembered, and for how many seconds.
_MOST_KNOWN: Final = 256
_TRUSTED: Final = 0.5


@lru_cache(maxsize=1)
def distributions_of_host() -> Statement:
    """
    Find the distribution that has a host.

    Values: host.
    Columns: base path, domain.
    """
    found = GoDistribution.objects.filter(vanity_hosts__has_key=_HOST).order_by("pulp_created")
    return compile_queryset(found.values_list("base_path", "pulp_domain__name"), {_HOST: "host"})


class VanityHosts:
    """
    Knows which distribution has a host.

    Args:
        lookups: Where to ask.
    """

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._known: Lru[str, tuple[float, str]] = Lru(_MOST_KNOWN)

    async def root(self, host: str) -> str:
        """
        Return the path of the GOPROXY URL for a host; "" if no distribution has it.

        Browsers ask with every page, so it is remembered for a moment.

        Args:
            host: The name, without a port.
        """
        now = time.monotonic()
        known = self._known.get(host)
        if known is not None and now - known[0] < _TRUSTED:
            return known[1]
        rows = await self._lookups.ask(distributions_of_host(), host=host)
        root = _root(*rows[0]) if rows else ""
        self._known.put(host, (now, root))
        return root


def _root(base_path: str, domain: str) -> str:
    start = f"{domain}/" if settings.DOMAIN_ENABLED else ""
    if "/" in base_path:
        return f"{settings.CONTENT_PATH_PREFIX}{start}{base_path}"
    return f"{PACKAGES}{start}{base_path}/go"
