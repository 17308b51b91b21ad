"""
From a host to the addresses that may be connected to.

aiohttp connects to what a resolver returns, and to nothing else, so that an address which was checked here is
the one that is used: a name that leads elsewhere a moment later (rebinding) gains nothing. Addresses that
are written in a URL never come to a resolver; they are checked by themselves.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Sequence
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from pulp_gomod.app.remote.http import networks
from pulp_gomod.app.remote.http.results import UpstreamFault
from pulp_gomod.app.remote.threads import Threads

log = logging.getLogger(__name__)

_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]

# Seconds to wait for the system's resolver where nobody says how long.
PATIENCE = 15.0


class Forbidden(UpstreamFault):
    """
    The administrator lets no remote lead there.

    The log says where; who asks is not told, since that is what is to stay inside.
    """

    def __init__(self, host: str, address: str) -> None:
        log.warning("Not connecting to %s: %s forbids %s", host, networks.SETTING, address)
        super().__init__(
            "the remote leads to an address that the administrator of this server forbids "
            f"(setting {networks.SETTING})"
        )


def check(url: URL) -> None:
    """
    Check a URL whose host may be an address.

    Args:
        url: What is to be connected to, directly or through a proxy.

    Raises:
        Forbidden: Remotes must not lead there.
    """
    host = url.raw_host or ""
    if networks.denied_host(host):
        raise Forbidden(host, host)


def _look_up(host: str, port: int, family: socket.AddressFamily) -> Sequence[_Found]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)


class Resolver(AbstractResolver):
    """
    Looks up addresses as the system does, without taking the threads that files are read in.

    Those that remotes must not lead to are left out.

    Args:
        threads: Where to wait for the system.
        patience: Seconds to wait for it.
    """

    def __init__(self, threads: Threads, patience: float = PATIENCE) -> None:
        self._threads = threads
        self._patience = patience

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """
        Return the addresses of a host.

        Raises:
            OSError: There are none.
            Forbidden: There are none but such that remotes must not lead to.
        """
        try:
            async with asyncio.timeout(self._patience):
                found = await self._threads.resolve(_look_up, host, port, family)
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, "Name resolution timed out") from None
        allowed = [each for each in found if not networks.denied(str(each[4][0]))]
        if found and not allowed:
            raise Forbidden(host, str(found[0][4][0]))
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in allowed
        ]

    async def close(self) -> None:
        """Nothing is held."""
