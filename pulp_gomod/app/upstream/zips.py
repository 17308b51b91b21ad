"""The zips of a remote: fetched once, verified, judged, stored, and only then sent."""

import asyncio
import hashlib
import logging
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.goproxy.modules import StoredZip
from pulp_gomod.app.storage.faults import UNAVAILABLE
from pulp_gomod.app.upstream import answers, judging, metrics
from pulp_gomod.app.upstream.answers import Answer, Question
from pulp_gomod.app.upstream.modules import UpstreamModules
from pulp_gomod.app.upstream.reading import is_version, parse_info
from pulp_gomod.app.upstream.results import Missing, NotProven, UpstreamFault, one_line
from pulp_gomod.app.upstream.room import Room
from pulp_gomod.app.upstream.spool import Spool
from pulp_gomod.app.upstream.sumdb import ChecksumDatabase
from pulp_gomod.app.upstream.upstream import Upstream
from pulp_gomod.golang.zip import Upload
from pulp_gomod.verifier.checks import Fetched, Verified

log = logging.getLogger(__name__)

T = TypeVar("T")

UNSTORED = "the storage of this server's files does not answer, so the zip cannot be kept"


@dataclass(frozen=True, slots=True)
class Passed:
    """
    A zip that is passed on and not kept.

    Attributes:
        spool: Where it is, for as long as this is referred to.
        sha256: Its digest, hexadecimal.
        fetched: When it came.
        reason: Why it is not kept.
    """

    spool: Spool
    sha256: str
    fetched: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A zip that is asked for.

    Attributes:
        path: The module path.
        version: What is asked for.
        repository: The pk of the repository that it would join.
        joins: Whether it joins the repository by itself, as what clients ask for does.
        h1: The checksum that it has to have, or "".
    """

    path: str
    version: str
    repository: UUID
    joins: bool = True
    h1: str = ""


class Zips:
    """The zips of one remote."""

    def __init__(
        self,
        upstream: Upstream,
        modules: UpstreamModules,
        sumdb: ChecksumDatabase | None,
        room: Room,
    ) -> None:
        """
        Args:
            upstream: The remote.
            modules: Its other files.
            sumdb: Its checksum database, or None.
            room: How much may be kept.
        """
        self._upstream = upstream
        self._modules = modules
        self._sumdb = sumdb
        self._room = room

    async def known(self, asked: Asked) -> StoredZip | None:
        """
        Return a zip that is stored already, and see that it joins the repository.

        Args:
            asked: What is asked for.

        Raises:
            NotProven: The repository has another one on record.
        """
        question = self._modules.question("zip", asked.path, asked.version)
        answer = await self._upstream.read(question) if self._upstream.keeps else None
        if answer is None or answer.zip is None or answer.pk is None:
            return None
        if not self._upstream.has_arrived(asked.repository, answer.pk):
            # It may have been fetched for another repository, which remembers other things.
            h1 = await self._upstream.threads.database(judging.h1_of, answer.pk)
            self._compare_with_wanted(asked, h1)
            await self._compare_with_past(asked, h1)
        if asked.joins:
            self._upstream.arrive(asked.repository, answer.pk)
        return answer.zip

    async def get(self, asked: Asked) -> StoredZip | Passed | Missing:
        """
        Return a zip.

        Args:
            asked: What is asked for.

        Raises:
            UpstreamFault: The remote failed.
            NotProven: The zip is another one than the checksum database has.
        """
        question = self._modules.question("zip", asked.path, asked.version)

        async def alone() -> StoredZip | Passed | Missing:
            known = await self._upstream.read(question)
            if known is not None and known.zip is not None:
                # Another process has fetched it meanwhile, for somebody who asked for something else.
                stored = await self.known(asked)
                if stored is not None:
                    return stored
            # Many clients may ask for what is not there; a sync means to know.
            if asked.joins and known is not None and not known.found and known.is_fresh():
                return known.missing
            return await self._fetch(asked, question)

        async def fetch() -> StoredZip | Passed | Missing:
            if not self._upstream.keeps:
                return await self._fetch(asked, question)
            patience = self._upstream.settings.timeouts.zip
            return await self._upstream.alone(question.key, alone, patience)

        return await asyncio.shield(self._upstream.share(question.key, fetch))

    async def _fetch(self, asked: Asked, question: Question) -> StoredZip | Passed | Missing:
        path, version = asked.path, asked.version
        vouched = self._sumdb is not None and self._modules.covers(path, version)
        background = _Background()
        lines = background.start(self._lines(path, version)) if vouched else None
        info = background.start(self._about("info", path, version))
        go_mod = None if vouched else background.start(self._about("mod", path, version))
        try:
            spool = Spool(self._upstream.threads)
            missing = await self._upstream.file(question.path, spool, self._room.largest)
            if missing is not None:
                return await self._missing(question, missing)
            await spool.finish()
            metrics.received(self._upstream.settings, spool.size)
            if not is_version(path, version):
                return await self._pass(spool, f"{version} is no version")
            judged = await self._judge(spool, Fetched(path, version, vouched))
            proven = await lines if lines is not None else None
            if proven is not None:
                self._verify(proven, asked, judged)
            self._compare_with_wanted(asked, judged.h1)
            await self._compare_with_past(asked, judged.h1)
            whole = _Whole(asked, proven, info, go_mod)
            upload = await self._worth_keeping(whole, judged)
            if isinstance(upload, str):
                return await self._pass(spool, upload)
            answer = Answer(200, whole.said, datetime.now(UTC), verified=vouched)
            return await self._keep(spool, asked, question, upload, answer)
        finally:
            background.cancel()

    async def _judge(self, spool: Spool, check: Fetched) -> Verified:
        threads = self._upstream.threads
        judged = await threads.judge(judging.judge, spool.path, check)
        if judged is not None:
            return judged
        return await threads.wait(judging.judge_apart, spool.path, check)

    async def _lines(self, path: str, version: str) -> list[str]:
        assert self._sumdb is not None
        return await self._sumdb.lines(path, version)

    async def _about(self, file: answers.File, path: str, version: str) -> Answer | None:
        """Return another file of the module version, or None if the upstream fails there."""
        try:
            return await self._modules.get(file, path, version)
        except UpstreamFault as fault:
            log.info("No %s of %s@%s: %s", file, path, version, fault.line)
            return None

    def _verify(self, lines: list[str], asked: Asked, judged: Verified) -> None:
        assert self._sumdb is not None
        if not judged.h1:
            raise NotProven(
                f"{asked.path}@{asked.version}: verifying module: the upstream sent something that "
                f"has no checksum: {judged.reason}"
            )
        self._sumdb.check(lines, asked.path, asked.version, judged.h1)

    def _compare_with_wanted(self, asked: Asked, h1: str) -> None:
        """Refuse other bytes than those which are asked for."""
        if h1 and asked.h1 and h1 != asked.h1:
            metrics.refused(self._upstream.settings)
            raise NotProven(
                f"{asked.path}@{asked.version}: checksum mismatch: the upstream sends {h1}, "
                f"{asked.h1} is wanted: SECURITY ERROR"
            )

    async def _compare_with_past(self, asked: Asked, h1: str) -> None:
        """Refuse other bytes than those which the repository has on record."""
        recorded = await self._upstream.threads.database(
            judging.recorded, asked.repository, asked.path, asked.version
        )
        if h1 and recorded and h1 not in recorded:
            where = f"{asked.path}@{asked.version}"
            log.error("%s: the upstream sends %s, on record is %s", where, h1, recorded)
            metrics.refused(self._upstream.settings)
            raise NotProven(
                f"{where}: checksum mismatch: the upstream sends {h1}, which is not the "
                f"{' or '.join(sorted(recorded))} that it sent before: SECURITY ERROR"
            )

    async def _worth_keeping(self, whole: "_Whole", judged: Verified) -> Upload | str:
        """
        Return what the zip holds if all files make a whole and there is room, which it has then.

        Otherwise say why it is not kept.
        """
        upload = judged.upload
        if upload is not None and not self._upstream.keeps:
            return "the remote keeps nothing"
        reason = judged.reason if upload is None else await whole.flaw(upload)
        if upload is not None and not reason:
            if await self._room.reserve(whole.asked.repository, upload.size):
                return upload
            reason = "the cache is full"
        where = f"{whole.asked.path}@{whole.asked.version}"
        log.warning("%s is passed on and not kept: %s", where, one_line(reason))
        return reason

    async def _keep(
        self, spool: Spool, asked: Asked, question: Question, upload: Upload, answer: Answer
    ) -> StoredZip | Passed:
        kept = False
        try:
            await self._upstream.threads.store(
                judging.take_in,
                spool.path,
                upload,
                self._upstream.settings.domain,
                asked.repository if asked.joins else None,
                question,
                answer,
            )
            kept = True
        except StorageUnavailableError:
            return await self._pass_unstored(spool, asked)
        finally:
            self._room.settle(asked.repository, upload.size, kept=kept)
        if asked.joins:
            self._upstream.arrived(asked.repository)
        stored = await self._upstream.read(question)
        if stored is None or stored.zip is None:
            raise UpstreamFault(f"{asked.path}@{asked.version} was stored, and is gone already")
        return stored.zip

    async def _pass_unstored(self, spool: Spool, asked: Asked) -> Passed:
        """Let clients have a verified zip that cannot be stored; a sync is told that it cannot."""
        if asked.joins and await self._upstream.threads.write(os.path.exists, spool.path):
            return await self._pass(spool, UNAVAILABLE)
        raise UpstreamFault(UNSTORED, status=503)

    async def _missing(self, question: Question, missing: Missing) -> Missing:
        if self._upstream.keeps:
            answer = answers.of_fetched(missing, None, self._upstream.not_found_ttl)
            await self._upstream.write(question, answer)
        return missing

    async def _pass(self, spool: Spool, reason: str) -> Passed:
        sha256 = await self._upstream.threads.judge(_sha256, spool.path)
        return Passed(spool, sha256, datetime.now(UTC), one_line(reason))


@dataclass(frozen=True, slots=True)
class _Whole:
    """A zip and what else the upstream says of the module version."""

    asked: Asked
    proven: list[str] | None
    info: "asyncio.Task[Answer | None]"
    go_mod: "asyncio.Task[Answer | None] | None"

    @property
    def said(self) -> bytes:
        """The upstream's `.info`, if it has come."""
        is_there = self.info.done() and not self.info.cancelled() and not self.info.exception()
        about = self.info.result() if is_there else None
        return about.body if about is not None and about.found else b""

    async def flaw(self, upload: Upload) -> str:
        """
        Say what does not fit together; "" if all does.

        Clients have seen the upstream's `.mod`: once the zip is held, they get the one in the zip.
        """
        if self.proven is not None:
            line = f"{self.asked.path} {self.asked.version}/go.mod {upload.go_mod_h1}"
            return "" if line in self.proven else "its go.mod is not the one on record"
        said = await self.go_mod if self.go_mod is not None else None
        if said is None or not said.found or said.body != upload.go_mod:
            return "its go.mod is not the upstream's .mod"
        about = await self.info
        found = parse_info(about.body) if about is not None and about.found else None
        if found is None or found.version != self.asked.version:
            return "the upstream's .info cannot be used"
        return ""


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


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
