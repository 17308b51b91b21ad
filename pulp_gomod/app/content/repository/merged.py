"""What a repository version holds, and what an upstream has beside it."""

from dataclasses import replace

from pulp_gomod.app.content.http.responses import JSON, TEXT, ZIP, Representation, Stopped
from pulp_gomod.app.content.repository.blocked import About
from pulp_gomod.app.content.repository.cached import CachedModules
from pulp_gomod.app.content.repository.choosing import choose_latest
from pulp_gomod.app.content.repository.distributions import Served
from pulp_gomod.app.content.repository.modules import Found, NotFound, Nothing
from pulp_gomod.app.content.repository.unblocked import UnblockedAsking
from pulp_gomod.app.db.executors import etag
from pulp_gomod.app.remote.asking import Asking
from pulp_gomod.app.remote.cache.entries import CacheEntry
from pulp_gomod.app.remote.cache.info import parse_info
from pulp_gomod.app.remote.cache.lists import merge_lists, tagged_only
from pulp_gomod.app.remote.http.results import Missing, UpstreamFault
from pulp_gomod.app.remote.last_used import LastUsed
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.app.remote.zips.fetch import Uncached, ZipRequest
from pulp_gomod.app.remote.zips.proven import Proven
from pulp_gomod.golang import module, semver
from pulp_gomod.golang.goproxy import File

# Bytes that a held version counts for, beside those of a list.
_PER_VERSION = 16


class MergedModules:
    """
    Modules of which the repository version is asked first, and then an upstream; made for one request.

    All methods raise UpstreamFault where the upstream fails and nothing is known; and OSError where what it sent
    cannot be kept.

    Args:
        local: What the repository version holds.
        served: The repository version.
        usage: Where it is noted that a zip was asked for.
        held_only: Whether nothing is to be fetched.
        at_once: Whether zips may be sent while they are being stored.
    """

    def __init__(
        self,
        local: CachedModules,
        remote: RemoteClient,
        served: Served,
        usage: LastUsed,
        held_only: bool,
        at_once: bool,
    ) -> None:
        self._local = local
        self._remote = remote
        self._served = served
        self._usage = usage
        self._held_only = held_only
        self._at_once = at_once
        self._askings: dict[str, Asking] = {}

    # Files of one version.

    async def mod(self, path: str, version: str) -> Representation | Nothing:
        """As Modules.mod."""
        held = await self._local.mod(path, version)
        if held is not None:
            return self._hit(held, "mod")
        asking = self.asking(path, version)
        answer = await asking.ask("mod", version)
        if isinstance(answer, Missing):
            return _missing(asking, answer, version)
        if answer.pk is not None and answer.expires is None:
            self._remote.upstream.add_pending(self._served.repository, answer)
        return await self._represented(answer, TEXT)

    async def info(self, path: str, version: str) -> Representation | Nothing:
        """As Modules.info."""
        held = await self._local.info(path, version)
        if isinstance(held, Stopped):
            return held
        asking = self.asking(path, version)
        if module.canonical_version(version) == version:
            if held is not None:
                return self._hit(held, "info")
            return await self._said(asking, await asking.ask("info", version), version)
        return await self._query(asking, held, version)

    async def _query(
        self, asking: Asking, held: Representation | None, version: str
    ) -> Representation | Nothing:
        """Answer for a branch, a commit or whatever else: with the higher version of both."""
        if held is None:
            return await self._said(asking, await asking.ask("info", version), version)
        found = await asking.if_available("info", version)
        if found is not None and found.found:
            ours, theirs = parse_info(held.body or b""), parse_info(found.body)
            if ours and theirs and semver.compare(theirs.version, ours.version) > 0:
                return await self._represented(found, JSON)
        return self._unsettled_hit(held, "info")

    async def zip(self, path: str, version: str) -> Found | Nothing:
        """As Modules.zip."""
        held = await self._local.zip(path, version)
        if isinstance(held, Stopped):
            return held
        upstream = self._remote.upstream
        if held is not None:
            upstream.count(True, "zip")
            return held
        asking = self.asking(path, version)
        if asking.refusal is not None:
            return _missing(asking, None, version)
        asked = ZipRequest(path, version, self._served.repository, at_once=self._at_once)
        known = await self._remote.zips.known(asked)
        if known is not None:
            upstream.count(True, "zip")
            self._usage.note(self._served.repository, path, version)
            return replace(known, is_settled=False)
        if self._held_only:
            return _missing(asking, None, version)
        upstream.count(False, "zip")
        found = await self._remote.zips.get(asked)
        if isinstance(found, Missing):
            return _missing(asking, found, version)
        if isinstance(found, Uncached):
            return _spooled(found, found.spool.size)
        if isinstance(found, Proven):
            return _spooled(found, found.size)
        # Whoever else waited for it may serve another repository.
        await self._remote.zips.known(asked)
        return replace(found, is_settled=False)

    # What is computed over all versions.

    async def versions(self, path: str) -> Representation | Nothing:
        """As Modules.versions."""
        asking = self.asking(path)
        tagged = await self._local.tagged(path)
        if tagged is None:
            return await self._theirs(asking)
        listed = await asking.if_available("list")
        if listed is None or not listed.found:
            return await self._ours(asking, None)
        theirs = listed.body

        async def merge() -> bytes:
            size = len(theirs) + _PER_VERSION * len(tagged)
            return await asking.compute(size, lambda: merge_lists(path, tagged, theirs))

        body = await self._local.merged("list of both", path, listed.state, merge)
        return await self._represented(listed, TEXT, body)

    async def _theirs(self, asking: Asking) -> Representation | Nothing:
        """List the versions of a module of which none is held."""
        answer = await asking.ask("list")
        if not isinstance(answer, Missing):
            return await self._represented(answer, TEXT, tagged_only(answer.body))
        if isinstance(asking, UnblockedAsking):
            return await self._ours(asking, answer)
        return _missing(asking, answer)

    async def _ours(self, asking: Asking, missing: Missing | None) -> Representation | Nothing:
        """List the versions that are held, since the upstream says none."""
        held = await self._local.versions(asking.path)
        return _missing(asking, missing) if held is None else self._unsettled_hit(held, "list")

    async def latest(self, path: str) -> Representation | Nothing:
        """As Modules.latest."""
        asking = self.asking(path)
        found = await choose_latest(asking, self._local)
        if isinstance(found, Missing):
            # What is held may be blocked, all of it.
            said = await self._local.latest(path)
            return said if isinstance(said, Stopped) else _missing(asking, found, "latest")
        if not isinstance(found, str):
            return await self._represented(found, JSON)
        held = await self._local.info(path, found)
        if isinstance(held, Representation):
            return self._unsettled_hit(held, "info")
        return held if held is not None else _missing(asking, None, "latest")

    async def latest_version(self, path: str) -> str | Nothing:
        """As Modules.latest_version."""
        asking = self.asking(path)
        found = await choose_latest(asking, self._local)
        if isinstance(found, Missing):
            return _missing(asking, found, "latest")
        return found if isinstance(found, str) else _version_of(found)

    def asking(self, path: str, version: str = "") -> Asking:
        """
        Return what asks the upstream about a module.

        Args:
            path: The module path.
            version: As of Asking.
        """
        if version:
            return self._new_asking(path, version)
        if path not in self._askings:
            self._askings[path] = self._new_asking(path, "")
        return self._askings[path]

    def _new_asking(self, path: str, version: str) -> Asking:
        served = self._served
        blocks = served.blocks.of(path)
        if not blocks:
            return Asking(self._remote, path, version, self._held_only, served.own)
        about = About(path, blocks)
        return UnblockedAsking(self._remote, path, version, self._held_only, served.own, about)

    def _hit(self, held: Representation, file: File) -> Representation:
        """Return what the repository version has, whatever the upstream says."""
        self._remote.upstream.count(True, file)
        return held

    def _unsettled_hit(self, held: Representation, file: File) -> Representation:
        """Return what is held, while what the upstream says might change that."""
        return replace(self._hit(held, file), is_settled=False)

    async def _said(
        self, asking: Asking, answer: CacheEntry | Missing, version: str
    ) -> Representation | Nothing:
        if isinstance(answer, Missing):
            return _missing(asking, answer, version)
        return await self._represented(answer, JSON)

    async def _represented(
        self, answer: CacheEntry, content_type: str, body: bytes | None = None
    ) -> Representation:
        body = answer.body if body is None else body
        return Representation(
            content_type,
            await etag(body),
            modified=max(answer.checked, self._served.blocks.changed),
            size=len(body),
            immutable=answer.expires is None and answer.pk is not None,
            body=body,
            is_settled=False,
        )


def _version_of(answer: CacheEntry) -> str:
    info = parse_info(answer.body)
    if info is None:
        raise UpstreamFault("the upstream does not say which version is the latest")
    return info.version


def _spooled(found: Uncached | Proven, size: int) -> Representation:
    spool = found.spool
    return Representation(
        ZIP,
        found.sha256,
        modified=found.fetched,
        size=size,
        immutable=isinstance(found, Proven),
        path=spool.path,
        # The file goes with the last reference to it.
        owner=spool,
        is_settled=False,
    )


def _missing(asking: Asking, missing: Missing | None, version: str = "") -> NotFound:
    where = f"{asking.path}@{version}" if version else asking.path
    if missing is not None and missing.words:
        return NotFound("", missing.status, missing.words)
    if asking.refusal is not None:
        line = f"{where} is not in this repository, and {asking.refusal}"
        return NotFound(line, is_own=asking.is_own)
    held = (
        "in this repository, and nothing may be fetched" if asking.held_only else "known upstream"
    )
    return NotFound(f"{where} is not {held}", missing.status if missing is not None else 404)
