"""What a remote says of modules: each file of the GOPROXY protocol but the zip."""

import asyncio
from dataclasses import replace

from pulp_gomod.app.db.executors import compute_bytes
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.remote.cache import generations, lists
from pulp_gomod.app.remote.cache.documents import Asker, DocumentCache, DocumentRequest, Verdict
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey, File
from pulp_gomod.app.remote.cache.info import (
    MAX_INFO,
    is_version,
    parse_info,
    require_go_mod,
    require_info,
)
from pulp_gomod.app.remote.go_mods import UnreadableError
from pulp_gomod.app.remote.http.results import Fetched, Missing, Unchanged, UpstreamFault
from pulp_gomod.app.remote.sumdb.database import ChecksumDatabase
from pulp_gomod.app.remote.upstream import Upstream
from pulp_gomod.golang import dirhash, module, semver
from pulp_gomod.golang.zip import MAX_GO_MOD

# Questions that are remembered: a few hundred bytes each, or 16 KiB if somebody asks for such names.
_MAX_QUESTIONS = 512


class UpstreamModules:
    """
    The modules of one remote.

    Args:
        upstream: The remote.
        sumdb: Its checksum database, or None.
    """

    def __init__(
        self, upstream: Upstream, documents: DocumentCache, sumdb: ChecksumDatabase | None
    ) -> None:
        self._upstream = upstream
        self._documents = documents
        self._sumdb = sumdb
        # Each is asked several times while the files of a module version come.
        self._questions: Lru[tuple[str, str, str], CacheKey] = Lru(_MAX_QUESTIONS)

    def question(self, file: File, path: str, version: str = "") -> CacheKey:
        """
        Say what is asked.

        Args:
            path: The module path.
            version: A version, or whatever else is asked for.
        """
        known = self._questions.get((file, path, version))
        if known is None:
            known = self._question(file, path, version)
            self._questions.put((file, path, version), known)
        return known

    def _question(self, file: File, path: str, version: str) -> CacheKey:
        escaped = module.escape_path(path)
        settings, whole = self._upstream.settings, ""
        covered = file in ("mod", "zip") and self.covers(path, version)
        match file:
            case "list":
                name = f"{escaped}/@v/list"
            case "latest":
                name = f"{escaped}/@latest"
            case _:
                stem = f"{escaped}/@v/{module.escape_version(version)}"
                name = f"{stem}.{file}"
                # What the checksum database vouches for is what it is.
                if file in ("info", "mod") and not covered and is_version(path, version):
                    whole = settings.key(f"{stem}.zip", self.covers(path, version))
        key = settings.key(name, covered)
        return CacheKey(settings.pk, key, name, file, path, version, whole)

    def covers(self, path: str, version: str) -> bool:
        """
        Say whether the checksum database vouches for a module version.

        Args:
            path: The module path.
            version: A version; what is none, no database knows.
        """
        return is_version(path, version) and self._upstream.settings.covers(path)

    async def known(self, file: File, path: str, version: str = "") -> CacheEntry | None:
        """
        Return what the remote said last, without asking.

        Args:
            path: The module path.
            version: A version, or whatever else was asked for.
        """
        return await self._documents.known(self.question(file, path, version))

    async def get(self, file: File, path: str, version: str = "") -> CacheEntry:
        """
        Return what the remote says: a list, `@latest`, an `.info` or a `.mod`.

        Args:
            path: The module path.
            version: A version, or whatever else is asked for.

        Raises:
            UpstreamFault: The remote failed.
            NotProven: The checksum database has something else.
        """
        return await self._documents.get(self._wish(self.question(file, path, version)))

    async def ahead(self, file: File, path: str, version: str) -> CacheEntry | None:
        """
        Return what `get` would return, before anybody needs it; see DocumentCache.

        Args:
            path: The module path.

        Raises:
            UpstreamFault: The remote failed.
            NotProven: The checksum database has something else.
        """
        return await self._documents.ahead(self._wish(self.question(file, path, version)))

    async def renewed(self, file: File, path: str, version: str = "") -> CacheEntry:
        """
        Return what the remote says now, whatever it said a moment ago.

        Args:
            path: The module path.
            version: A version, or whatever else is asked for.

        Raises:
            UpstreamFault: The remote failed.
            NotProven: The checksum database has something else.
        """
        return await self._documents.renewed(self._wish(self.question(file, path, version)))

    async def now(self, file: File, path: str, version: str = "") -> CacheEntry:
        """
        Return what the remote says now, and keep what is kept.

        Args:
            path: The module path.
            version: A version, or whatever else is asked for.

        Raises:
            UpstreamFault: The remote failed.
        """
        return await self._documents.now(self._wish(self.question(file, path, version)))

    async def offered(self, file: File, path: str, version: str) -> tuple[CacheEntry, bool]:
        """
        Return what the remote says now, and whether it may be kept, but keep nothing.

        Args:
            path: The module path.

        Raises:
            UpstreamFault: The remote failed.
        """
        # Whoever asks so is about to keep the zip, and knows that none is kept.
        question = replace(self.question(file, path, version), whole="")
        return await self._documents.offered(self._wish(question))

    async def if_available(self, file: File, path: str, version: str = "") -> CacheEntry | None:
        """
        Return what is to be added to what is held, if the remote says it in time; see DocumentCache.

        Args:
            path: The module path.
            version: A version, or whatever else is asked for.
        """
        return await self._documents.if_available(self._wish(self.question(file, path, version)))

    def _wish(self, question: CacheKey) -> DocumentRequest:
        ttl = self._upstream.settings.cache_ttl
        if question.file == "list":
            return DocumentRequest(question, ttl, self._ask_for_list(question))
        if question.file == "mod":
            return self._mod_wish(question)
        if not is_version(question.module, question.version):
            return DocumentRequest(question, ttl, self._ask_for(question), _names_a_version)

        async def verify(body: bytes) -> Verdict:
            require_info(body)
            info = parse_info(body)
            return Verdict(keep=info is not None and info.version == question.version)

        return DocumentRequest(question, None, self._ask_for(question), verify)

    def _mod_wish(self, question: CacheKey) -> DocumentRequest:
        path, version = question.module, question.version
        sumdb = self._sumdb if self.covers(path, version) else None
        if sumdb is None:
            ttl = None if is_version(path, version) else self._upstream.settings.cache_ttl
            return DocumentRequest(question, ttl, self._ask_for(question), self._verify_go_mod)
        proof: list[asyncio.Task[list[str]]] = []

        async def ask(known: CacheEntry | None) -> Fetched | Unchanged | Missing:
            # The record is looked up while the file comes.
            lines = asyncio.create_task(sumdb.lines(path, version))
            lines.add_done_callback(lambda done: done.cancelled() or done.exception())
            proof[:] = [lines]
            try:
                found = await self._upstream.document(question.path, known, MAX_GO_MOD)
            except BaseException:
                lines.cancel()
                raise
            if isinstance(found, Missing):
                lines.cancel()
            return found

        async def verify(body: bytes) -> Verdict:
            require_go_mod(body)
            h1 = await compute_bytes(body, dirhash.hash_go_mod)
            sumdb.check(await proof[0], path, f"{version}/go.mod", h1)
            return Verdict(verified=True)

        return DocumentRequest(question, None, ask, verify)

    async def _verify_go_mod(self, body: bytes) -> Verdict:
        require_go_mod(body)
        go_mods = self._upstream.threads.go_mods
        try:
            async with asyncio.timeout(go_mods.patience):
                said = await go_mods.read(body)
        except (UnreadableError, TimeoutError):
            # Whoever asks again after it has been read finds it kept.
            return Verdict(keep=False)
        return Verdict(keep=said.is_usable)

    def _ask_for(self, question: CacheKey) -> Asker:
        limit = MAX_GO_MOD if question.file == "mod" else MAX_INFO

        async def ask(known: CacheEntry | None) -> Fetched | Unchanged | Missing:
            belongs = await self._of_zip(question) if known is None else None
            return belongs or await self._upstream.document(question.path, known, limit)

        return ask

    async def _of_zip(self, question: CacheKey) -> Fetched | None:
        """What the zip that is kept says: what the upstream says now may belong to another one."""
        if not (question.whole and self._upstream.keeps):
            return None
        zip = await self._upstream.read(replace(question, key=question.whole))
        if zip is None or zip.zip is None or zip.pk is None:
            return None
        if question.file == "info":
            return Fetched(zip.body) if zip.body else None
        go_mod = await self._upstream.threads.database(generations.go_mod_of, zip.pk)
        return None if go_mod is None else Fetched(go_mod)

    def _ask_for_list(self, question: CacheKey) -> Asker:
        async def ask(known: CacheEntry | None) -> Fetched | Unchanged | Missing:
            found = await self._upstream.document(question.path, known, lists.MAX_LIST)
            if not isinstance(found, Fetched):
                return found
            body = await self._upstream.threads.compute(
                len(found.body), lists.clean, question.module, found.body
            )
            return replace(found, body=body)

        return ask


async def _names_a_version(body: bytes) -> Verdict:
    """Verify the answer to a query: without a version in it, what was known before is better."""
    info = parse_info(body)
    if info is None or not semver.is_valid(info.version):
        raise UpstreamFault("the upstream's response names no version")
    return Verdict()
