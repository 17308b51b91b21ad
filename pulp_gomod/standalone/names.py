"""The names that the server is known by."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from . import listener
from .errors import StandaloneError
from .options import ServeOptions

_UNSAFE = re.compile(r"[\s,|]")


def given_origin(options: ServeOptions) -> str:
    """
    Return the server's URL as it was given, without a slash at the end; "" if it was not.

    Raises:
        StandaloneError: It is none that clients could use.
    """
    origin = (options.origin or "").rstrip("/")
    if not origin:
        return ""
    try:
        parts = urlsplit(origin)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        is_plain = not (parts.query or parts.fragment or parts.username) and not _UNSAFE.search(
            origin
        )
    except ValueError:
        is_url = is_plain = False
    if is_url and is_plain:
        return origin
    hint = "" if "://" in origin else f"; did you mean https://{origin}?"
    raise StandaloneError(
        f"--origin {origin!r} is not the URL of a server; it begins with http:// or https://, and has a host{hint}"
    )


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
