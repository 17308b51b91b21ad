"""One remote in one content process: its connections, its health, and the shelf of its answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import IntegrityError
from yarl import URL

from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.gathering import Gathering
from pulp_gomod.app.db.locks import AdvisoryLocks
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.pool import Ask, Database
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.app.remote import pull_through_metrics as metrics
from pulp_gomod.app.remote.cache import entries, generations, queries
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey
from pulp_gomod.app.remote.cache.eviction import size_of
from pulp_gomod.app.remote.cache.quota import CacheQuota
from pulp_gomod.app.remote.http.fetch import Fetcher
from pulp_gomod.app.remote.http.health import HANGS, Health
from pulp_gomod.app.remote.http.parties import host_of
from pulp_gomod.app.remote.http.results import Fetched, Missing, Unchanged, UpstreamFault
from pulp_gomod.app.remote.http.session import Sessions, open_sessions
from pulp_gomod.app.remote.http.sinks import Sink
from pulp_gomod.app.remote.ingest import Ingest
from pulp_gomod.app.remote.settings import RemoteSettings
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.golang.index import MOST

log = logging.getLogger(__name__)

T = TypeVar("T")

Small = tuple[CacheKey, CacheEntry]
"""A small file that is to be kept."""

# Bytes that a list, an `.info` or a record may have. go.mod files have Go's own limit.
MAX_DOCUMENT = 16 * 1024 * 1024
# Seconds for which requests may go on with settings that were replaced.
GRACE = 30.0
# Seconds after which a file is fetched although another process is about it: there, it may wait behind much else that
# somebody wants. To fetch a small one twice is little; most zips are there sooner.
TURN, ZIP_TURN = 5.0, 30.0
# Seconds after which an answer is kept that nobody waits for, and for which closing waits for that.
SOON, SETTLED_WITHIN = 0.05, 5.0
# Cache entries that are known to be pending, so that this is not written again.
MAX_PENDING = 50_000


class Upstream:
    """
    Everything there is of one remote, with the settings it has at the moment.

    Attributes:
        settings: The remote.
        threads: For what blocks.
        health: How it has been lately.
        ask: For reading.

    Args:
        settings: The remote.
        sessions: Its connections.
        database: For reading.
        threads: For what blocks.
        turns: For taking turns with other processes.
        ingest: For what is to be added to a repository.
    """

    def __init__(
        self,
        settings: RemoteSettings,
        sessions: Sessions,
        database: Database,
        threads: Threads,
        turns: AdvisoryLocks,
        ingest: Ingest,
    ) -> None:
        self.settings = settings
        self.threads = threads
        self.health = Health()
        self._sessions = sessions
        self._elsewhere = Health()
        self._fetcher = Fetcher(settings, sessions, self.health, self._elsewhere)
        # A client waits for its own file only, which may be large.
        self.ask: Ask = Lookups(database).ask if settings.linger else database.ask
        self._turns = turns
        self._ingest = ingest
        # By the state of an answer, the repositories that it is added to: what replaces it is added anew.
        self._pending: Lru[str, set[UUID]] = Lru(MAX_PENDING)
        self._flights: SingleFlight[Any] = SingleFlight()
        self._space = CacheQuota(settings, threads)
        self._writing: Gathering[Small, UUID | None] = Gathering(
            self._write, lambda small: len(small[1].body)
        )

    @classmethod
    async def open(
        cls,
        settings: RemoteSettings,
        database: Database,
        threads: Threads,
        turns: AdvisoryLocks,
        ingest: Ingest,
    ) -> "Upstream":
        """Make the connections for a remote; see `__init__`."""
        sessions = await open_sessions(settings, threads)
        return cls(settings, sessions, database, threads, turns, ingest)

    async def close(self) -> None:
        """Call off what is under way, and close the connections."""
        await self._flights.close()
        await self._writing.settle(SETTLED_WITHIN)
        self._space.close()
        await self._sessions.close()

    async def retire(self) -> None:
        """Close the connections once what is under way has landed, or when all is called off."""
        try:
            # A request that has this one at hand may not have asked anything yet.
            await asyncio.sleep(GRACE)
            await self._flights.landed()
        finally:
            await self.close()

    # What documents need: see documents.Shelf.

    @property
    def keeps(self) -> bool:
        """Whether answers are kept."""
        return self.settings.keeps

    @property
    def takes_turns(self) -> bool:
        """Whether answers are fetched by one process at a time."""
        return self.settings.takes_turns

    @property
    def not_found_ttl(self) -> float:
        """Seconds for which "not found" stands."""
        return self.settings.not_found_ttl

    def is_doubtful(self, key: str) -> bool:
        """Say whether waiting for an answer is probably in vain."""
        age = self._flights.age(key)
        # It may be another process that waits for the upstream, in whose turn it is.
        return self.health.doubtful or (age > HANGS and not self.health.was_heard_within(age))

    def count(self, hit: bool, file: str) -> None:
        """Count a request that was answered from the shelf, or that the upstream is asked for."""
        (metrics.hit if hit else metrics.missed)(self.settings, file)

    async def read(self, question: CacheKey) -> CacheEntry | None:
        """Return what was said last."""
        return await entries.read(self.ask, question)

    async def write(
        self, question: CacheKey, answer: CacheEntry, known: CacheEntry | None = None
    ) -> CacheEntry:
        """Keep what was said in place of what was known, if there is room."""
        before = size_of(question, known) if known else 0
        if not self._space.take(size_of(question, answer), before):
            return answer
        # What belongs to no zip may be kept whatever is kept of one.
        own = question if answer.found else replace(question, whole="")
        try:
            pk = await self._writing.do((own, answer))
        except IntegrityError:
            log.info("The remote %s is gone; its response is not cached.", self.settings.name)
            return answer
        return replace(answer, pk=pk) if pk is not None else await self._overtaken(question)

    def write_soon(
        self, question: CacheKey, answer: CacheEntry
    ) -> "asyncio.Future[UUID | None] | None":
        """
        Keep what never changes, soon; nobody has to wait for that.

        Returns:
            What comes of it, None if there is no room.
        """
        if not self._space.take(size_of(question, answer), 0):
            return None
        return self._writing.put_off((question, answer), SOON)

    def hurry(self) -> None:
        """Keep now what is to be kept soon."""
        self._writing.hurry()

    async def _write(self, small: Sequence[Small]) -> Sequence[UUID | None | Exception]:
        try:
            return await self.threads.database(generations.write_each, small)
        except DatabaseError as error:
            if len(small) == 1:
                raise
            log.info("Keeping responses one by one: %s", error)
            return [await self._write_alone(each) for each in small]

    async def _write_alone(self, small: Small) -> UUID | None | Exception:
        try:
            return (await self.threads.database(generations.write_each, [small]))[0]
        except DatabaseError as error:
            failure: Exception = error
            return failure

    async def _overtaken(self, question: CacheKey) -> CacheEntry:
        """Return what belongs to the zip that was kept while something else was fetched."""
        belongs = await self.read(question)
        if belongs is None:
            where = f"{question.module}@{question.version}"
            raise UpstreamFault(f"{where} was published again upstream; try again", status=503)
        return belongs

    async def alone(
        self,
        question: CacheKey,
        fetch: Callable[[CacheEntry | None], Awaitable[T]],
        *,
        is_zip: bool = False,
    ) -> T:
        """Run a fetch while no other process fetches the same, given what was said last."""
        patience, values = (
            ZIP_TURN if is_zip else TURN,
            {"remote": question.remote, "key": question.key},
        )
        async with self._turns.take(question.key, patience, queries.answer(), values) as turn:
            if turn.rows is None:
                return await fetch(await self.read(question))
            return await fetch(entries.of_rows(turn.rows))

    def share(self, key: str, fetch: Callable[[], Coroutine[Any, Any, T]]) -> "asyncio.Task[T]":
        """Run a fetch for all in this process who wait for the same."""
        return self._flights.start(key, fetch)

    def add_pending(self, repository: UUID, answer: CacheEntry) -> None:
        """
        Have what an answer brought added to a repository.

        Args:
            repository: The repository's pk.
            answer: The answer, which is kept.
        """
        if answer.pk is None or self.is_pending(repository, answer):
            return
        self.note_written(repository, answer)
        self._ingest.add(repository, answer.pk)

    def is_pending(self, repository: UUID, answer: CacheEntry) -> bool:
        """
        Say whether it is known that an answer is to be added to a repository.

        Args:
            repository: The repository's pk.
        """
        return repository in self._repositories_of(answer)

    def _repositories_of(self, answer: CacheEntry) -> set[UUID]:
        return self._pending.get(answer.state) or set()

    def note_pending(self, repository: UUID) -> None:
        """
        Note that something is to be added to a repository.

        Args:
            repository: The repository's pk.
        """
        self._ingest.note(repository)

    def await_more(self, repository: UUID) -> None:
        """
        Note that a client is about to ask for more that is to be added to a repository.

        Args:
            repository: The repository's pk.
        """
        self._ingest.await_more(repository)

    def note_written(self, repository: UUID, answer: CacheEntry) -> None:
        """
        Remember that it is written down that an answer is to be added to a repository.

        Args:
            repository: The repository's pk.
            answer: The answer, which is kept.
        """
        self._pending.put(answer.state, {repository, *self._repositories_of(answer)})

    # Asking.

    async def document(
        self,
        path: str,
        known: CacheEntry | None = None,
        limit: int = MAX_DOCUMENT,
        *,
        binary: bool = False,
    ) -> Fetched | Unchanged | Missing:
        """
        Ask the upstream for something small.

        Args:
            path: Of the protocol.
            known: What is known already.
            limit: Bytes that it may have.
            binary: Whether it is no text.

        Raises:
            UpstreamFault: The upstream failed.
        """
        with self._watched():
            found = await self._fetcher.document(
                self.settings.at(path),
                limit,
                known.etag if known else "",
                known.last_modified if known else "",
                binary=binary,
            )
        if isinstance(found, Fetched):
            metrics.received(self.settings, len(found.body))
        return found

    async def elsewhere(self, url: URL, limit: int) -> Fetched | Missing:
        """
        Ask somebody else, such as a checksum database, without the upstream's credentials.

        Args:
            url: Where.
            limit: Bytes that the answer may have.

        Raises:
            UpstreamFault: There was no answer.
        """
        with self._elsewhere.watch():
            found = await self._fetcher.document(url, limit, trusted=False, binary=True)
        assert not isinstance(found, Unchanged)
        return found

    async def index(self, since: str, limit: int) -> Fetched | Missing:
        """
        Ask the index of the upstream, which may be somebody else's: then without the upstream's credentials.

        Args:
            since: The first time that is of interest.
            limit: Bytes that the answer may have.

        Raises:
            UpstreamFault: There was no answer.
        """
        url = URL(self.settings.index_url, encoded=True).with_query(since=since, limit=str(MOST))
        trusted = url.origin() == URL(self.settings.url).origin()
        with self.health.watch() if trusted else self._elsewhere.watch():
            found = await self._fetcher.document(url, limit, trusted=trusted, is_index=True)
        assert not isinstance(found, Unchanged)
        return found

    async def file(self, path: str, sink: Sink, limit: int) -> Missing | None:
        """
        Ask the upstream for something large; None if it is in the sink now.

        Args:
            path: Of the protocol.
            sink: Where it goes.
            limit: Bytes that it may have.

        Raises:
            UpstreamFault: The upstream failed.
        """
        with self._watched():
            return await self._fetcher.file(self.settings.at(path), sink, limit)

    @property
    def host(self) -> str:
        """Its host, for people."""
        return host_of(URL(self.settings.url))

    @contextmanager
    def told(self) -> Iterator[None]:
        """Have faults that are found in what it sent name it."""
        try:
            yield
        except UpstreamFault as fault:
            fault.tell(f"the upstream {self.host}")
            raise

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with self.health.watch():
                yield
        except UpstreamFault as fault:
            metrics.failed(self.settings, fault.status)
            raise
