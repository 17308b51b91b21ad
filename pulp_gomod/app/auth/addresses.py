"""From where a request comes."""

import ipaddress
import re
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Some proxies say the port as well: 192.0.2.1:4711, [2001:db8::1]:4711; or write brackets without one.
_WITH_PORT = re.compile(r"([\d.]+):\d+|\[([^\]]+)\](?::\d+)?")


def trusted_proxies() -> list[Network]:
    """
    Return the networks of the proxies that the settings trust.

    Raises:
        ValueError: GOMOD_TRUSTED_PROXIES names something else.
    """
    return [ipaddress.ip_network(network) for network in settings.GOMOD_TRUSTED_PROXIES]


def is_within(address: str, networks: Iterable[Network]) -> bool:
    """
    Say whether an address is within one of some networks.

    Args:
        address: The address; what is none is within no network.
    """
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def client_address(request: HttpRequest) -> str | None:
    """Return the address of the client, seen through the proxies that the settings trust."""
    return seen_through_proxies(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted_proxies(),
    )


def seen_through_proxies(peer: str, forwarded: str, trusted: Sequence[Network]) -> str | None:
    """
    Return the address of the client; None if nobody says which it is.

    A peer without an address came through a unix socket, which is trusted like the loopback
    interface.

    Args:
        peer: The address of whoever made the connection, "" for a unix socket.
        forwarded: The value of X-Forwarded-For, all of such headers joined by commas.
        trusted: The networks of the proxies whose word is taken.
    """
    address = _parse(peer)
    for hop in reversed(forwarded.split(",")):
        if address is not None and not any(address in network for network in trusted):
            break
        earlier = _parse(hop)
        if earlier is None:
            break
        address = earlier
    return str(address) if address else None


def _parse(text: str) -> Address | None:
    text = text.strip()
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
