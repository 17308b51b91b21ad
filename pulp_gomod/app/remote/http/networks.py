"""
Where remotes must not lead: the networks that only this server can reach.

Whoever may create remotes chooses where this server connects to, and reads what it is answered there. An
administrator says which networks that must not be. What counts is the address that is connected to,
however it is written, and whichever name leads to it.
"""

import ipaddress
import socket
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SETTING = "GOMOD_REMOTE_DENIED_NETWORKS"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

GROUPS = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
        "fec0::/10",
    ),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    # Where clouds tell a machine its secrets, beside 169.254.169.254: AWS, Google, Alibaba, Azure, Oracle.
    "metadata": (
        "169.254.169.254/32",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    ),
}
"""Names that may stand for networks in the setting."""

_LOOPBACK = (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))
# Prefixes under which an IPv4 address is its last 32 bits: translation (NAT64) and old notations.
_LAST_32_BITS = tuple(
    ipaddress.IPv6Network(prefix) for prefix in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
# Bits 64 to 95 of an address that tunnels IPv4 (ISATAP).
_ISATAP = (0x00005EFE, 0x02005EFE)


def check_setting() -> None:
    """
    Read the setting.

    Raises:
        ImproperlyConfigured: It names something that is no network.
    """
    _networks()


def denied(address: str) -> bool:
    """
    Say whether remotes must not lead to an address.

    Args:
        address: The address, numeric. What is none is denied: nobody can say where it leads.

    Raises:
        ImproperlyConfigured: The setting names something that is no network.
    """
    parsed = _parse(address)
    if parsed is None:
        return True
    return any(form in network for form in _forms(parsed) for network in _networks())


def denied_host(host: str) -> bool:
    """
    Say whether a host in a URL is an address, in any spelling, that remotes must not lead to.

    A name may lead to one nevertheless, which only its look-up says.

    Raises:
        ImproperlyConfigured: The setting names something that is no network.
    """
    literal = _literal(host)
    return literal is not None and denied(literal)


def denied_url(url: str) -> bool:
    """
    Say whether a URL has an address as its host that remotes must not lead to.

    Args:
        url: The URL; what is none leads nowhere.
    """
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return bool(host) and denied_host(str(host))


def _literal(host: str) -> str | None:
    """
    Return the address that a host is; None for a name.

    The system reads `2130706433`, `0x7f.1` and `0177.0.0.1` as addresses, too.
    """
    host = host.strip("[]").rstrip(".")
    if _parse(host) is not None:
        return host
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError, ValueError):
        # A colon is in no name.
        return host if ":" in host else None


def _parse(text: str) -> Address | None:
    try:
        # What follows % is the interface, which link-local addresses have.
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _forms(address: Address) -> Iterator[Address]:
    """Give an address and all that it may come out as on its way."""
    yield address
    if address.is_unspecified:
        # The system connects to itself.
        yield from _LOOPBACK
    if isinstance(address, ipaddress.IPv4Address):
        return
    number = int(address)
    embedded = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if (
        any(address in network for network in _LAST_32_BITS)
        or (number >> 32) & 0xFFFFFFFF in _ISATAP
    ):
        embedded.append(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    if address in _LOCAL_NAT64:
        embedded += _local_nat64(number)
    for inner in embedded:
        if inner is not None:
            yield from _forms(inner)


def _local_nat64(number: int) -> Iterator[Address]:
    """A network's own translation may use /48, /56, /64 or /96; which one, nobody can see (RFC 6052)."""
    octets = number.to_bytes(16, "big")
    for places in ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15)):
        yield ipaddress.IPv4Address(bytes(octets[place] for place in places))


def _networks() -> tuple[Network, ...]:
    return _read(tuple(settings.GOMOD_REMOTE_DENIED_NETWORKS))


@lru_cache(maxsize=8)
def _read(named: tuple[str, ...]) -> tuple[Network, ...]:
    texts = [text for name in named for text in GROUPS.get(name, (name,))]
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{SETTING}: {error}; it is a list of networks such as 10.0.0.0/8, or of the names "
            f"{', '.join(GROUPS)}"
        ) from error
