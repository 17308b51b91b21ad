"""Where the checksum database of a remote is: behind the upstream, or at its own address."""

import hashlib

from yarl import URL

from pulp_gomod.app.remote.cache.documents import DocumentCache, DocumentRequest
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey
from pulp_gomod.app.remote.http.parties import way_out
from pulp_gomod.app.remote.http.results import Fetched, Missing, Unchanged, UpstreamFault
from pulp_gomod.app.remote.settings import RemoteSettings, percent_encode
from pulp_gomod.app.remote.upstream import Upstream
from pulp_gomod.golang import module

# Seconds for which it is known whether the upstream passes the database on.
SUPPORTED_TTL = 3600.0


class Place:
    """
    Asks the checksum database of one remote, and names the rows of its answers.

    Args:
        upstream: The remote.
    """

    def __init__(self, upstream: Upstream, documents: DocumentCache) -> None:
        self._upstream = upstream
        self._documents = documents
        self._name = upstream.settings.sumdb.name
        self._supported: CacheEntry | None = None

    async def ask(self, path: str, limit: int) -> Fetched | Missing:
        """
        Ask the database.

        Args:
            path: Below the database, with a slash before it.
            limit: Bytes that the answer may have.

        Raises:
            UpstreamFault: It does not answer.
        """
        try:
            is_passed_on = await self._through_upstream()
            if is_passed_on:
                proxied = f"sumdb/{self._name}{path}"
                found = await self._upstream.document(proxied, limit=limit, binary=True)
        except UpstreamFault as fault:
            settings = self._upstream.settings
            raise fault.also(
                f"it was asked for the checksum database {self._name}: "
                f"{way_out(settings.name, self._upstream.host)}"
            ) from fault
        if is_passed_on:
            assert not isinstance(found, Unchanged)
            return found
        url = URL(self._upstream.settings.sumdb.direct_url + percent_encode(path), encoded=True)
        return await self._upstream.elsewhere(url, limit)

    async def _through_upstream(self) -> bool:
        """Say whether the upstream passes the database on; as the go command asks it."""
        if self._upstream.settings.sumdb.url:
            return False
        path = f"sumdb/{self._name}/supported"

        async def ask(known: CacheEntry | None) -> Fetched | Unchanged | Missing:
            return await self._upstream.document(path, known)

        settings = self._upstream.settings
        question = CacheKey(settings.pk, settings.key(path, False), path, "sumdb")
        known = self._supported
        if known is None or not known.is_fresh():
            # Each record and each tile asks it.
            known = await self._documents.get(DocumentRequest(question, SUPPORTED_TTL, ask))
            self._supported = known
        return known.found

    def question(self, path: str, *, head: bool = False) -> CacheKey:
        """
        Name the row of an answer. It does not depend on who passes it on.

        Args:
            path: Below the database.
            head: Whether it is the signed head that is known and proven.
        """
        return cache_key(self._upstream.settings, path, head=head)


def cache_key(settings: RemoteSettings, path: str, *, head: bool = False) -> CacheKey:
    """
    Name the row of an answer of a remote's checksum database. It does not depend on who passes it on.

    Args:
        settings: The remote.
        path: Below the database.
        head: Whether it is the signed head that is known and proven.
    """
    what = "head" if head else path
    key = hashlib.sha256(f"sumdb\n{settings.sumdb.key}\n{what}".encode()).hexdigest()
    return CacheKey(settings.pk, key, f"sumdb/{settings.sumdb.name}/{path}", "sumdb")


def lookup_path(path: str, version: str) -> str:
    """
    Write the path of a lookup, below the database.

    Args:
        path: The module path.

    Raises:
        GoError: They are none.
    """
    return f"lookup/{module.escape_path(path)}@{module.escape_version(version)}"
