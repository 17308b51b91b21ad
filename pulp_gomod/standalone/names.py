"""The names that the server is known by."""

import ipaddress
import socket
from urllib.parse import urlsplit

from . import listener
from .options import ServeOptions


def allowed_hosts(options: ServeOptions) -> list[str]:
    """
    The names that requests may be for, besides addresses and names without a dot, which always may.

    They are this machine's, also as its neighbours call it, the one listened on, and those of the
    options.
    """
    machine = socket.gethostname().lower()
    label = machine.partition(".")[0]
    names = {"localhost", machine, label, f"{label}.local", socket.getfqdn().lower()}
    names |= {listener.public_name(options.host).lower(), *map(str.lower, options.allowed_host)}
    if options.origin and (host := urlsplit(options.origin).hostname):
        names.add(host)
    return sorted(name for name in names if name)


def is_local(host: str) -> bool:
    """Whether a host to listen on is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return is_localhost(host)


def is_localhost(name: str) -> bool:
    """Whether a name means the machine of whoever uses it, and so another server for everybody."""
    return name == "localhost" or name.endswith((".localhost", ".localdomain"))
