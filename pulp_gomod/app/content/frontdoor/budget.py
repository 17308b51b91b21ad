"""What all bodies on the way may hold together, and how much of that one client may have."""

import ipaddress
from collections import defaultdict

# Whoever has one IPv6 address has as many as this network has.
_IPV6_NETWORK = 64


class Budget:
    """
    Bytes of one kind, memory or disk, that the bodies of a process may hold together.

    No client holds more than half of them, so that one alone keeps nobody else out. A body of the
    largest size always fits into what one client may have.

    Args:
        total: All of them.
        largest: The largest body.
    """

    def __init__(self, total: int, largest: int) -> None:
        self._share = max(total // 2, largest)
        self._total = max(total, self._share)
        self._held: defaultdict[str, int] = defaultdict(int)
        self.held = 0

    def take(self, client: str, size: int) -> bool:
        """
        Take bytes for a client; say whether there were so many.

        Args:
            client: Who has them, as `client_key` says.
            size: How many.
        """
        fits = self.held + size <= self._total and self._held[client] + size <= self._share
        if fits:
            self.held += size
            self._held[client] += size
        elif not self._held[client]:
            del self._held[client]
        return fits

    def give_back(self, client: str, size: int) -> None:
        """Give back what `take` has taken, or a part of it."""
        self.held -= size
        self._held[client] -= size
        if not self._held[client]:
            del self._held[client]


def client_key(address: str | None) -> str:
    """What stands for a client: its address, or the network that it has all of."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
