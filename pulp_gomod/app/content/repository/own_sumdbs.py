"""Checksum databases of one's own, as the content app reads and feeds them."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from pulp_gomod.app.content.repository import own_sumdb_queries as queries
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.compiled import Statement
from pulp_gomod.app.db.executors import BoundedExecutor
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.app.exceptions import (
    ModuleVersionLoggedError,
    StorageUnavailableError,
    SumdbRefusesError,
)
from pulp_gomod.app.models.feeding import Entry
from pulp_gomod.app.storage.signing import find_contradiction, seal
from pulp_gomod.app.storage.taking_over import take_over
from pulp_gomod.golang.sumdb import tlog

log = logging.getLogger(__name__)

# Seconds between two looks at what has grown and is not signed.
EVERY = 3.0
# Seconds for which a process believes that what is kept outside of PostgreSQL agrees with it.
SOUND_FOR = 30.0
# How often a request waits for a signature: one that was being made already may not cover what was appended since,
# and the next one does.
_SEALS = 2
# Records that are appended together, and that may wait for it.
_TOGETHER = 500
MOST_WAITING = 2000
_MOST_KNOWN = 10_000
# Records and tiles that a process has in memory, and their bytes.
_MOST_ROWS = 20_000
_MOST_BYTES = 16 << 20


class Head(NamedTuple):
    """
    A checksum database, with the head that it gives out.

    Attributes:
        pk: The GoSumdb.
        refused: Why it signs nothing, or "".
        records: Records that it has.
        size: Records in the head's tree.
        message: The signed note.
        signed: When it was signed.
        resign: When it has to be signed again, or None.
    """

    pk: UUID
    refused: str
    records: int
    size: int
    message: bytes
    signed: datetime
    resign: datetime | None

    @classmethod
    def of(cls, row: Row) -> "Head":
        """Read a row whose first columns are these."""
        pk, refused, records, size, message, signed, resign = row[:7]
        return cls(pk, refused, records, size, bytes(message), signed, resign)

    @property
    def is_due(self) -> bool:
        """Whether it has to be signed again."""
        return self.resign is not None and self.resign <= datetime.now(UTC)


def has_tile(row: Row, tile: tlog.Tile) -> bool:
    """
    Say whether a row has a tile as wide as it is wanted, and its head, too.

    Args:
        row: As of `own_sumdb_queries.tile`.
    """
    within = tlog.widest(tile, Head.of(row).size)
    return within is not None and within.w >= tile.w and len(row[7] or b"") >= tile.size()


class Busy(Exception):
    """Too many records wait to be appended."""


class Full(Exception):
    """
    As many records of others were appended in this hour as may be.

    Attributes:
        seconds: After how many there may be more.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Remembered(NamedTuple):
    """A row, and PostgreSQL's snapshot under which it is right."""

    snapshot: str
    row: Row


def _size(known: _Remembered) -> int:
    return sum(len(each) for each in known.row if isinstance(each, str | bytes | memoryview))


_IsBehind = Callable[[Head, Row], bool]


class OwnSumdbs:
    """
    Reads checksum databases of one's own; signs and appends in threads.

    Args:
        lookups: Where to ask.
    """

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._executor = BoundedExecutor("gomod-own-sumdb", 2, uses_orm=True)
        self._flights: SingleFlight[str] = SingleFlight()
        self._sound: Lru[UUID, float] = Lru(_MOST_KNOWN)
        # Names of which there is none, under a snapshot of PostgreSQL.
        self._none: Lru[tuple[str, UUID, str], bool] = Lru(_MOST_KNOWN)
        # Where there was one; that decides what is looked at first, and nothing else.
        self._some: Lru[tuple[UUID, str], bool] = Lru(_MOST_KNOWN)
        self._writers: dict[UUID, _Writer] = {}
        self._rows: Lru[tuple[object, ...], _Remembered] = Lru(_MOST_ROWS, _MOST_BYTES, _size)
        self._full: Lru[UUID, float] = Lru(_MOST_KNOWN)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sign what has grown, now and then, whoever is asked for it: for witnesses, and to be kept elsewhere."""
        task = asyncio.create_task(self._sign())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._close()

    async def _sign(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                for (pk,) in await self._lookups.ask(queries.behind()):
                    await self._seal(pk)
            except Exception as error:
                log.warning("The head of a checksum database was not signed: %s", error)

    async def _close(self) -> None:
        await self._flights.close()
        for writer in self._writers.values():
            await writer.close()
        self._executor.close()

    def is_none(self, snapshot: str, repository: UUID, name: str) -> bool:
        """
        Say whether it is known that a repository feeds no checksum database of a name.

        Args:
            snapshot: PostgreSQL's, under which that has to be known.
            repository: The repository's pk.
        """
        return bool(snapshot) and self._none.get((snapshot, repository, name)) is not None

    def note_none(self, snapshot: str, repository: UUID, name: str) -> None:
        """
        Note that there is none.

        Args:
            snapshot: As of `is_none`.
            repository: The repository's pk.
        """
        if snapshot:
            self._none.put((snapshot, repository, name), True)

    def is_some(self, repository: UUID, name: str) -> bool:
        """
        Say whether a repository was seen to feed a checksum database of a name.

        Args:
            repository: The repository's pk.
        """
        return self._some.get((repository, name)) is not None

    def note_some(self, repository: UUID, name: str) -> None:
        """
        Note that it does.

        Args:
            repository: The repository's pk.
        """
        self._some.put((repository, name), True)

    async def head(self, repository: UUID, name: str) -> Row | None:
        """
        Return the row of `own_sumdb_queries.head`, once it may be given out; None if there is none.

        Args:
            repository: The repository's pk.

        Raises:
            SumdbRefusesError: Nothing is given out, since it would contradict what was.
        """
        values = {"repository": repository, "name": name}
        return await self._ask(queries.head(), values, lambda head, row: head.records > head.size)

    async def lookup(
        self, snapshot: str, repository: UUID, name: str, module: str, version: str
    ) -> Row | None:
        """
        Return a row as of `own_sumdb_queries.lookup`, once it may be given out; None if there is no such database.

        Args:
            snapshot: PostgreSQL's, under which it may be remembered.
            repository: The repository's pk.
            module: The module path.

        Raises:
            SumdbRefusesError: Nothing is given out, since it would contradict what was.
        """
        values = {"repository": repository, "name": name, "module": module, "version": version}
        return await self._recall(
            snapshot,
            queries.lookup(),
            values,
            lambda head, row: row[7] is not None and row[7] >= head.size,
        )

    async def tile(self, snapshot: str, repository: UUID, name: str, tile: tlog.Tile) -> Row | None:
        """
        Return a row as of `own_sumdb_queries.tile`, once it may be given out; None if there is no such database.

        Args:
            snapshot: PostgreSQL's, under which it may be remembered.
            repository: The repository's pk.

        Raises:
            SumdbRefusesError: Nothing is given out, since it would contradict what was.
        """
        values = {"repository": repository, "name": name, "level": tile.l, "tile": tile.n}
        # Whoever has just been told of a head asks for its tiles next.
        return await self._recall(
            snapshot, queries.tile(), values, suffices=lambda row: has_tile(row, tile)
        )

    async def _recall(
        self,
        snapshot: str,
        statement: Statement,
        values: dict[str, object],
        is_behind: _IsBehind = lambda head, row: False,
        suffices: Callable[[Row], bool] = lambda row: True,
    ) -> Row | None:
        """
        Return a row as `_ask` does, without asking again while nothing at all was written.

        Args:
            suffices: Says whether a row that is remembered has what is wanted. That nothing was written is what was
                so a moment ago.
        """
        key = (statement.sql, *values.values())
        known = self._rows.get(key) if snapshot else None
        if known is not None and known.snapshot == snapshot and suffices(known.row):
            head = Head.of(known.row)
            await self._require_sound(head)
            if not head.is_due:
                return known.row
        row = await self._ask(statement, values, is_behind)
        # What is not on record may be in a moment, and strangers can ask for all that there is.
        if row is not None and snapshot and row[7] is not None:
            self._rows.put(key, _Remembered(snapshot, row))
        return row

    async def _ask(
        self,
        statement: Statement,
        values: dict[str, object],
        is_behind: _IsBehind = lambda head, row: False,
    ) -> Row | None:
        """Return a row whose first columns are a Head's, once that may be given out; signed anew where it has to be."""
        rows = await self._lookups.ask(statement, **values)
        for _ in range(_SEALS):
            if not rows:
                return None
            head = Head.of(rows[0])
            await self._require_sound(head)
            if not (head.is_due or is_behind(head, rows[0])):
                break
            await self._seal(head.pk)
            rows = await self._lookups.ask(statement, **values)
        return rows[0] if rows else None

    async def records(self, repository: UUID, name: str, first: int, end: int) -> list[Row]:
        """
        Return the rows of `own_sumdb_queries.records`.

        Args:
            repository: The repository's pk.
            first: The number of the first record.
            end: The number behind the last one.
        """
        values = {"repository": repository, "name": name, "first": first, "end": end}
        return await self._lookups.ask(queries.records(), **values)

    async def add(self, pk: UUID, entry: Entry) -> None:
        """
        Append a record that another checksum database has proven, together with others that come in.

        Args:
            pk: The GoSumdb.
            entry: The record.

        Raises:
            ModuleVersionLoggedError: There is another record.
            SumdbRefusesError: Nothing may be appended.
            Busy: Too many wait.
            Full: There were too many in this hour.
        """
        writer = self._writers.get(pk)
        if writer is None:
            writer = self._writers[pk] = _Writer(self._executor, pk)
        try:
            await writer.add(entry)
        except Full as full:
            self._full.put(pk, time.monotonic() + full.seconds)
            raise

    def require_room(self, pk: UUID) -> None:
        """
        Check that records of others may be appended, as far as this process knows: before anybody is asked for them.

        Args:
            pk: The GoSumdb.

        Raises:
            Full: There were too many in this hour.
        """
        seconds = (self._full.get(pk) or 0.0) - time.monotonic()
        if seconds > 0:
            raise Full(seconds)

    async def _require_sound(self, head: Head) -> None:
        refused = head.refused
        if time.monotonic() > (self._sound.get(head.pk) or 0.0):
            refused = await asyncio.shield(
                self._flights.start(("sound", head.pk), lambda: self._find_out(head.pk))
            )
        if refused:
            raise SumdbRefusesError(refused)

    async def _find_out(self, pk: UUID) -> str:
        try:
            refused = await self._executor.run(find_contradiction, pk)
        except StorageUnavailableError as error:
            # The head that is there was noted before it was signed.
            log.warning("It is not known whether a checksum database may go on: %s", error)
            return ""
        if not refused:
            self._sound.put(pk, time.monotonic() + SOUND_FOR)
        return refused

    async def _seal(self, pk: UUID) -> None:
        async def run() -> str:
            await self._executor.run(seal, pk)
            return ""

        await asyncio.shield(self._flights.start(("seal", pk), run))


class _Writer:
    """Appends what comes in for one checksum database, a batch at a time."""

    def __init__(self, executor: BoundedExecutor, pk: UUID) -> None:
        self._executor = executor
        self._pk = pk
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def add(self, entry: Entry) -> None:
        if len(self._waiting) >= MOST_WAITING:
            raise Busy
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
                try:
                    await self._append(batch)
                finally:
                    for _, done in batch:
                        if not done.done():
                            done.cancel()
        finally:
            self._task = None

    async def _append(self, batch: Sequence[tuple[Entry, "asyncio.Future[None]"]]) -> None:
        try:
            entries = [entry for entry, _ in batch]
            taken, seconds = await self._executor.run(take_over, self._pk, entries)
        except Exception as error:
            if len(batch) > 1 and isinstance(error, ModuleVersionLoggedError):
                # One of them is at fault; the others are not.
                for each in batch:
                    await self._append([each])
                return
            for _, done in batch:
                if not done.done():
                    done.set_exception(error)
            return
        for number, (_, done) in enumerate(batch):
            if done.done():
                continue
            if number < taken:
                done.set_result(None)
            else:
                done.set_exception(Full(seconds))
