"""The cache rows of a remote: reading them fast, and writing them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from django.db import IntegrityError, connection

from pulp_gomod.app.db.pool import Ask
from pulp_gomod.app.models import GoPendingEntry
from pulp_gomod.app.remote.cache import queries
from pulp_gomod.app.remote.http.results import Fetched, Missing
from pulp_gomod.app.storage.stored_zip import StoredZip

File = Literal["list", "latest", "info", "mod", "zip", "sumdb"]


@dataclass(frozen=True, slots=True)
class CacheKey:
    """
    What a remote may be asked.

    Attributes:
        remote: The remote's pk.
        key: Names the row that keeps the answer.
        path: The path of the protocol.
        file: Which file it is.
        module: The module path, "" for a checksum database.
        version: The version or query, "" for a list.
        whole: For the `.info` and the `.mod` of a version the key of its zip, which they belong to.
    """

    remote: UUID
    key: str
    path: str
    file: File
    module: str = ""
    version: str = ""
    whole: str = ""

    @property
    def pk(self) -> UUID:
        """The row's pk: always the same, since bulk_create does not tell that of a row that was there."""
        return uuid5(self.remote, self.key)


# By how much the clocks of two machines may differ.
_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """
    What a remote said.

    Attributes:
        status: 200, 404 or 410.
        body: The bytes, or for 404 and 410 its words.
        checked: When it last said so.
        expires: From when on it has to be asked again; None for what never changes.
        pk: The row, or None if the answer is not kept.
        etag: The upstream's validator.
        last_modified: The upstream's other validator.
        verified: Whether the checksum database vouches for it.
        zip: The stored zip.
    """

    status: int
    body: bytes
    checked: datetime
    expires: datetime | None = None
    pk: UUID | None = None
    etag: str = ""
    last_modified: str = ""
    verified: bool = False
    zip: StoredZip | None = None

    @property
    def found(self) -> bool:
        """Whether there is such a thing."""
        return self.status == 200

    def is_fresh(self, slack: float = 0.0) -> bool:
        """
        Say whether the answer still stands without asking.

        One from the future does not: the clock was wrong when it came, and nobody knows how old it is.

        Args:
            slack: Seconds by which it may be older than it should.
        """
        if self.expires is None:
            return True
        now = datetime.now(UTC)
        return self.checked - _SKEW <= now < self.expires + timedelta(seconds=slack)

    @property
    def state(self) -> str:
        """Names this answer and no other; "" if it is not kept."""
        return f"{self.pk}@{self.checked.timestamp()}" if self.pk is not None else ""

    @property
    def missing(self) -> Missing:
        """What it says of a thing that is not there."""
        return Missing(self.status, self.body.decode("utf-8", "replace"))


def of_fetched(
    found: Fetched | Missing, ttl: float | None, not_found_ttl: float, verified: bool = False
) -> CacheEntry:
    """
    Make an answer of what was just fetched.

    Args:
        found: What came.
        ttl: Seconds for which it stands; None for what never changes.
        not_found_ttl: Seconds for which "not found" stands.
        verified: Whether the checksum database vouches for it.
    """
    now = datetime.now(UTC)
    if isinstance(found, Missing):
        expires = now + timedelta(seconds=not_found_ttl)
        return CacheEntry(found.status, found.words.encode(), now, expires)
    end = None if ttl is None else now + timedelta(seconds=ttl)
    return CacheEntry(
        200, found.body, now, end, None, found.etag, found.last_modified, verified=verified
    )


async def read(ask: Ask, question: CacheKey) -> CacheEntry | None:
    """
    Return what the remote said last, however long ago.

    Args:
        ask: Runs a statement.
        question: What it was asked.
    """
    return of_rows(await ask(queries.answer(), remote=question.remote, key=question.key))


def of_rows(rows: Sequence[tuple[Any, ...]]) -> CacheEntry | None:
    """
    Make an answer of what was found of it, if anything was.

    Args:
        rows: What `queries.answer` finds.
    """
    if not rows:
        return None
    pk, status, body, etag, last_modified, checked, expires, verified, *stored = rows[0]
    return CacheEntry(
        status,
        bytes(body),
        checked,
        expires,
        pk,
        etag,
        last_modified,
        verified,
        StoredZip(*stored) if stored[0] is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """
    An answer to be kept.

    Attributes:
        question: What was asked.
        answer: What was said.
        content: For a zip the pk of the content unit.
    """

    question: CacheKey
    answer: CacheEntry
    content: UUID | None = None

    def values(self, now: datetime) -> dict[str, Any]:
        """The row's columns."""
        question, answer = self.question, self.answer
        return {
            "pulp_id": question.pk,
            "pulp_created": now,
            "pulp_last_updated": now,
            "remote": question.remote,
            "key": question.key,
            "path": question.path,
            "module": question.module,
            "version": question.version,
            "file": question.file,
            "status": answer.status,
            "body": answer.body,
            "content": self.content,
            "verified": answer.verified,
            "etag": answer.etag,
            "last_modified": answer.last_modified,
            "checked": answer.checked,
            "expires": answer.expires,
        }


def write(question: CacheKey, answer: CacheEntry, content: UUID | None = None) -> UUID:
    """
    Keep an answer in place of the last one, and return its row's pk. Uses the ORM.

    Args:
        question: What was asked.
        answer: What was said.
        content: For a zip the content unit.
    """
    write_all([Row(question, answer, content)])
    return question.pk


def write_all(rows: Iterable[Row]) -> None:
    """
    Keep answers in place of the last ones, in one order for all who do. Uses the ORM.

    Args:
        rows: The answers; of several to one question the last one counts.
    """
    now = datetime.now(UTC)
    chosen = {row.question.key: row.values(now) for row in rows}
    if not chosen:
        return
    sql, names = queries.upsert(len(chosen))
    with connection.cursor() as cursor:
        cursor.execute(sql, [chosen[key][name] for key in sorted(chosen) for name in names])


def add_pending(pending: Collection[tuple[UUID, UUID]]) -> None:
    """
    Note that what was fetched is to be added to repositories. Uses the ORM.

    Args:
        pending: Pks of a repository and of a cache entry.
    """
    rows = [GoPendingEntry(repository_id=where, entry_id=what) for where, what in pending]
    try:
        GoPendingEntry.objects.bulk_create(rows, ignore_conflicts=True)
    except IntegrityError:
        # A repository or an answer has been deleted meanwhile.
        if len(rows) > 1:
            for each in pending:
                add_pending([each])
