"""
The checksum database of a remote: what it proves, and what clients may read of it through us.

Everything that is kept has been proven by `golang.sumdb`. Its answers do not depend on who passed them
on, so their rows outlive a change of the remote's URL.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Any

from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.models import GoCacheEntry, ages
from pulp_gomod.app.remote import pull_through_metrics as metrics
from pulp_gomod.app.remote.cache.documents import DocumentCache, DocumentRequest, Verdict
from pulp_gomod.app.remote.cache.entries import CacheEntry
from pulp_gomod.app.remote.http.results import (
    Fetched,
    Missing,
    NoRecord,
    NotProven,
    Unchanged,
    UpstreamFault,
)
from pulp_gomod.app.remote.sumdb.endpoint import Place, lookup_path
from pulp_gomod.app.remote.upstream import Upstream
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import Client, WriteConflictError, check_sum, tlog
from pulp_gomod.golang.sumdb.proving import open_head

log = logging.getLogger(__name__)

# Answers and tiles held in memory: a tile has 8 KiB.
MAX_HELD = 2048
_MAX_LINES = 8192
_MAX_WIDTH = 256
# Bytes that a signed head may have (Go's own limit), and a tile of records.
MAX_HEAD = 1_000_000
_MAX_DATA = 1024 * 1024
# Seconds between two notes of how large the database is.
_NOTED_EVERY = 600.0


class ChecksumDatabase:
    """
    The checksum database of one remote.

    Args:
        upstream: The remote.
    """

    def __init__(self, upstream: Upstream, documents: DocumentCache) -> None:
        self._upstream = upstream
        self._documents = documents
        self._place = Place(upstream, documents)
        self.name = upstream.settings.sumdb.name
        self._held: Lru[str, bytes] = Lru(MAX_HELD)
        self._lines: Lru[tuple[str, str], list[str]] = Lru(_MAX_LINES)
        self._head: bytes | None = None
        self._noted = -_NOTED_EVERY
        self._client = Client(self, upstream.settings.sumdb.key)
        # What is proven and not kept yet.
        self._unkept: set[asyncio.Future[Any]] = set()

    # What is proven.

    async def lines(self, path: str, version: str) -> list[str]:
        """
        Return the proven go.sum lines of a module version.

        Args:
            path: The module path.
            version: The canonical version.

        Raises:
            UpstreamFault: The database does not answer, or proves nothing.
        """
        key = (path, version)
        lines = self._lines.get(key)
        if lines is None:
            lines = await self._prove(path, version)
            self._lines.put(key, lines)
        return lines

    def check(self, lines: list[str], path: str, version: str, h1: str) -> None:
        """
        Check a checksum against proven lines.

        Args:
            lines: From `lines`.
            path: The module path.
            version: The version, with `/go.mod` for its go.mod.
            h1: The checksum of what the upstream sent.

        Raises:
            NotProven: They hold another one, or none.
        """
        try:
            check_sum(lines, path, version, h1, self.name)
        except GoError as error:
            raise self._not_proven(f"{path}@{version}", error) from error

    async def lookup(self, path: str, version: str) -> bytes:
        """
        Return the database's answer for a module version, as it is passed on to clients.

        Args:
            path: The module path.
            version: The canonical version.

        Raises:
            UpstreamFault: As `lines`.
        """
        await self.lines(path, version)
        remote = lookup_path(path, version)
        found = await self.read_cache(f"{self.name}/{remote}")
        if found is None:
            await self._prove(path, version)
            found = await self.read_cache(f"{self.name}/{remote}")
        if found is None:
            raise UpstreamFault(f"{self.name}: the record of {path}@{version} was not kept")
        await self._kept()
        return found

    async def head(self) -> bytes:
        """
        Return the largest signed head that is known and proven, after asking for a larger one.

        Raises:
            UpstreamFault: The database does not answer, and none is known.
        """

        async def ask(known: CacheEntry | None) -> Fetched | Unchanged | Missing:
            return await self._place.ask("/latest", MAX_HEAD)

        async def verify(body: bytes) -> Verdict:
            try:
                await self._client.head(body)
            except GoError as error:
                raise self._not_proven("the tree head", error) from error
            return Verdict()

        ttl = self._upstream.settings.cache_ttl
        try:
            await self._documents.get(
                DocumentRequest(self._place.question("latest"), ttl, ask, verify)
            )
        except NotProven:
            raise
        except UpstreamFault:
            if not await self.held_head():
                raise
        return await self.held_head()

    async def held_head(self) -> bytes:
        """Return the largest signed head that is known, without asking for any; b"" if none is."""
        # Another process may know one, or a larger one.
        self._head = None
        return await self.read_config(f"{self.name}/latest")

    async def tile(self, tile: tlog.Tile) -> bytes | Missing:
        """
        Return a tile as it is passed on to clients.

        Raises:
            UpstreamFault: The database does not answer, or sends a tile of another tree.
        """
        path = tile.path()
        held = await self.read_cache(f"{self.name}/{path}")
        if held is not None:
            return held
        if tile.l >= 0:
            proven = await self._proven(tile)
            if proven is not None:
                await self._kept()
                return proven
        # It is beyond the tree that is known, or has the records themselves: clients prove it, and
        # nothing of it is kept.
        found = await self._place.ask(f"/{path}", _MAX_DATA)
        if isinstance(found, Missing):
            return found
        if tile.l >= 0 and len(found.body) != tile.size():
            raise UpstreamFault(f"{self.name}/{path}: the checksum database sent no such tile")
        return found.body

    async def held_tile(self, tile: tlog.Tile) -> bytes | None:
        """Return a tile without asking for anything; None if it is not kept."""
        return await self._instead(tile)

    async def _proven(self, tile: tlog.Tile) -> bytes | None:
        try:
            proven = await self._client.tile(tile)
            if proven is None:
                # Another process may know a larger tree.
                self._head = None
                proven = await self._client.tile(tile)
            if proven is None:
                await self.head()
                proven = await self._client.tile(tile)
            return proven
        except GoError as error:
            raise self._not_proven(tile.path(), error) from error
        except UpstreamFault:
            instead = await self._instead(tile)
            if instead is None:
                raise
            return instead

    async def _prove(self, path: str, version: str) -> list[str]:
        async def prove() -> list[str]:
            try:
                return await self._client.record(path, version)
            except GoError as error:
                raise self._not_proven(f"{path}@{version}", error) from error

        # Once for all who need it: who comes while it is being kept would ask again.
        return await asyncio.shield(self._upstream.share(f"record {path}@{version}", prove))

    def _not_proven(self, what: str, error: GoError) -> NotProven:
        line = str(error)
        if self.name not in line:
            line = f"the checksum database {self.name}: {line}"
        refusal = NotProven(line)
        log.error("Refused %s from the remote %s: %s", what, self._remote_name, refusal.line)
        metrics.refused(self._upstream.settings)
        return refusal

    @property
    def _remote_name(self) -> str:
        return self._upstream.settings.name

    async def _instead(self, tile: tlog.Tile) -> bytes | None:
        """What may be served of a tile while the database does not answer."""
        # The hashes of a narrower tile are the first ones of a wider one.
        widths = range(min(1 << tile.h, _MAX_WIDTH), tile.w - 1, -1)
        wider = [tile._replace(w=width).path() for width in widths]
        keys = [self._place.question(name).key for name in wider]
        body = await self._upstream.threads.database(self._any_of, keys)
        return body[: tile.size()] if body else None

    def _any_of(self, keys: list[str]) -> bytes | None:
        found = GoCacheEntry.objects.filter(
            remote=self._upstream.settings.pk, key__in=keys, status=200, expires=None
        ).first()
        return bytes(found.body) if found else None

    # What the client of golang.sumdb needs: see ClientOps.

    async def read_remote(self, path: str, limit: int, /) -> bytes:
        """Read from the database, once for all who need the same."""

        async def read() -> bytes:
            found = await self._place.ask(path, limit)
            if isinstance(found, Missing):
                line = f"{self.name}{path}: the checksum database answered {found.status}"
                words = f" ({found.words})" if found.words else ""
                raise NoRecord(line + words, found)
            return found.body

        return await asyncio.shield(self._upstream.share(f"sumdb {path}", read))

    async def read_config(self, file: str, /) -> bytes:
        """Return the signed tree head that is known."""
        if self._head is None:
            row = await self._upstream.read(self._place.question("latest", head=True))
            self._head = row.body if row else b""
        return self._head

    async def write_config(self, file: str, old: bytes, new: bytes, /) -> None:
        """Move the known tree head on, unless another process has."""
        self._head = None
        # Whoever finds the head moved must find what proves the smaller trees in it.
        await self._kept()
        if not await self._upstream.threads.database(self._move_head, old, new):
            raise WriteConflictError(f"the tree head of {self.name} was moved in the meantime")
        self._head = new
        await self._note_size(new)

    async def _note_size(self, head: bytes) -> None:
        """Remember how large the database is, once in a while: by that its records tell their age."""
        now = time.monotonic()
        if now < self._noted + _NOTED_EVERY:
            return
        self._noted = now
        size = open_head(head, self._upstream.settings.sumdb.key).tree.n
        key = self._upstream.settings.sumdb.key
        await self._upstream.threads.database(ages.mark, key, size, datetime.now(UTC))

    async def read_cache(self, file: str, /) -> bytes | None:
        """Return a kept answer or tile."""
        held = self._held.get(file)
        if held is None and self._upstream.keeps:
            row = await self._upstream.read(
                self._place.question(file.removeprefix(f"{self.name}/"))
            )
            if row is not None and row.found and row.expires is None:
                held = row.body
                self._held.put(file, held)
        return held

    async def write_cache(self, file: str, data: bytes, /) -> None:
        """Keep a proven answer or tile."""
        self._held.put(file, data)
        if self._upstream.keeps:
            question = self._place.question(file.removeprefix(f"{self.name}/"))
            answer = CacheEntry(200, data, datetime.now(UTC), verified=True)
            written = self._upstream.write_soon(question, answer)
            if written is not None:
                self._unkept.add(written)
                written.add_done_callback(self._note_kept)

    async def _kept(self) -> None:
        """Wait until all that is proven is kept: whoever is told of it may ask another process for the rest."""
        if self._unkept:
            self._upstream.hurry()
            await asyncio.wait(self._unkept)

    def _note_kept(self, written: "asyncio.Future[Any]") -> None:
        self._unkept.discard(written)
        error = None if written.cancelled() else written.exception()
        if error is not None:
            log.info("What %s proves is not kept: %s", self.name, error)
            # It is proven, and kept, when it is needed again.
            self._held, self._lines = Lru(MAX_HELD), Lru(_MAX_LINES)
            self._client = Client(self, self._upstream.settings.sumdb.key)

    def _move_head(self, old: bytes, new: bytes) -> bool:
        question = self._place.question("latest", head=True)
        pk = question.pk
        now = datetime.now(UTC)
        if old:
            rows = GoCacheEntry.objects.filter(pk=pk, body=old)
            return bool(rows.update(body=new, checked=now))
        row = GoCacheEntry(
            pk=pk,
            remote_id=question.remote,
            key=question.key,
            path=question.path,
            file="sumdb",
            status=200,
            body=new,
            checked=now,
        )
        GoCacheEntry.objects.bulk_create([row], ignore_conflicts=True)
        return bool(GoCacheEntry.objects.filter(pk=pk, body=new).exists())
