"""A remote's settings, as one value that does not change while a request is served."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from yarl import URL

from pulpcore.plugin.models import Remote

from pulp_gomod.app.models import GoRemote
from pulp_gomod.app.models.remote import answer_key
from pulp_gomod.golang import module
from pulp_gomod.golang.goproxy import INDEX
from pulp_gomod.golang.sumdb import GoSumDB, parse_gosumdb

# What escaped module paths and versions may hold and URLs take as it is.
_SAFE = "/!@+~$&=:,"

CONNECTIONS = 32
RETRIES = 2


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    How long to wait, in seconds.

    Attributes:
        connect: For a connection, a free one of the pool included.
        read: For the next bytes.
        document: For everything that a small file takes.
        zip: For everything that a zip takes.
    """

    connect: float = 15.0
    read: float = 60.0
    document: float = 120.0
    zip: float = 1800.0


@dataclass(frozen=True, slots=True)
class Tls:
    """
    How the upstream is authenticated, and how it authenticates us.

    Attributes:
        ca_cert: PEM, or "" for the system's.
        client_cert: PEM, or "".
        client_key: PEM, or "".
        verify: Whether its certificate is verified.
    """

    ca_cert: str = ""
    client_cert: str = ""
    client_key: str = field(default="", repr=False)
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    The HTTP proxy on the way to the upstream.

    Attributes:
        url: Its URL.
        username: "" for none.
        password: "" for none.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """
    Everything that an administrator has said of an upstream.

    Attributes:
        pk: The remote.
        changed: When it was last changed.
        domain: The pk of its domain.
        name: Its name, for people.
        url: Where it is, without a final slash.
        keeps: Whether what it sends is kept (policy on_demand or immediate), or only passed on.
        takes_turns: Whether a small file is fetched by one process at a time, which costs two statements.
        linger: Seconds for which a zip waits for others, to be stored together with them.
        username: "" for none.
        password: "" for none.
        headers: Sent with each request to the upstream itself.
        tls: How it is authenticated.
        proxy: The HTTP proxy on the way, if any.
        timeouts: How long to wait for it.
        connections: How many connections one process opens to it.
        retries: How often a request is repeated after a fault that may pass.
        redirect_hosts: Where it may redirect to: globs, with a port or without.
        sumdb: Its checksum database.
        includes: Patterns of modules that are asked of it; "" for all.
        excludes: Patterns of modules that are not.
        private: Patterns of modules whose names are never sent anywhere.
        mix: Patterns of modules that are asked of it although they were published here.
        nosumdb: Patterns of modules that the checksum database does not cover.
        index_url: Its index of modules.
        cache_ttl: Seconds for which lists and queries are served unasked.
        not_found_ttl: Seconds for which "not found" is served unasked.
        cache_size: Bytes to keep for a repository, or None for any.
    """

    pk: UUID
    changed: datetime
    domain: UUID
    name: str
    url: str
    keeps: bool = True
    takes_turns: bool = True
    linger: float = 0.0
    username: str = ""
    password: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    tls: Tls = Tls()
    proxy: Proxy | None = None
    timeouts: Timeouts = Timeouts()
    connections: int = CONNECTIONS
    retries: int = RETRIES
    redirect_hosts: tuple[str, ...] = ()
    sumdb: GoSumDB = GoSumDB("", "")
    includes: str = ""
    excludes: str = ""
    private: str = ""
    mix: str = ""
    nosumdb: str = ""
    index_url: str = ""
    cache_ttl: float = 60.0
    not_found_ttl: float = 15.0
    cache_size: int | None = None

    def at(self, path: str) -> URL:
        """
        Return the URL of a path of the protocol.

        Args:
            path: Below the remote's URL, escaped as Go escapes it, not percent-encoded.
        """
        return URL(f"{self.url}/{percent_encode(path)}", encoded=True)

    def covers(self, path: str) -> bool:
        """
        Say whether the checksum database vouches for a module.

        Args:
            path: The module path.
        """
        if self.sumdb.off:
            return False
        return not module.match_prefix_patterns(f"{self.nosumdb},{self.private}", path)

    def key(self, path: str, covered: bool) -> str:
        """
        Name the row that keeps the answer to a question.

        Args:
            path: The path of the protocol.
            covered: Whether the checksum database had a say.
        """
        vouched = self.sumdb.key if covered else ""
        name: str = answer_key(self.url, vouched, path)
        return name


def percent_encode(path: str) -> str:
    """
    Write a path as URLs have it.

    Args:
        path: Escaped as Go escapes module paths.
    """
    return quote(path, safe=_SAFE)


def read_settings(pk: UUID) -> RemoteSettings | None:
    """
    Load a remote; None if it is gone. Uses the ORM, so call it in a thread.

    Args:
        pk: The remote.
    """
    remote = GoRemote.objects.filter(pk=pk).first()
    if remote is None:
        return None
    default = Timeouts()
    return RemoteSettings(
        pk=remote.pk,
        changed=remote.pulp_last_updated,
        domain=remote.pulp_domain_id,
        name=remote.name,
        url=remote.url.rstrip("/"),
        keeps=remote.policy != Remote.STREAMED,
        username=remote.username or "",
        password=remote.password or "",
        headers=_headers(remote.headers or ()),
        tls=Tls(
            remote.ca_cert or "",
            remote.client_cert or "",
            remote.client_key or "",
            remote.tls_validation,
        ),
        proxy=_proxy(remote),
        timeouts=Timeouts(
            connect=remote.sock_connect_timeout or remote.connect_timeout or default.connect,
            read=remote.sock_read_timeout or default.read,
            document=remote.total_timeout or default.document,
            zip=remote.total_timeout or default.zip,
        ),
        connections=remote.download_concurrency or CONNECTIONS,
        retries=RETRIES if remote.max_retries is None else remote.max_retries,
        redirect_hosts=tuple(_split(remote.redirect_hosts)),
        sumdb=parse_gosumdb(remote.sumdb),
        includes=remote.includes,
        excludes=remote.excludes,
        private=remote.private,
        mix=remote.mix,
        nosumdb=remote.nosumdb,
        index_url=remote.index_url or f"{remote.url.rstrip('/')}/{INDEX}",
        cache_ttl=float(remote.cache_ttl),
        not_found_ttl=float(remote.not_found_ttl),
        cache_size=remote.cache_size,
    )


def _headers(listed: list[Mapping[str, str]] | tuple[()]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for group in listed for name, value in group.items())


def _proxy(remote: GoRemote) -> Proxy | None:
    if not remote.proxy_url:
        return None
    return Proxy(remote.proxy_url, remote.proxy_username or "", remote.proxy_password or "")


def _split(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",") if part.strip()]
