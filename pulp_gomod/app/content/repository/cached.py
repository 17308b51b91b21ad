"""The modules of a repository version, each thing asked of the database once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from pulp_gomod.app.content.http.responses import Representation, Stopped
from pulp_gomod.app.content.repository.blocked import BlockedModules
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.content.repository.prefetch import Prefetch
from pulp_gomod.app.content.repository.result_cache import Key, ResultCache
from pulp_gomod.app.content.repository.stored import File, Files, StoredModules, list_of
from pulp_gomod.app.db.executors import compute
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.golang import module
from pulp_gomod.golang.goproxy import LATEST, ModuleRequest
from pulp_gomod.golang.latest import Candidate, latest

T = TypeVar("T")

# What nobody asked for yet.
UNKNOWN: Final = object()

# Bytes that a version in a list takes, roughly.
_PER_VERSION = 256

# Module versions of a small repository version that are looked up at once.
_AT_ONCE = 16


Looked = StoredModules | BlockedModules


class CachedModules:
    """
    Answers what Modules answers, and remembers it; what is not there is remembered, too.

    Args:
        modules: The modules of one repository version.
        answers: What the process has answered before.
        prefetch: Says when all of a small repository version is to be looked up.
    """

    def __init__(self, modules: Looked, answers: ResultCache, prefetch: Prefetch) -> None:
        self._modules = modules
        self._answers = answers
        self._prefetch = prefetch

    async def versions(self, path: str) -> Representation | None:
        """As Modules.versions."""

        async def make() -> Representation | None:
            tagged = await self._tagged_of_known(path)
            if tagged is None:
                return await self._modules.versions(path)
            return await list_of(tagged, self._modules.served.created)

        return await self._remember("list", path, "", make)

    async def tagged(self, path: str) -> list[str] | None:
        """As StoredModules.tagged."""

        async def make() -> list[str] | None:
            tagged = await self._tagged_of_known(path)
            return await self._modules.tagged(path) if tagged is None else tagged

        return await self._remember("tagged", path, "", make)

    async def candidates(self, path: str) -> list[Candidate]:
        """As StoredModules.candidates."""
        return await self._remember("candidates", path, "", lambda: self._modules.candidates(path))

    def needs_of_candidates(self, path: str) -> Sequence[Need]:
        """
        Say what has to be looked up for `candidates`, and for all that follows from these.

        Args:
            path: The module path.
        """
        if self._known_candidates(path) is not None:
            return ()

        async def keep(rows: list[Row]) -> None:
            candidates = await self._modules.candidates_of(path, rows)
            self._answers.keep(self._key("candidates", path, ""), candidates, _size(candidates))

        return [self._modules.candidates_need(path, keep)]

    def _known_candidates(self, path: str) -> list[Candidate] | None:
        known: list[Candidate] | None = self._answers.recall(self._key("candidates", path, ""))
        return known

    async def _tagged_of_known(self, path: str) -> list[str] | None:
        """Return what `tagged` returns if that follows from what is known: nothing does where all are blocked."""
        known = self._known_candidates(path)
        if not known:
            return None
        return await compute(len(known), lambda: [c.version for c in known if not c.is_pseudo])

    async def retracted(self, path: str, version: str) -> str:
        """As Modules.retracted."""
        return await self._remember(
            "retracted", path, version, lambda: self._modules.retracted(path, version)
        )

    async def merged(self, what: str, path: str, state: str, make: Callable[[], Awaitable[T]]) -> T:
        """
        Return what is computed of what is held and of what an upstream said.

        Args:
            path: The module path.
            state: Names what the upstream said; "" if that cannot be named, and nothing is remembered.
            make: Computes it.
        """
        return await (self._remember(what, path, state, make) if state else make())

    async def latest(self, path: str) -> Representation | Stopped | None:
        """As Modules.latest."""
        return await self._remember("info", path, LATEST, lambda: self._modules.latest(path))

    async def latest_version(self, path: str) -> str | Stopped | None:
        """As Modules.latest_version."""

        async def make() -> str | Stopped | None:
            known = self._known_candidates(path)
            chosen = await self._modules.choose(path, latest, known) if known else None
            return chosen.version if chosen else await self._modules.latest_version(path)

        return await self._remember("latest version", path, "", make)

    async def info(self, path: str, version: str) -> Representation | Stopped | None:
        """As Modules.info."""
        return await self._file("info", path, version, self._modules.info)

    async def mod(self, path: str, version: str) -> Representation | None:
        """As Modules.mod."""
        return await self._file("mod", path, version, self._modules.mod)

    async def zip(self, path: str, version: str) -> StoredZip | Stopped | None:
        """As Modules.zip."""
        return await self._file("zip", path, version, self._modules.zip)

    async def _file(
        self, file: File, path: str, version: str, ask: Callable[[str, str], Awaitable[T]]
    ) -> T:
        """
        Answer for a file of a version, and know the others then.

        Who asks for one of them asks for the others next. While many ask, each is told what it asked for.
        """

        async def make() -> T:
            # What is no version may name one in an `.info`, which says nothing of other files.
            is_version = module.canonical_version(version) == version
            if not (is_version and self._modules.is_quiet):
                return await ask(path, version)
            files = await self._bring(self._modules, path, version, file)
            self._prefetch.note(self._modules.served, self._bring_all)
            found: T = files[file]
            return found

        return await self._remember(file, path, version, make)

    async def _bring(self, modules: Looked, path: str, version: str, file: File) -> Files:
        """Look up all files of a version."""
        files = await modules.files(path, version, file)
        for name, answer in files.items():
            self._answers.keep(self._key(name, path, version), answer, _size(answer))
        return files

    async def _bring_all(self) -> None:
        """Look up all files of all versions, if they are few."""
        in_background = self._modules.in_background
        names = [name for name in await in_background.names() if not self._is_known(*name)]
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            await asyncio.gather(*(self._bring(in_background, *name, "zip") for name in some))

    def _is_known(self, path: str, version: str) -> bool:
        keys = (self._key(file, path, version) for file in ("info", "zip"))
        return all(self._answers.recall(key, UNKNOWN) is not UNKNOWN for key in keys)

    async def _remember(
        self, what: str, path: str, version: str, make: Callable[[], Awaitable[T]]
    ) -> T:
        return await self._answers.get(self._key(what, path, version), make, _size)

    def _key(self, what: str, path: str, version: str) -> Key:
        return _key(self._modules.served, what, path, version)


def recall(answers: ResultCache, served: Served, wanted: ModuleRequest) -> Any:
    """
    Return what a request was answered before.

    Args:
        answers: What the process has answered before.
        served: The repository version.
        wanted: What is asked for.

    Returns:
        As the method for it returns it; UNKNOWN if nobody asked yet.
    """
    return answers.recall(_key(served, wanted.file, wanted.module, wanted.version), UNKNOWN)


def _key(served: Served, what: str, path: str, version: str) -> Key:
    # Whatever is blocked or not any more is another repository, as far as answers go.
    return served.repository.bytes + served.blocks.revision, served.number, what, path, version


def _size(answer: object) -> int:
    if isinstance(answer, list):
        return len(answer) * _PER_VERSION
    if isinstance(answer, str | bytes):
        return len(answer)
    return len(answer.body or b"") if isinstance(answer, Representation) else 0
