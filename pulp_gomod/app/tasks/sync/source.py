"""The remote of a sync, asked the way the pull-through asks it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from pulp_gomod.app.models.blocking import Blocks
from pulp_gomod.app.models.ownership import OwnPaths
from pulp_gomod.app.remote import policy
from pulp_gomod.app.remote.cache.entries import CacheEntry, File
from pulp_gomod.app.remote.cache.info import is_version, parse_info
from pulp_gomod.app.remote.cache.lists import listed_versions, newest_pseudo_version
from pulp_gomod.app.remote.http.results import Broken, Missing, NoRecord, UpstreamFault
from pulp_gomod.app.remote.latest import latest_version
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.app.remote.upstream import Upstream
from pulp_gomod.app.remote.zips.fetch import Uncached, ZipRequest
from pulp_gomod.app.remote.zips.past import unit_of
from pulp_gomod.app.tasks.sync.failures import SyncError, Unavailable
from pulp_gomod.app.tasks.sync.held import Unit
from pulp_gomod.app.tasks.sync.wanted import Wanted
from pulp_gomod.golang import GoError, dirhash, module
from pulp_gomod.golang.index import Entry, format_time, parse_line
from pulp_gomod.golang.latest import Version as Candidate
from pulp_gomod.golang.latest import latest
from pulp_gomod.golang.modfile.summary import Summary
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.query import Kind, choose, parse_query
from pulp_gomod.golang.ranges import parse_range

T = TypeVar("T")

# Chooses among the versions of a module, in semver order.
_Rule = Callable[[Sequence[Candidate]], Candidate | None]

# Bytes that a version counts for.
_PER_VERSION = 16

_UNUSABLE = "what the upstream sent cannot be used by the go command"

# Bytes of a page of an index: so many lines of the longest names that this server takes.
_MAX_PAGE = 8 * 1024 * 1024


class NotFound(Unavailable):
    """The upstream knows that there is no such thing."""

    def __init__(self, missing: Missing) -> None:
        words = missing.words.partition("\n")[0]
        said = f"{missing.status}: {words}" if words else str(missing.status)
        super().__init__(f"the upstream does not have it ({said})")


MOST_OWN_NAMES = 1_000
"""Modules of which a sync notes that their names are the repository's own."""


class SyncSource:
    """
    Everything that a sync takes from its remote. What comes is kept in the remote's cache.

    Args:
        through: The remote.
        repository: The pk of the repository that is synced.
        blocks: What is kept out of it: it is on no list, and cannot be had by name.
        own: The paths for which no upstream is asked.
    """

    def __init__(
        self, through: RemoteClient, repository: UUID, blocks: Blocks, own: OwnPaths
    ) -> None:
        self.threads = through.upstream.threads
        self._through = through
        self._repository = repository
        self._blocks = blocks
        self._own = own
        self._began = datetime.now(UTC)
        #: Modules that were not taken since their names are the repository's own, and why.
        self.own_names: dict[str, str] = {}

    async def versions(self, wanted: Wanted) -> list[str]:
        """
        Say which versions a name means.

        Args:
            wanted: The name.

        Raises:
            Trouble: That cannot be said.
        """
        if wanted.version:
            return [await self._resolve(wanted.path, wanted.version)]
        listed = await self._listed(wanted.path)
        if not listed:
            raise SyncError("the upstream lists no versions; name one, or ask for @latest")
        if not wanted.range:
            return listed
        versions = parse_range(wanted.range)
        return [version for version in listed if version in versions] or _none_in_range()

    async def index(self, since: int) -> list[Entry]:
        """
        Return what the index tells next.

        Args:
            since: The first time that is of interest, in nanoseconds since 1970.

        Raises:
            Trouble: There is no index, or it cannot be read.
        """
        with _told(self._through.upstream):
            found = await self._through.upstream.index(format_time(since), _MAX_PAGE)
            if isinstance(found, Missing):
                url = self._through.upstream.settings.index_url
                raise SyncError(
                    f"there is no index at {url} ({found.status}); set the remote's index_url"
                )
            return await self.threads.compute(len(found.body), _entries, found.body)

    def is_open(self, version: Version) -> bool:
        """
        Say whether a module version may come from this upstream into the repository.

        Args:
            version: The module version.
        """
        refusal = policy.refusal(self._through.upstream.settings, *version, self._own)
        self._note_own(version[0], refusal)
        return refusal is None and self._blocks.find(*version) is None

    def admit(self, version: Version) -> None:
        """
        Check that a module version may enter the repository with its zip.

        Raises:
            Trouble: It is kept out.
        """
        block = self._blocks.find(*version)
        if block is not None:
            raise SyncError(block.line(*version))

    async def go_mod(self, version: Version, h1: str = "") -> CacheEntry:
        """
        Return the verified go.mod of a module version; the answer is kept.

        Args:
            version: The module version.
            h1: The checksum that it should have, or "": an answer that has another one is asked for anew.

        Raises:
            Trouble: It cannot be had.
        """
        self._permit_version(version)
        answer = self._kept(await self._ask("mod", *version))
        if h1 and answer.checked < self._began and dirhash.hash_go_mod(answer.body) != h1:
            answer = self._kept(await self._ask("mod", *version, anew=True))
        return answer

    async def info(self, version: Version) -> CacheEntry | None:
        """
        Return the `.info` of a module version; None if the upstream has none.

        Raises:
            Trouble: The upstream fails.
        """
        self._permit_version(version)
        try:
            return self._kept(await self._ask("info", *version))
        except NotFound:
            return None

    async def zip(self, version: Version, h1: str) -> tuple[UUID, Unit]:
        """
        Return the pk of the answer that keeps a verified zip, and the unit that was made of it.

        What the upstream says of the version besides is kept with it.

        Args:
            version: The module version.
            h1: The checksum that it has to have, or "".

        Raises:
            Trouble: It cannot be had.
        """
        self._permit_version(version)
        asked = ZipRequest(*version, self._repository, ingested=False, h1=h1)
        with _told(self._through.upstream):
            known = await self._through.zips.known(asked)
        if known is None:
            await self._bring_zip(version, asked)
        else:
            # They may have been forgotten.
            await self.info(version)
        answer = self._through.modules.question("zip", *version).pk
        unit = await unit_of(self._through.upstream.ask, answer)
        if unit is None:
            raise SyncError("it was stored, but is already gone")
        return answer, Unit(*unit)

    async def _bring_zip(self, version: Version, asked: ZipRequest) -> None:
        covered = self._through.modules.covers(*version)
        try:
            info = await self._offered("info", version, is_fixed=covered)
        except NotFound:
            info = None
        # The zip is compared with it, where no checksum database vouches for both.
        go_mod = None if covered else await self._offered("mod", version, is_fixed=True)
        asked = replace(asked, info=info, go_mod=go_mod)
        with _told(self._through.upstream):
            found = await self._through.zips.get(asked)
        if isinstance(found, Missing):
            raise NotFound(found)
        if isinstance(found, Uncached):
            raise Unavailable(f"it is not a module that can be stored: {found.reason}")

    async def _offered(self, file: File, version: Version, *, is_fixed: bool) -> CacheEntry:
        """
        Return a small file of a module version, which is kept with its zip.

        Args:
            is_fixed: Whether what was said once still counts.
        """
        modules = self._through.modules
        known = await modules.known(file, *version) if is_fixed else None
        if known is not None and known.found:
            return known
        with _told(self._through.upstream):
            answer, may_be_kept = await modules.offered(file, *version)
        if not answer.found:
            raise NotFound(answer.missing)
        if not may_be_kept:
            raise Unavailable(_UNUSABLE)
        return answer

    async def proven_h1(self, version: Version) -> str:
        """
        Return the checksum that the checksum database has of a zip; "" if it vouches for none.

        Raises:
            Trouble: The database does not answer.
        """
        self._permit_version(version)
        if self._through.sumdb is None or not self._through.modules.covers(*version):
            return ""
        with _told(self._through.upstream):
            lines = await self._through.sumdb.lines(*version)
        beginning = f"{version.path} {version.version} "
        proven = (line.removeprefix(beginning) for line in lines if line.startswith(beginning))
        return next(proven, "")

    async def _resolve(self, path: str, text: str) -> str:
        """Say which version a query means."""
        query = parse_query(path, text)
        match query.kind:
            case Kind.VERSION:
                return text
            case Kind.LATEST:
                return await self._latest(path)
            case Kind.REVISION:
                return await self._revision(path, text)
        listed = await self._listed(path)
        chosen = await self._choose(path, listed, partial(choose, query))
        if chosen is None:
            raise Unavailable(
                "the upstream lists no version that this means and that is not retracted"
            )
        return chosen

    async def _revision(self, path: str, revision: str) -> str:
        """Ask for what only the upstream knows: a branch, a commit, or a tag that is no version."""
        try:
            said = await self._ask("info", path, revision, anew=True)
        except NotFound:
            # Build metadata makes no other version of it.
            version = module.canonical_version(revision)
            if version in ("", revision):
                raise
            said = await self._ask("info", path, version, anew=True)
        return self._said(path, said)

    async def _latest(self, path: str) -> str:
        """Choose as the go command does: from the list, and only where that is empty as told."""
        try:
            listed = await self._listed(path)
        except NotFound:
            listed = []
        return await self._newest(path, listed) if listed else await self._told_latest(path)

    async def _told_latest(self, path: str) -> str:
        try:
            said = await self._ask("latest", path, anew=True)
        except NotFound:
            return await self._newest_pseudo_version(path)
        return self._said(path, said)

    def _said(self, path: str, answer: CacheEntry) -> str:
        """Return the version that the upstream names for a query."""
        info = parse_info(answer.body)
        if info is None or not is_version(path, info.version):
            raise SyncError("the upstream does not say which version that is")
        self.admit(Version(path, info.version))
        return info.version

    async def _newest_pseudo_version(self, path: str) -> str:
        body = (await self._ask("list", path)).body
        newest = await self.threads.compute(len(body), newest_pseudo_version, path, body)
        if newest is None:
            raise Unavailable("the upstream has no latest version")
        self.admit(Version(path, newest))
        return newest

    async def _newest(self, path: str, listed: list[str]) -> str:
        chosen = await self._choose(path, listed, latest)
        if chosen is None:
            raise SyncError("the upstream has no latest version")
        return chosen

    async def _choose(self, path: str, listed: list[str], rule: _Rule) -> str | None:
        with _told(self._through.upstream):
            sides = _Upstream(self._through, path, listed)
            return await latest_version(path, (), listed, sides, rule)

    async def _listed(self, path: str) -> list[str]:
        body = (await self._ask("list", path, anew=True)).body
        listed = await self.threads.compute(len(body), listed_versions, path, body)
        tagged = [version for version in listed if not module.is_pseudo_version(version)]
        if not self._blocks.of(path):
            return tagged
        kept = [version for version in tagged if self._blocks.find(path, version) is None]
        if tagged and not kept:
            raise SyncError(self._blocks.of(path)[0].line(path))
        return kept

    async def _ask(
        self, file: File, path: str, version: str = "", anew: bool = False
    ) -> CacheEntry:
        self._permit(path, version)
        modules = self._through.modules
        with _told(self._through.upstream):
            ask = modules.renewed if anew else modules.get
            answer = await ask(file, path, version)
            if not answer.found and answer.checked < self._began:
                # It may have come since somebody else asked for it.
                answer = await modules.renewed(file, path, version)
        if not answer.found:
            raise NotFound(answer.missing)
        return answer

    def _permit(self, path: str, version: str) -> None:
        refusal = policy.refusal(self._through.upstream.settings, path, version, self._own)
        if refusal is not None:
            self._note_own(path, refusal)
            raise SyncError(refusal)

    def _permit_version(self, version: Version) -> None:
        self._permit(*version)
        if not is_version(*version):
            raise SyncError("it is not a valid module version")

    def _note_own(self, path: str, refusal: str | None) -> None:
        if refusal is None or len(self.own_names) >= MOST_OWN_NAMES:
            return
        if policy.is_own(self._through.upstream.settings, path, self._own):
            self.own_names[path] = refusal

    @staticmethod
    def _kept(answer: CacheEntry) -> CacheEntry:
        if answer.pk is None:
            raise Unavailable(_UNUSABLE)
        return answer


class _Upstream:
    """The only side there is: nothing that the repository holds counts; see merge.Sides."""

    def __init__(self, through: RemoteClient, path: str, listed: list[str]) -> None:
        self._through = through
        self._path = path
        self._count = len(listed)

    async def retracted(self, version: str) -> str:
        """No version is held."""
        raise AssertionError(version)

    async def go_mod(self, version: str) -> CacheEntry:
        """Ask for the go.mod of a version."""
        return await self._through.modules.get("mod", self._path, version)

    async def read(self, go_mod: bytes) -> Summary:
        """Say what a go.mod says."""
        return await self._through.upstream.threads.go_mods.read(go_mod)

    async def compute(self, call: Callable[[], T], /) -> T:
        """Compute over all versions."""
        return await self._through.upstream.threads.compute(_PER_VERSION * self._count, call)


@contextmanager
def _told(upstream: Upstream) -> Iterator[None]:
    """Tell what goes wrong as a SyncError."""
    try:
        with upstream.told():
            yield
    except (Broken, NoRecord) as fault:
        # Go would not take what is no zip, nor what nobody can verify.
        raise Unavailable(fault.line) from fault
    except UpstreamFault as fault:
        raise SyncError(fault.line) from fault
    except GoError as error:
        raise SyncError(str(error)) from error
    except OSError as error:
        raise SyncError(f"it cannot be stored: {error.strerror or error}") from error


def _none_in_range() -> list[str]:
    raise Unavailable("the upstream lists no version in that range")


def _entries(body: bytes) -> list[Entry]:
    return [parse_line(line) for line in body.decode("utf-8", "replace").splitlines() if line]
