"""
The names that the server is known by.

A page of somebody else, in a browser that reaches this server, can have a name of its own resolve to this
server's address, and then read what the server shows without credentials. It cannot change the name that
the browser sends.
"""

import ipaddress
from collections.abc import Sequence

from django.http.request import split_domain_port, validate_host

# Names of hosts that are remembered: clients send few, and attackers any.
_MOST = 1000


class Hosts:
    """
    The hosts that requests may be for: some names, every address, and every name without a dot.

    An address cannot be made to mean another server, and names without a dot are given by whoever runs the
    network: to a machine of it, or to a container.

    Args:
        names: As Django's ALLOWED_HOSTS has them: "*" for all, ".example.com" for subdomains too.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [name.lower() for name in names]
        self._known: set[str] = set()

    def __contains__(self, host: str) -> bool:
        if host in self._known:
            return True
        # With the port; nothing at all if it is malformed.
        name, _ = split_domain_port(host)
        if not name or not (_is_local(name) or validate_host(name, self._names)):
            return False
        if len(self._known) < _MOST:
            self._known.add(host)
        return True


def _is_local(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name
    return True
