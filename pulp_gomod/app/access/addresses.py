"""From where a request comes."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """
    Return the address of the client, seen through the proxies that the settings trust.

    A peer without an address came through a unix socket, which is trusted like the loopback
    interface.

    Args:
        request: The Django request.
    """
    trusted = [ipaddress.ip_network(network) for network in settings.GOMOD_TRUSTED_PROXIES]
    address = _parse(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for hop in reversed(forwarded):
        if address is not None and not any(address in network for network in trusted):
            break
        earlier = _parse(hop)
        if earlier is None:
            break
        address = earlier
    return str(address) if address else None


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
