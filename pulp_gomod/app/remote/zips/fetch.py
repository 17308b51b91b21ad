"""The zips of a remote: fetched once, verified, stored, and sent, what is proven while it is stored."""

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from pulp_gomod.app.db.gathering import Gathering
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.remote import pull_through_metrics as metrics
from pulp_gomod.app.remote.cache import entries, generations
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey
from pulp_gomod.app.remote.cache.info import is_version
from pulp_gomod.app.remote.http.results import (
    Broken,
    Missing,
    NotProven,
    UpstreamFault,
    one_line,
)
from pulp_gomod.app.remote.ingest import ingest_at_once
from pulp_gomod.app.remote.modules import UpstreamModules
from pulp_gomod.app.remote.sumdb.database import ChecksumDatabase
from pulp_gomod.app.remote.upstream import Upstream
from pulp_gomod.app.remote.zips import verify
from pulp_gomod.app.remote.zips.agreeing import Agreed, Others, Small
from pulp_gomod.app.remote.zips.past import Past, past_of, unit_of
from pulp_gomod.app.remote.zips.proven import Proven, ProvenZips
from pulp_gomod.app.remote.zips.quota import ZipQuota
from pulp_gomod.app.remote.zips.spool import Spool
from pulp_gomod.app.storage.faults import UNAVAILABLE
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang.zip import Upload
from pulp_gomod.verifier.checks import Fetched, Verified

log = logging.getLogger(__name__)

# Seconds that a zip waits until it has taken the place of another go.mod, and between looks at that.
REPLACED_WITHIN = 20.0
_LOOK = 0.2

# Seconds for which a zip that was fetched ahead need not be compared again, and how many there may be.
COMPARED_FOR = 30.0
MOST_COMPARED = 1024

# Bytes of a zip that is stored together with others.
SMALL = 1024 * 1024

T = TypeVar("T")

UNSTORED = "this server's file storage is not responding, so the zip cannot be kept"


@dataclass(frozen=True, slots=True)
class Uncached:
    """
    A zip that is passed on and not kept.

    Attributes:
        spool: Where it is, for as long as this is referred to.
        sha256: Its digest, hexadecimal.
        fetched: When it came.
        reason: Why it is not kept.
        h1: Go's checksum of it, "" if it has none.
        go_mod_h1: The checksum of its go.mod, "" if it is not known.
    """

    spool: Spool
    sha256: str
    fetched: datetime
    reason: str
    h1: str = ""
    go_mod_h1: str = ""


@dataclass(frozen=True, slots=True)
class ZipRequest:
    """
    A zip that is asked for.

    Attributes:
        path: The module path.
        version: What is asked for.
        repository: The pk of the repository that it would join.
        ingested: Whether it is added to the repository by itself, as what clients ask for does.
        h1: The checksum that it has to have, or "".
        ahead: Whether nobody has asked for it yet.
        at_once: Whether it may be sent while it is being stored.
        info: What the upstream says of the version, if that was asked for just now; it is kept with the zip.
        go_mod: The same of its `.mod`.
    """

    path: str
    version: str
    repository: UUID
    ingested: bool = True
    h1: str = ""
    ahead: bool = False
    at_once: bool = False
    info: CacheEntry | None = None
    go_mod: CacheEntry | None = None


class Zips:
    """
    The zips of one remote.

    Args:
        upstream: The remote.
        modules: Its other files.
        sumdb: Its checksum database, or None.
        room: How much may be kept.
    """

    def __init__(
        self,
        upstream: Upstream,
        modules: UpstreamModules,
        sumdb: ChecksumDatabase | None,
        room: ZipQuota,
    ) -> None:
        self._upstream = upstream
        self._modules = modules
        self._sumdb = sumdb
        self._room = room
        self._proven = ProvenZips(upstream.threads)
        self._joining: set[asyncio.Task[None]] = set()
        # When zips that were fetched ahead agreed with a repository.
        self._compared: Lru[tuple[UUID, str], float] = Lru(MOST_COMPARED)
        self._storing: Gathering[verify.Arrival, CacheEntry] = Gathering(
            self._store, lambda each: each.weight, upstream.settings.linger
        )

    async def known(self, asked: ZipRequest) -> StoredZip | None:
        """
        Return a zip that is stored already, and see that it is added to the repository.

        Args:
            asked: What is asked for.

        Raises:
            NotProven: The repository has another one on record.
        """
        question = self._modules.question("zip", asked.path, asked.version)
        answer = await self._upstream.read(question) if self._upstream.keeps else None
        if answer is None or answer.zip is None or answer.pk is None:
            return None
        is_pending = self._upstream.is_pending(asked.repository, answer)
        if not (is_pending or self._is_compared(asked, answer)):
            # It may have been fetched for another repository, which remembers other things.
            unit = await unit_of(self._upstream.ask, answer.pk)
            checksums = unit[1:] if unit is not None else ("", "")
            self._compare_with_wanted(asked, checksums[0])
            replaces = await self._compare_with_past(asked, *checksums)
            if replaces and asked.ingested:
                await self._replace(asked, answer.pk, checksums[1])
        if asked.ingested:
            self._upstream.add_pending(asked.repository, answer)
        return answer.zip

    async def get(self, asked: ZipRequest) -> StoredZip | Proven | Uncached | Missing:
        """
        Return a zip; to clients as soon as it is proven.

        Args:
            asked: What is asked for.

        Raises:
            UpstreamFault: The remote failed.
            NotProven: The zip is another one than the checksum database has.
        """
        question = self._modules.question("zip", asked.path, asked.version)

        async def alone(known: CacheEntry | None) -> StoredZip | Uncached | Missing:
            if known is not None and known.zip is not None:
                if asked.ahead:
                    return known.zip
                # Another process has fetched it meanwhile, for somebody who asked for something else.
                stored = await self.known(asked)
                if stored is not None:
                    return stored
            # Many clients may ask for what is not there; a sync means to know.
            is_of_clients = asked.ingested or asked.ahead
            if is_of_clients and known is not None and not known.found and known.is_fresh():
                return known.missing
            return await self._fetch(asked, question)

        async def fetch() -> StoredZip | Uncached | Missing:
            if not self._upstream.keeps:
                return await self._fetch(asked, question)
            return await self._upstream.alone(question, alone, is_zip=True)

        flight = self._upstream.share(question.key, fetch)
        if asked.at_once:
            early = await self._proven.first(question.key, flight)
            if early is not None and await self._is_for(asked, early):
                self._await_stored(asked, flight)
                return early
        found = await asyncio.shield(flight)
        if isinstance(found, Uncached):
            replaces = await self._compare_with_past(asked, found.h1, found.go_mod_h1)
            if replaces:
                # What is not kept cannot take the place of what is held.
                raise self._holds_another(asked, replaces, found.go_mod_h1)
        return found

    async def _is_for(self, asked: ZipRequest, zip: Proven) -> bool:
        """Say whether a zip may be sent that was compared with what another repository has on record, perhaps."""
        if zip.repository == asked.repository:
            return True
        return not await self._compare_with_past(asked, zip.h1, zip.go_mod_h1)

    def _await_stored(self, asked: ZipRequest, flight: "asyncio.Task[Any]") -> None:
        """See that a zip which was sent joins the repository once it is stored."""

        async def join() -> None:
            try:
                await asyncio.shield(flight)
                await self.known(asked)
            except UpstreamFault as fault:
                where = f"{asked.path}@{asked.version}"
                log.warning("%s was sent, but is not cached: %s", where, fault.line)
            except Exception:
                where = f"{asked.path}@{asked.version}"
                log.exception("%s was sent, but is not cached", where)

        task = asyncio.create_task(join())
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _fetch(self, asked: ZipRequest, question: CacheKey) -> StoredZip | Uncached | Missing:
        path, version = asked.path, asked.version
        vouched = self._sumdb is not None and self._modules.covers(path, version)
        background, others = _Background(), Others(self._modules, path, version)
        lines = background.start(self._lines(path, version)) if vouched else None
        info = background.start(_said(asked.info) or others.info(again=not vouched))
        go_mod = None if vouched else background.start(_said(asked.go_mod) or others.go_mod())
        spool = Spool(self._upstream.threads)
        try:
            missing = await self._upstream.file(question.path, spool, self._room.largest)
            if missing is not None:
                return await self._missing(question, missing)
            await spool.finish()
            metrics.received(self._upstream.settings, spool.size)
            verified = await self._verify_file(spool, Fetched(path, version, vouched))
            if verified.broken:
                raise Broken(f"the upstream sent no zip of {path}@{version}: {verified.broken}")
            if not is_version(path, version):
                return await self._pass(spool, f"{version} is not a version")
            proven = await lines if lines is not None else None
            if proven is not None:
                self._verify_h1(proven, asked, verified)
            self._compare_with_wanted(asked, verified.h1)
            past = asked, verified.h1, _go_mod_h1(verified.upload)
            replaces = await self._compare_with_past(*past)
            agreed = Agreed(verified.reason)
            if verified.upload is not None and proven is not None:
                agreed = _proven(asked, proven, verified.upload, info)
            elif verified.upload is not None and go_mod is not None:
                agreed = await others.agree(verified.upload, await info, await go_mod)
            flaw = await self._reserve(asked, verified, agreed)
            if flaw or verified.upload is None:
                return await self._pass(spool, flaw, verified.h1, agreed.go_mod_h1)
            if proven is not None and not replaces:
                key, go_mod_h1 = question.key, verified.upload.go_mod_h1
                await self._proven.offer(key, spool, verified.h1, go_mod_h1, asked.repository)
            answer = CacheEntry(200, agreed.info, datetime.now(UTC), verified=vouched)
            kept = await self._keep(spool, asked, question, verified.upload, answer, agreed.small)
            if isinstance(kept, Uncached):
                return kept
            if not replaces:
                # It agrees with what the repository knows, and need not be compared again.
                self._note_compared(asked, kept)
            assert kept.zip is not None
            return kept.zip
        except BaseException:
            spool.discard()
            raise
        finally:
            background.cancel()

    def _note_compared(self, asked: ZipRequest, kept: CacheEntry) -> None:
        if kept.pk is None:
            return
        if asked.ingested:
            self._upstream.note_written(asked.repository, kept)
        elif asked.ahead:
            self._compared.put((asked.repository, kept.state), time.monotonic())

    def _is_compared(self, asked: ZipRequest, answer: CacheEntry) -> bool:
        """Say whether a zip was compared a moment ago, when it was fetched before anybody asked for it."""
        compared = self._compared.get((asked.repository, answer.state))
        is_recent = compared is not None and time.monotonic() - compared < COMPARED_FOR
        return is_recent and not asked.h1

    async def _verify_file(self, spool: Spool, check: Fetched) -> Verified:
        threads = self._upstream.threads
        verified = await threads.verify(verify.verify, spool.path, check)
        if verified is not None:
            return verified
        return await threads.wait(verify.verify_apart, spool.path, check)

    async def _lines(self, path: str, version: str) -> list[str]:
        assert self._sumdb is not None
        return await self._sumdb.lines(path, version)

    def _verify_h1(self, lines: list[str], asked: ZipRequest, verified: Verified) -> None:
        assert self._sumdb is not None
        if not verified.h1:
            raise NotProven(
                f"{asked.path}@{asked.version}: verifying module: the upstream sent something that "
                f"has no checksum: {verified.reason}"
            )
        self._sumdb.check(lines, asked.path, asked.version, verified.h1)

    def _compare_with_wanted(self, asked: ZipRequest, h1: str) -> None:
        """Refuse other bytes than those which are asked for."""
        if h1 and asked.h1 and h1 != asked.h1:
            metrics.refused(self._upstream.settings)
            raise NotProven(
                f"{asked.path}@{asked.version}: checksum mismatch: the upstream sends {h1}, "
                f"{asked.h1} is wanted: SECURITY ERROR"
            )

    async def _compare_with_past(self, asked: ZipRequest, h1: str, go_mod_h1: str) -> str:
        """
        Refuse other bytes than those which the repository has on record.

        Returns:
            The checksum of another go.mod that the repository holds, and that nobody vouches for: what
            is fetched may take its place. "" if it holds none.
        """
        past = await self._past_of(asked)
        if h1 and past.recorded and h1 not in past.recorded:
            where = f"{asked.path}@{asked.version}"
            log.error("%s: the upstream sends %s, on record is %s", where, h1, past.recorded)
            metrics.refused(self._upstream.settings)
            raise NotProven(
                f"{where}: checksum mismatch: the upstream sends {h1}, which is not the "
                f"{' or '.join(sorted(past.recorded))} that it sent before: SECURITY ERROR"
            )
        if not go_mod_h1 or past.go_mod_h1 in ("", go_mod_h1):
            return ""
        if past.vouched:
            raise self._holds_another(asked, past.go_mod_h1, go_mod_h1)
        return past.go_mod_h1

    async def _past_of(self, asked: ZipRequest) -> Past:
        return await past_of(self._upstream.ask, asked.repository, asked.path, asked.version)

    def _holds_another(self, asked: ZipRequest, held: str, sent: str) -> NotProven:
        metrics.refused(self._upstream.settings)
        refusal = NotProven(
            f"{asked.path}@{asked.version}: checksum mismatch: the go.mod in the upstream's zip is "
            f"{sent}, and this repository holds {held}: SECURITY ERROR"
        )
        log.error("%s", refusal.line)
        return refusal

    async def _replace(self, asked: ZipRequest, answer: UUID, go_mod_h1: str) -> None:
        """
        Have a zip take the place of another go.mod that the repository holds, and wait for that.

        Until then clients would get that go.mod beside it.
        """
        database = self._upstream.threads.database

        async def replace() -> bool:
            await database(ingest_at_once, asked.repository, answer)
            end = time.monotonic() + REPLACED_WITHIN
            while time.monotonic() < end:
                await asyncio.sleep(_LOOK)
                past = await self._past_of(asked)
                if past.go_mod_h1 in ("", go_mod_h1):
                    return True
            return False

        key = f"replace {asked.repository} {answer}"
        if not await asyncio.shield(self._upstream.share(key, replace)):
            raise UpstreamFault(
                f"{asked.path}@{asked.version} was published again upstream, and the repository does "
                "not have its new go.mod yet; try again",
                status=503,
            )

    async def _reserve(self, asked: ZipRequest, verified: Verified, agreed: Agreed) -> str:
        """Take room for a zip; otherwise say why it is not kept."""
        if verified.upload is not None and not self._upstream.keeps:
            return "the remote keeps nothing"
        flaw = agreed.flaw
        if verified.upload is not None and not flaw:
            if await self._room.reserve(asked.repository, verified.upload.size):
                return ""
            flaw = "the cache is full"
            # What clients get beside it is kept nevertheless.
            await self._upstream.threads.database(generations.write_together, agreed.small)
        where = f"{asked.path}@{asked.version}"
        log.warning("%s is passed on without being cached: %s", where, one_line(flaw))
        return flaw or "it cannot be used"

    async def _keep(
        self,
        spool: Spool,
        asked: ZipRequest,
        question: CacheKey,
        upload: Upload,
        answer: CacheEntry,
        small: Small,
    ) -> CacheEntry | Uncached:
        kept = False
        try:
            repository = asked.repository if asked.ingested else None
            arrival = verify.Arrival(spool.path, upload, repository, question, answer, small)
            stored = await self._bring_in(arrival)
            kept = True
        except StorageUnavailableError:
            return await self._pass_unstored(spool, asked, upload)
        finally:
            self._room.settle(asked.repository, upload.size, kept=kept)
        if asked.ingested:
            self._upstream.note_pending(asked.repository)
        if stored.zip is not None:
            return stored
        found = await self._upstream.read(question)
        if found is None or found.zip is None:
            raise UpstreamFault(f"{asked.path}@{asked.version} was stored, but is already gone")
        return found

    async def _bring_in(self, arrival: verify.Arrival) -> CacheEntry:
        if arrival.upload.size <= SMALL:
            return await self._storing.do(arrival)
        # Others would wait until all of it is read.
        (came,) = await self._store([arrival])
        if isinstance(came, Exception):
            raise came
        return came

    async def _store(self, arrivals: Sequence[verify.Arrival]) -> list[CacheEntry | Exception]:
        domain = self._upstream.settings.domain
        return await self._upstream.threads.store(verify.take_in, domain, arrivals)

    async def _pass_unstored(self, spool: Spool, asked: ZipRequest, upload: Upload) -> Uncached:
        """Let clients have a verified zip that cannot be stored; a sync is told that it cannot."""
        is_of_clients = asked.ingested or asked.ahead
        if is_of_clients and await self._upstream.threads.write(os.path.exists, spool.path):
            return await self._pass(spool, UNAVAILABLE, upload.h1, upload.go_mod_h1)
        raise UpstreamFault(UNSTORED, status=503)

    async def _missing(self, question: CacheKey, missing: Missing) -> Missing:
        if self._upstream.keeps:
            answer = entries.of_fetched(missing, None, self._upstream.not_found_ttl)
            await self._upstream.write(question, answer)
        return missing

    async def _pass(self, spool: Spool, reason: str, h1: str = "", go_mod_h1: str = "") -> Uncached:
        sha256 = await self._upstream.threads.verify(_sha256, spool.path)
        return Uncached(spool, sha256, datetime.now(UTC), one_line(reason), h1, go_mod_h1)


def _go_mod_h1(upload: Upload | None) -> str:
    """Return the checksum of the go.mod in a zip, "" if there is none: then the `.mod` counts."""
    return upload.go_mod_h1 if upload is not None and upload.has_go_mod else ""


def _proven(
    asked: ZipRequest, lines: list[str], upload: Upload, info: "asyncio.Task[CacheEntry | None]"
) -> Agreed:
    """Say whether the checksum database vouches for the go.mod in a zip, too."""
    line = f"{asked.path} {asked.version}/go.mod {upload.go_mod_h1}"
    if line not in lines:
        return Agreed("its go.mod is not the one on record")
    is_there = info.done() and not info.cancelled() and not info.exception()
    about = info.result() if is_there else None
    said = about.body if about is not None and about.found else b""
    return Agreed("", said, go_mod_h1=upload.go_mod_h1)


class _Background:
    """What is done beside a fetch; what nobody needs in the end is called off."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._tasks.append(task)
        return task

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


def _said(answer: CacheEntry | None) -> Coroutine[Any, Any, CacheEntry | None] | None:
    """Return what gives an answer that is there already, if it is."""

    async def give() -> CacheEntry | None:
        return answer

    return give() if answer is not None else None


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
