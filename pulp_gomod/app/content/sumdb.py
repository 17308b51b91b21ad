"""Checksum databases: that of a remote, passed on, and what is kept of them for what is served."""

import logging
from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.replies import (
    fault_response,
    in_their_words,
    wants_held_only,
)
from pulp_gomod.app.content.http.responses import TEXT, not_found, problem
from pulp_gomod.app.content.repository import noted
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.sumdb_kept import (
    BINARY,
    LATEST,
    LOOKUP,
    SUPPORTED,
    TILE,
    answer,
    read_lookup,
    serve_kept,
)
from pulp_gomod.app.content.sumdb_own import is_known_own, serve_own
from pulp_gomod.app.models import ownership
from pulp_gomod.app.remote import policy
from pulp_gomod.app.remote.http.results import Missing, NoRecord, UpstreamFault
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.app.remote.sumdb.database import ChecksumDatabase
from pulp_gomod.golang import GoError
from pulp_gomod.golang.sumdb import tlog

log = logging.getLogger(__name__)


async def serve_sumdb(
    request: web.Request, target: ServedDistribution, path: str
) -> web.StreamResponse:
    """
    Answer a request to a checksum database: our own, that of the remote, or what is kept for what is served.

    Args:
        request: The request, permitted by the guard.
        target: The distribution.
        path: What follows `sumdb/`.
    """
    if is_known_own(request, target, path):
        # One statement for what is asked for most, whatever else there might be of this name.
        own = await serve_own(request, target, path)
        if own is not None:
            return own
    found = await _serve_others(request, target, path)
    if found.status < 400 or found.status == 416:
        return found
    own = await serve_own(request, target, path)
    # Not by `or`: an old aiohttp's responses are empty mappings, and false.
    return found if own is None else own


async def _serve_others(
    request: web.Request, target: ServedDistribution, path: str
) -> web.StreamResponse:
    """Answer for the remote's checksum database, or with what is kept of others."""
    if target.remote is None:
        return await serve_kept(request, target, path)
    passed_on = await _pass_on(request, target, target.remote, path)
    if passed_on.status < 400 or passed_on.status == 416:
        return passed_on
    # The upstream is down, forgotten or no database of this name: what is proven here stays proven.
    kept = await serve_kept(request, target, path)
    return kept if kept.status < 400 or kept.status == 416 else passed_on


async def _pass_on(
    request: web.Request, target: ServedDistribution, remote: UUID, path: str
) -> web.StreamResponse:
    """Answer with what the remote's own checksum database says, and no other."""
    try:
        through = await services.of(request.app).remotes.of(remote, target.remote_changed)
        sumdb = through.sumdb if through is not None else None
        if through is None or sumdb is None:
            return not_found("no checksum database is configured here")
        if not path.startswith(f"{sumdb.name}/"):
            return not_found(f"the only checksum database here is {sumdb.name}")
        with through.upstream.told():
            asked = path.removeprefix(f"{sumdb.name}/")
            return await _answer(request, target, through, sumdb, asked)
    except UpstreamFault as fault:
        return fault_response(fault)


async def _answer(
    request: web.Request,
    target: ServedDistribution,
    through: RemoteClient,
    sumdb: ChecksumDatabase,
    path: str,
) -> web.StreamResponse:
    if path == SUPPORTED:
        return await _respond(request, target, b"", TEXT, immutable=False)
    if path.startswith(LOOKUP):
        return await _lookup(request, target, through, sumdb, path.removeprefix(LOOKUP))
    if path == LATEST:
        return await _latest(request, target, sumdb)
    if path.startswith(TILE):
        return await _tile(request, target, sumdb, path)
    return not_found("not a path of a checksum database")


async def _lookup(
    request: web.Request,
    target: ServedDistribution,
    through: RemoteClient,
    sumdb: ChecksumDatabase,
    asked: str,
) -> web.StreamResponse:
    try:
        path, version = read_lookup(asked)
    except GoError as error:
        return not_found(str(error))
    own = target.served.own if target.served is not None else ownership.NONE
    refusal = policy.lookup_refusal(through.upstream.settings, path, own)
    if refusal is not None:
        line = f"{path} is not looked up: {refusal}"
        if policy.is_own(through.upstream.settings, path, own):
            services.of(request.app).events.note(target, [noted.own(path, "lookup", line)])
        return not_found(line)
    if wants_held_only(request):
        held = await sumdb.read_cache(f"{sumdb.name}/{LOOKUP}{asked}")
        if held is None:
            return not_found(f"the record of {path}@{version} is not cached here")
        return await _respond(request, target, held, TEXT, immutable=True)
    try:
        body = await sumdb.lookup(path, version)
    except NoRecord as error:
        return _missing(error.missing, asked)
    return await _respond(request, target, body, TEXT, immutable=True)


async def _latest(
    request: web.Request, target: ServedDistribution, sumdb: ChecksumDatabase
) -> web.StreamResponse:
    head = await (sumdb.held_head() if wants_held_only(request) else sumdb.head())
    if not head:
        return not_found("no signed tree head of the checksum database is cached here")
    return await _respond(request, target, head, TEXT, immutable=False)


async def _tile(
    request: web.Request, target: ServedDistribution, sumdb: ChecksumDatabase, path: str
) -> web.StreamResponse:
    try:
        tile = tlog.parse_tile_path(path)
    except GoError:
        return not_found("not a path of a checksum database")
    held_only = wants_held_only(request)
    body = await (sumdb.held_tile(tile) if held_only else sumdb.tile(tile))
    if body is None:
        return not_found(f"{path} is not cached here")
    if isinstance(body, Missing):
        return _missing(body, path)
    return await _respond(
        request, target, body, BINARY if tile.l >= 0 else TEXT, immutable=tile.l >= 0
    )


def _missing(missing: Missing, path: str) -> web.Response:
    if missing.words:
        return in_their_words(missing.status, missing.words)
    return problem(missing.status, f"not found: the checksum database has no {path}")


async def _respond(
    request: web.Request, target: ServedDistribution, body: bytes, kind: str, *, immutable: bool
) -> web.StreamResponse:
    return await answer(request, target, body, kind, datetime.now(UTC), immutable=immutable)
