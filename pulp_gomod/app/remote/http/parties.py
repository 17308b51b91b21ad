"""Whose fault it was: the party and the host, in the words that an administrator of a closed network needs."""

import os
from dataclasses import dataclass

from yarl import URL


@dataclass(frozen=True, slots=True)
class Party:
    """
    Whom a request is for.

    Attributes:
        url: Where it is sent.
        proxy: The URL of the HTTP proxy on the way, or "".
        sumdb: The name of the checksum database that is asked, directly; "" for the upstream.
        remote: The name of the remote.
        is_index: Whether it is the index that is asked.
    """

    url: URL
    proxy: str = ""
    sumdb: str = ""
    remote: str = ""
    is_index: bool = False

    def named(self, current: URL) -> str:
        """
        Name whoever failed.

        Args:
            current: What was asked at last, after redirects.
        """
        host = host_of(self.url)
        who = f"the module index {host}" if self.is_index else f"the upstream {host}"
        if self.sumdb:
            where = "" if host == self.sumdb.partition("/")[0] else f" at {host}"
            who = f"the checksum database {self.sumdb}{where}"
        if self.proxy:
            # It may be the proxy that failed, or that answered in the other's place.
            who += f" (through the proxy {host_of(URL(self.proxy))})"
        elsewhere = host_of(current)
        return who if elsewhere == host else f"{who}, which redirects to {elsewhere},"

    def proxy_named(self) -> str:
        """Name the proxy."""
        return f"the proxy {host_of(URL(self.proxy))} (proxy_url of the remote {self.remote})"

    @property
    def unused_proxy(self) -> str:
        """Say of a proxy that the environment names that it is not asked; "" if there is none."""
        names = (f"{self.url.scheme}_proxy", f"{self.url.scheme}_proxy".upper())
        for name in names:
            if os.environ.get(name) and not self.proxy:
                return f"; {name} is not used here: the remote {self.remote} needs a proxy_url"
        return ""

    @property
    def way_out(self) -> str:
        """What can be done where the checksum database is what fails; "" for the upstream."""
        return way_out(self.remote, host_of(self.url)) if self.sumdb else ""


def host_of(url: URL) -> str:
    """Return the host of a URL as people write it, with the port if it is not the usual one."""
    host = url.host or ""
    host = f"[{host}]" if ":" in host else host
    return host if url.is_default_port() or url.port is None else f"{host}:{url.port}"


def way_out(remote: str, host: str) -> str:
    """
    Say what an administrator can do where a checksum database cannot be had.

    Args:
        remote: The name of the remote.
        host: The host that has to be reached.
    """
    return (
        f"allow this server to reach {host}, or configure the remote {remote}: another database or none "
        "(sumdb), or modules that it does not cover (nosumdb)"
    )
