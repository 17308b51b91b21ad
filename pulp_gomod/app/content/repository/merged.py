"""Requests to a distribution that has a remote: what is held first, then what the upstream has."""

import logging
from typing import Final

from aiohttp import hdrs, web

from pulp_gomod.app.content.http.replies import (
    fault_response,
    in_their_words,
    wants_held_only,
)
from pulp_gomod.app.content.http.responses import (
    JSON,
    TEXT,
    USED,
    ZIP,
    Representation,
    Stopped,
    cache_control,
    forbidden,
    not_found,
    opened,
    problem,
    respond,
)
from pulp_gomod.app.content.repository.below import held_above
from pulp_gomod.app.content.repository.blocked import About
from pulp_gomod.app.content.repository.cached import RememberedModules
from pulp_gomod.app.content.repository.choosing import choose_latest
from pulp_gomod.app.content.repository.distributions import Target
from pulp_gomod.app.content.repository.unblocked import UnblockedAsking
from pulp_gomod.app.content.repository.zips import respond_with_zip
from pulp_gomod.app.db.executors import etag
from pulp_gomod.app.remote import registry
from pulp_gomod.app.remote.asking import Asking
from pulp_gomod.app.remote.cache.entries import Answer
from pulp_gomod.app.remote.cache.info import parse_info
from pulp_gomod.app.remote.cache.lists import merge_lists, tagged_only
from pulp_gomod.app.remote.http.results import Missing, UpstreamFault
from pulp_gomod.app.remote.registry import Through
from pulp_gomod.app.remote.zips.fetch import Asked, Passed
from pulp_gomod.app.storage.faults import RETRY_AFTER, describe
from pulp_gomod.app.storage.spool import FULL
from pulp_gomod.golang import module, semver
from pulp_gomod.golang.goproxy import LATEST, ModuleRequest

log = logging.getLogger(__name__)

_SPOOL: Final = "gomod_spool"

# Bytes that a held version counts for, beside those of a list.
_PER_VERSION = 16


async def serve_module(
    request: web.Request, target: Target, wanted: ModuleRequest, local: RememberedModules
) -> web.StreamResponse:
    """
    Answer a request for a file of a module.

    Args:
        request: The request, permitted by the guard.
        target: A distribution with a remote and a repository.
        wanted: What is asked for.
        local: What the repository holds.
    """
    known = registry.of(request.app)
    try:
        assert target.remote is not None
        through = await known.of(target.remote, target.remote_changed)
        if through is None:
            return problem(502, "bad gateway: the remote of this distribution is gone")
        with through.upstream.told():
            return await _Request(request, target, wanted, local, through, known).answer()
    except UpstreamFault as fault:
        return fault_response(fault)
    except OSError as error:
        log.error("Cannot keep what the upstream sent: %s", describe(error))
        if error.errno in FULL:
            return problem(507, "insufficient storage: this server's disk is full")
        line = "unavailable: this server cannot store what the upstream sent; try again"
        return problem(503, line, {hdrs.RETRY_AFTER: RETRY_AFTER})


def _version_of(answer: Answer) -> str:
    info = parse_info(answer.body)
    if info is None:
        raise UpstreamFault("the upstream says no version of the latest one")
    return info.version


class _Request:
    """One request, and everything that answers it."""

    def __init__(
        self,
        request: web.Request,
        target: Target,
        wanted: ModuleRequest,
        local: RememberedModules,
        through: Through,
        known: registry.Upstreams,
    ) -> None:
        assert target.served is not None
        self._request = request
        self._target = target
        self._served = target.served
        self._wanted = wanted
        self._file = wanted.file
        self._path = wanted.module
        self._version = wanted.version
        self._asked_version = wanted.version
        self._repository = target.served.repository
        self._local = local
        self._through = through
        self._usage = known.usage
        self._changed = target.served.blocks.changed
        blocks, own = target.served.blocks.of(wanted.module), target.served.own
        held_only = wants_held_only(request)
        self._asking = (
            UnblockedAsking(through, wanted, held_only, own, About(wanted.module, blocks))
            if blocks
            else Asking(through, wanted, held_only, own)
        )

    async def answer(self) -> web.StreamResponse:
        try:
            return await self._answer()
        except UpstreamFault:
            if not self._through.upstream.health.is_dead:
                raise
            above = await held_above(
                self._through, self._served, self._target.domain, self._wanted, self._local
            )
            if above is None:
                raise
            return not_found(
                f"{self._where} is not held here, and the upstream, which cannot be reached, is not "
                f"known to have it; {above} is held"
            )

    async def _answer(self) -> web.StreamResponse:
        if self._file == "list":
            return await self._list()
        if self._version == LATEST:
            if self._file == "info":
                return await self._latest()
            # Clients of another registry ask for latest.mod and latest.zip.
            found = await choose_latest(self._asking, self._local)
            if isinstance(found, Missing):
                return self._missing(found)
            self._version = found if isinstance(found, str) else _version_of(found)
        if self._file == "zip":
            return await self._zip()
        if self._file == "mod":
            return await self._mod()
        return await self._info()

    # Files of one version.

    async def _mod(self) -> web.StreamResponse:
        held = await self._local.mod(self._path, self._version)
        if held is not None:
            return self._hold(self._hit(held))
        answer = await self._asking.ask("mod", self._version)
        if isinstance(answer, Missing):
            return self._missing(answer)
        if answer.pk is not None and answer.expires is None:
            self._through.upstream.arrive(self._repository, answer)
        return await self._respond(answer, TEXT)

    async def _info(self) -> web.StreamResponse:
        held = await self._local.info(self._path, self._version)
        if isinstance(held, Stopped):
            return forbidden(held)
        if module.canonical_version(self._version) == self._version:
            if held is not None:
                return self._hold(self._hit(held))
            answer = await self._asking.ask("info", self._version)
            return await self._said(answer)
        return await self._query(held)

    async def _query(self, held: Representation | None) -> web.StreamResponse:
        """Answer for a branch, a commit or whatever else: with the higher version of both."""
        if held is None:
            return await self._said(await self._asking.ask("info", self._version))
        found = await self._asking.beside("info", self._version)
        if found is not None and found.found:
            ours, theirs = parse_info(held.body or b""), parse_info(found.body)
            if ours and theirs and semver.compare(theirs.version, ours.version) > 0:
                return await self._said(found)
        return self._hit(held)

    async def _zip(self) -> web.StreamResponse:
        held = await self._local.zip(self._path, self._version)
        if isinstance(held, Stopped):
            return forbidden(held)
        is_local = held is not None
        upstream = self._through.upstream
        asked = Asked(self._path, self._version, self._repository)
        if held is None and self._asking.refusal is None:
            held = await self._through.zips.known(asked)
        if held is not None:
            upstream.count(True, "zip")
            self._note()
            response = await respond_with_zip(
                self._request, self._target, held, self._caching(True)
            )
            return self._hold(response) if is_local else response
        if self._asking.refusal is not None or self._asking.held_only:
            return self._missing(None)
        upstream.count(False, "zip")
        found = await self._through.zips.get(asked)
        if isinstance(found, Missing):
            return self._missing(found)
        if isinstance(found, Passed):
            return await self._pass(found)
        # Whoever else waited for it may serve another repository.
        await self._through.zips.known(asked)
        return await respond_with_zip(self._request, self._target, found, self._caching(True))

    async def _pass(self, found: Passed) -> web.StreamResponse:
        spool = found.spool
        representation = Representation(
            ZIP, found.sha256, found.fetched, spool.size, False, path=spool.path
        )
        response = await opened(
            self._request, respond(self._request, representation, self._caching(False))
        )
        # The file goes with the last reference to it, which is this one.
        response[_SPOOL] = spool
        return response

    # What is computed over all versions.

    async def _list(self) -> web.StreamResponse:
        tagged = await self._local.tagged(self._path)
        if tagged is None:
            answer = await self._asking.ask("list")
            if isinstance(answer, Missing) and isinstance(self._asking, UnblockedAsking):
                held = await self._local.versions(self._path)
                return self._hit(held) if held is not None else self._missing(answer)
            if isinstance(answer, Missing):
                return self._missing(answer)
            return await self._respond(answer, TEXT, tagged_only(answer.body))
        listed = await self._asking.beside("list")
        if listed is not None and listed.found:
            body = await self._local.merged(
                "list of both", self._path, listed.state, lambda: self._merge(tagged, listed.body)
            )
            return await self._respond(listed, TEXT, body)
        held = await self._local.versions(self._path)
        return self._hit(held) if held is not None else self._missing(None)

    async def _merge(self, tagged: list[str], listed: bytes) -> bytes:
        size = len(listed) + _PER_VERSION * len(tagged)
        return await self._asking.reckon(size, lambda: merge_lists(self._path, tagged, listed))

    async def _latest(self) -> web.StreamResponse:
        found = await choose_latest(self._asking, self._local)
        if isinstance(found, Missing):
            # What is held may be blocked, all of it.
            said = await self._local.latest(self._path)
            return forbidden(said) if isinstance(said, Stopped) else self._missing(found)
        if not isinstance(found, str):
            return await self._said(found)
        held = await self._local.info(self._path, found)
        if isinstance(held, Stopped):
            return forbidden(held)
        return self._hit(held) if held is not None else self._missing(None)

    # Answering.

    def _hit(self, held: Representation) -> web.StreamResponse:
        self._through.upstream.count(True, self._file)
        self._note()
        immutable = held.immutable and self._asked_version != LATEST
        return respond(self._request, held, self._caching(immutable))

    def _hold(self, response: web.StreamResponse) -> web.StreamResponse:
        """Tell that the repository version has it, whatever the upstream says."""
        if self._asked_version != LATEST:
            self._request[USED] = (self._path, self._version)
        return response

    def _note(self) -> None:
        if self._version and self._version != LATEST:
            self._usage.note(self._repository, self._path, self._version)

    async def _said(self, answer: Answer | Missing) -> web.StreamResponse:
        if isinstance(answer, Missing):
            return self._missing(answer)
        return await self._respond(answer, JSON)

    async def _respond(
        self, answer: Answer, content_type: str, body: bytes | None = None
    ) -> web.StreamResponse:
        body = answer.body if body is None else body
        immutable = answer.expires is None and answer.pk is not None
        immutable = immutable and self._asked_version != LATEST
        representation = Representation(
            content_type,
            await etag(body),
            max(answer.checked, self._changed),
            len(body),
            immutable,
            body,
        )
        return respond(self._request, representation, self._caching(immutable))

    def _caching(self, immutable: bool) -> str:
        public = self._target.guard is None
        immutable = immutable and self._asked_version != LATEST
        return cache_control(immutable, public)

    @property
    def _where(self) -> str:
        return f"{self._path}@{self._asked_version}" if self._asked_version else self._path

    def _missing(self, missing: Missing | None) -> web.Response:
        where = self._where
        if missing is not None and missing.words:
            return in_their_words(missing)
        if self._asking.refusal is not None:
            return not_found(f"{where} is not in this repository, and {self._asking.refusal}")
        status = missing.status if missing is not None else 404
        held = (
            "held here, and nothing is to be fetched"
            if self._asking.held_only
            else "known upstream"
        )
        return problem(status, f"not found: {where} is not {held}")
