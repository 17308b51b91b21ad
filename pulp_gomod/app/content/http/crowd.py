"""How many connections one client may have: each is an open file, and whoever has all of them lets nobody else in."""

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from django.conf import settings

from pulp_gomod.app.auth.addresses import Network, is_within, trusted_proxies
from pulp_gomod.app.auth.throttle import site

# The part of the files of a process that the connections of one client may be.
_PART: Final = 2


class Crowd:
    """
    The connections of a process, by client.

    Args:
        most: How many a client may have.
        proxies: The networks of the proxies that are trusted, which connect for all.
    """

    def __init__(self, most: int, proxies: Sequence[Network] = ()) -> None:
        self._most = most
        self._proxies = proxies
        self._client_of = lru_cache(maxsize=1024)(self._name)
        self._counts: Counter[str] = Counter()
        self._clients: dict[asyncio.BaseTransport, str] = {}

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """
        Count a connection, which has to leave in the end; say whether its client may have it.

        Args:
            transport: The connection; one that is counted already is the same.
        """
        peer = transport.get_extra_info("peername")
        client = self._client_of(peer[0]) if isinstance(peer, tuple) else ""
        if not client or transport in self._clients:
            return True
        if self._counts[client] >= self._most:
            return False
        self._counts[client] += 1
        self._clients[transport] = client
        return True

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """
        Count a connection no longer.

        Args:
            transport: The connection; one that is not counted does no harm.
        """
        client = self._clients.pop(transport, None)
        if client is None:
            return
        self._counts[client] -= 1
        if not self._counts[client]:
            del self._counts[client]

    def _name(self, address: str) -> str:
        return "" if is_within(address, self._proxies) else site(address)


@lru_cache(maxsize=1)
def crowd() -> Crowd | None:
    """Return the connections of this process; None where a web server has them, which knows its clients."""
    if not settings.GOMOD_API_UPSTREAM:
        return None
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if files == resource.RLIM_INFINITY else Crowd(files // _PART, trusted_proxies())
