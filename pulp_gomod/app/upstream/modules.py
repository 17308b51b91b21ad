"""What a remote says of modules: each file of the GOPROXY protocol but the zip."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from pulp_gomod.app.claims import check_origin, parse_time
from pulp_gomod.app.upstream.answers import Answer, File, Question
from pulp_gomod.app.upstream.documents import Asker, Documents, Verdict, Wish, keep_all
from pulp_gomod.app.upstream.results import Fetched, Missing, Unchanged
from pulp_gomod.app.upstream.sumdb import ChecksumDatabase
from pulp_gomod.app.upstream.upstream import Upstream
from pulp_gomod.golang import GoError, dirhash, modfile, module
from pulp_gomod.golang.zip import MAX_GO_MOD


@dataclass(frozen=True, slots=True)
class Info:
    """
    What an `.info` says.

    Attributes:
        version: The version.
        time: When it was made, RFC 3339, or "".
        origin: Where it was made, or None.
        body: All of it, word for word.
    """

    version: str
    time: str
    origin: dict[str, str] | None
    body: bytes


class UpstreamModules:
    """The modules of one remote."""

    def __init__(
        self, upstream: Upstream, documents: Documents, sumdb: ChecksumDatabase | None
    ) -> None:
        """
        Args:
            upstream: The remote.
            documents: Its documents.
            sumdb: Its checksum database, or None.
        """
        self._upstream = upstream
        self._documents = documents
        self._sumdb = sumdb

    def question(self, file: File, path: str, version: str = "") -> Question:
        """
        Say what is asked.

        Args:
            file: Which file.
            path: The module path.
            version: A version, or whatever else is asked for.
        """
        escaped = module.escape_path(path)
        match file:
            case "list":
                name = f"{escaped}/@v/list"
            case "latest":
                name = f"{escaped}/@latest"
            case _:
                name = f"{escaped}/@v/{module.escape_version(version)}.{file}"
        settings = self._upstream.settings
        covered = file in ("mod", "zip") and self.covers(path, version)
        return Question(settings.pk, settings.key(name, covered), name, file, path, version)

    def covers(self, path: str, version: str) -> bool:
        """
        Say whether the checksum database vouches for a module version.

        Args:
            path: The module path.
            version: A version; what is none, no database knows.
        """
        return is_version(path, version) and self._upstream.settings.covers(path)

    async def known(self, file: File, path: str, version: str = "") -> Answer | None:
        """
        Return what the remote said last, without asking.

        Args:
            file: Which file.
            path: The module path.
            version: A version, or whatever else was asked for.
        """
        return await self._documents.known(self.question(file, path, version))

    async def get(self, file: File, path: str, version: str = "") -> Answer:
        """
        Return what the remote says: a list, `@latest`, an `.info` or a `.mod`.

        Args:
            file: Which file.
            path: The module path.
            version: A version, or whatever else is asked for.

        Raises:
            UpstreamFault: The remote failed.
            NotProven: The checksum database has something else.
        """
        return await self._documents.get(self._wish(self.question(file, path, version)))

    def _wish(self, question: Question) -> Wish:
        ttl = self._upstream.settings.cache_ttl
        if not is_version(question.module, question.version):
            return Wish(question, ttl, self._ask_for(question), keep_all)
        if question.file == "mod":
            return self._mod_wish(question)

        async def judge(body: bytes) -> Verdict:
            info = parse_info(body)
            return Verdict(keep=info is not None and info.version == question.version)

        return Wish(question, None, self._ask_for(question), judge)

    def _mod_wish(self, question: Question) -> Wish:
        path, version = question.module, question.version
        sumdb = self._sumdb if self.covers(path, version) else None
        if sumdb is None:

            async def judge(body: bytes) -> Verdict:
                return Verdict(keep=is_go_mod(body))

            return Wish(question, None, self._ask_for(question, MAX_GO_MOD), judge)
        proof: list[asyncio.Task[list[str]]] = []

        async def ask(known: Answer | None) -> Fetched | Unchanged | Missing:
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
            h1 = dirhash.hash_go_mod(body)
            sumdb.check(await proof[0], path, f"{version}/go.mod", h1)
            return Verdict(verified=True)

        return Wish(question, None, ask, verify)

    def _ask_for(self, question: Question, limit: int = MAX_GO_MOD) -> Asker:
        async def ask(known: Answer | None) -> Fetched | Unchanged | Missing:
            return await self._upstream.document(question.path, known, limit)

        return ask


def is_version(path: str, version: str) -> bool:
    """
    Say whether this is a module version that a repository could hold.

    Args:
        path: The module path.
        version: What is asked for.
    """
    if not version or module.canonical_version(version) != version:
        return False
    try:
        module.check(path, version)
    except GoError:
        return False
    return True


def is_go_mod(body: bytes) -> bool:
    """
    Say whether the go command could use this as the go.mod of a dependency.

    Args:
        body: The bytes.
    """
    try:
        parsed = modfile.parse_lax(body)
    except GoError:
        return False
    return parsed.module is not None and bool(parsed.module.path)


def parse_info(body: bytes) -> Info | None:
    """
    Read an `.info` as Go's encoding/json reads it; None if it cannot be used.

    Args:
        body: The JSON.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    # Go does not look at the case of names, and the last one counts.
    members: dict[str, Any] = {str(name).lower(): value for name, value in said.items()}
    version, time = members.get("version"), members.get("time")
    if not isinstance(version, str) or not version:
        return None
    try:
        if time is not None:
            parse_time(time if isinstance(time, str) else "")
        origin = _origin(members.get("origin"))
    except ValueError:
        return None
    return Info(version, time or "", origin, body)


def _origin(said: Any) -> dict[str, str] | None:
    """
    Return what of an origin is kept.

    Raises:
        ValueError: Go would not take it.
    """
    if said is None:
        return None
    if not isinstance(said, dict):
        raise ValueError("origin: must be a JSON object")
    kept = {name: value for name, value in said.items() if isinstance(value, str) and value}
    try:
        return check_origin(kept) or None
    except ValueError:
        # It is for people only: a member that is unknown here is no reason to refuse the rest.
        return None
