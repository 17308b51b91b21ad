"""
The checksum database of one's own that the served repository feeds, below `sumdb/<name>/`.

What it does not know, but the remote's checksum database proves, is appended byte for byte: so one key is
enough for private modules, public ones and toolchains.
"""

import logging
import math
from datetime import datetime
from uuid import UUID

from aiohttp import hdrs, web
from django.conf import settings

from pulpcore.plugin.exceptions import PulpException

from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.replies import fault_response, in_their_words, wants_held_only
from pulp_gomod.app.content.http.responses import LASTING, PASSING, TEXT, not_found, problem
from pulp_gomod.app.content.repository import noted
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.own_sumdbs import Busy, Full, Head, has_tile
from pulp_gomod.app.content.sumdb_kept import (
    BINARY,
    LATEST,
    LONGEST_NAME,
    LOOKUP,
    SUPPORTED,
    answer,
    read_lookup,
    split_name,
)
from pulp_gomod.app.exceptions import ModuleVersionLoggedError
from pulp_gomod.app.models.feeding import LONGEST_RECORD, Entry
from pulp_gomod.app.remote import policy
from pulp_gomod.app.remote.http.results import NoRecord, UpstreamFault
from pulp_gomod.app.storage.faults import RETRY_AFTER
from pulp_gomod.app.storage.signing import with_cosignatures
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, entries, tlog
from pulp_gomod.golang.sumdb.client import TILE_HEIGHT

log = logging.getLogger(__name__)

_C2SP = "/c2sp/"
_CHECKPOINT = "checkpoint"
_MAX_LEVEL = 7
# No tree has as many records.
_MAX_NUMBER = 2**40


async def serve_own(
    request: web.Request, target: ServedDistribution, path: str
) -> web.StreamResponse | None:
    """
    Answer a request to a checksum database of one's own; None if it is to another one.

    Args:
        request: The request, permitted by the guard.
        target: The distribution.
        path: What follows `sumdb/`.
    """
    name, asked, is_c2sp = _split(path)
    own = services.of(request.app).own_sumdbs
    served = target.served
    if not 0 < len(name) <= LONGEST_NAME or name in KNOWN_GOSUMDB or served is None:
        return None
    if own.is_none(target.snapshot, served.repository, name):
        return None
    is_passing = PASSING in request
    try:
        request[PASSING] = True
        found = await _Own(request, target, served, name).serve(asked, is_c2sp)
    except UpstreamFault as fault:
        return fault_response(fault)
    except PulpException as error:
        log.error("The checksum database %s is not served: %s", name, error)
        reason = getattr(error, "reason", str(error))
        return problem(503, f"unavailable: {reason}", {hdrs.RETRY_AFTER: RETRY_AFTER})
    except Busy:
        line = "unavailable: too many public modules are being put on record; try again"
        return problem(503, line, {hdrs.RETRY_AFTER: RETRY_AFTER})
    except Full as full:
        return _full(name, full)
    if found is None:
        if not is_passing:
            del request[PASSING]
        own.note_none(target.snapshot, served.repository, name)
    else:
        own.note_some(served.repository, name)
    return found


def _full(name: str, full: Full) -> web.Response:
    minutes = math.ceil(full.seconds / 60)
    line = (
        f"unavailable: {settings.GOMOD_SUMDB_RECORDS_PER_HOUR} public modules were put on record in {name} within an "
        f"hour, and this one is not among them; more are in {minutes} min. What is on record is served meanwhile. "
        "The administrator can raise GOMOD_SUMDB_RECORDS_PER_HOUR"
    )
    return problem(503, line, {hdrs.RETRY_AFTER: str(math.ceil(full.seconds))})


def is_known_own(request: web.Request, target: ServedDistribution, path: str) -> bool:
    """
    Say whether this process has answered for the checksum database as one of our own before.

    Args:
        target: The distribution.
        path: What follows `sumdb/`.
    """
    if target.served is None:
        return False
    own = services.of(request.app).own_sumdbs
    return own.is_some(target.served.repository, _split(path)[0])


def _split(path: str) -> tuple[str, str, bool]:
    """Tell the name from the path within it, and whether that is one of C2SP's."""
    name, is_c2sp, asked = path.partition(_C2SP)
    return (name, asked, True) if is_c2sp else (*split_name(path), False)


class _Own:
    """One request to one checksum database."""

    def __init__(
        self, request: web.Request, target: ServedDistribution, served: Served, name: str
    ) -> None:
        self._request = request
        self._target = target
        self._served = served
        self._name = name
        self._services = services.of(request.app)
        self._sumdbs = self._services.own_sumdbs
        # Where to look.
        self._at = (served.repository, name)

    async def serve(self, asked: str, is_c2sp: bool) -> web.StreamResponse | None:
        if is_c2sp and asked == _CHECKPOINT:
            return await self._checkpoint()
        if not is_c2sp and asked in (SUPPORTED, LATEST):
            return await self._head(asked)
        if not is_c2sp and asked.startswith(LOOKUP):
            return await self._lookup(asked.removeprefix(LOOKUP))
        try:
            tile = entries.parse_path(asked) if is_c2sp else tlog.parse_tile_path(asked)
        except GoError:
            return await self._nothing("not a path of a checksum database")
        if tile.h != TILE_HEIGHT or tile.l > _MAX_LEVEL or tile.n > _MAX_NUMBER:
            return await self._nothing(f"no tree has such a tile: the height is {TILE_HEIGHT}")
        if tile.l < 0:
            return await self._records(tile, is_c2sp)
        return await self._tile(tile)

    async def _nothing(self, line: str) -> web.Response | None:
        row = await self._sumdbs.head(*self._at)
        return None if row is None else not_found(line)

    async def _head(self, asked: str) -> web.StreamResponse | None:
        row = await self._sumdbs.head(*self._at)
        if row is None:
            return None
        head = Head.of(row)
        body = b"" if asked == SUPPORTED else head.message
        return await self._answer(body, TEXT, head.signed, immutable=False)

    async def _checkpoint(self) -> web.StreamResponse | None:
        row = await self._sumdbs.head(*self._at)
        if row is None:
            return None
        head = Head.of(row)
        body = with_cosignatures(bytes(row[7]), head.size, row[8] or ())
        return await self._answer(body, TEXT, head.signed, immutable=False)

    async def _lookup(self, asked: str) -> web.StreamResponse | None:
        try:
            path, version = read_lookup(asked)
        except GoError as error:
            return await self._nothing(str(error))
        where = (self._target.snapshot, *self._at, path, version)
        row = await self._sumdbs.lookup(*where)
        if row is None:
            return None
        if row[7] is None:
            refused = await self._prove(row[0], path, version)
            if refused is not None:
                return refused
            row = await self._sumdbs.lookup(*where)
        if row is None or row[7] is None:
            return not_found(f"{path}@{version} is not on record in {self._name}")
        head, number, text = Head.of(row), row[7], row[8]
        body = tlog.format_record(number, text) + head.message
        # The record is what it is for ever, but after a rotation its head has to be another one at once.
        return await self._answer(body, TEXT, head.signed, immutable=False)

    async def _prove(self, pk: UUID, path: str, version: str) -> web.StreamResponse | None:
        """Have what is not on record proven by the remote's checksum database; or say why that cannot be."""
        unknown = f"{path}@{version} is not on record in the checksum database {self._name}"
        if self._target.remote is None or wants_held_only(self._request):
            return not_found(f"{unknown}, and no other one is asked")
        through = await self._services.remotes.of(self._target.remote, self._target.remote_changed)
        sumdb = through.sumdb if through is not None else None
        if through is None or sumdb is None:
            return not_found(f"{unknown}, and the remote has no checksum database that proves it")
        refusal = policy.lookup_refusal(through.upstream.settings, path, self._served.own)
        if refusal is not None:
            line = (
                f"{unknown}, and no other one is asked for it: it gets a record when its zip is in the "
                "repository"
            )
            if policy.is_own(through.upstream.settings, path, self._served.own):
                self._services.events.note(self._target, [noted.own(path, "lookup", line)])
            return not_found(line)
        self._sumdbs.require_room(pk)
        with through.upstream.told():
            try:
                body = await sumdb.lookup(path, version)
            except NoRecord as error:
                if error.missing.words:
                    return in_their_words(error.missing.status, error.missing.words)
                return not_found(f"{unknown}, and {sumdb.name} has no record of it either")
        entry = _entry_of(body, path, version)
        if entry is None:
            return not_found(f"{unknown}, and {sumdb.name} says nothing about its zip")
        try:
            await self._sumdbs.add(pk, entry)
        except ModuleVersionLoggedError:
            # Somebody else was faster, and is right by now.
            log.warning("%s contradicts what %s has on record", sumdb.name, self._name)
        return None

    async def _tile(self, tile: tlog.Tile) -> web.StreamResponse | None:
        row = await self._sumdbs.tile(self._target.snapshot, *self._at, tile)
        if row is None:
            return None
        head = Head.of(row)
        if not has_tile(row, tile):
            return self._beyond(head.size)
        return await self._answer(bytes(row[7])[: tile.size()], BINARY, head.signed, immutable=True)

    async def _records(self, tile: tlog.Tile, is_c2sp: bool) -> web.StreamResponse | None:
        row = await self._sumdbs.head(*self._at)
        if row is None:
            return None
        head, first = Head.of(row), tile.n << TILE_HEIGHT
        if first + tile.w > head.size:
            return self._beyond(head.size)
        rows = await self._sumdbs.records(*self._at, first, first + tile.w)
        texts = [text.encode() for *_, text in rows]
        if len(texts) != tile.w:
            return self._beyond(head.size)
        if is_c2sp:
            body, kind = entries.format_entries(texts), BINARY
        else:
            body, kind = b"".join(text + b"\n" for text in texts), TEXT
        return await self._answer(body, kind, head.signed, immutable=True)

    def _beyond(self, size: int) -> web.Response:
        return not_found(f"the checksum database {self._name} has {size} records, and no such tile")

    async def _answer(
        self, body: bytes, kind: str, modified: datetime, *, immutable: bool
    ) -> web.StreamResponse:
        if immutable:
            # All else may be another one in a moment, although the repository version stays the same.
            del self._request[PASSING]
            self._request[LASTING] = True
        return await answer(self._request, self._target, body, kind, modified, immutable=immutable)


def _entry_of(body: bytes, path: str, version: str) -> Entry | None:
    """Read a proven answer; None if it has no checksum of the zip, or is longer than any that has."""
    text = tlog.parse_record(body).text
    if len(text) > LONGEST_RECORD:
        return None
    for line in text.decode().splitlines():
        if line.startswith(f"{path} {version} "):
            return Entry(path, version, line.split(" ")[2], text.decode())
    return None
