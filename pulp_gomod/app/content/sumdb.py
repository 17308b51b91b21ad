"""The checksum database of a remote, passed on to clients that cannot or shall not reach it."""

import logging
from datetime import UTC, datetime

from aiohttp import web

from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.replies import (
    fault_response,
    in_their_words,
    wants_held_only,
)
from pulp_gomod.app.content.http.responses import (
    TEXT,
    Representation,
    cache_control,
    not_found,
    problem,
    respond,
)
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.db.executors import etag
from pulp_gomod.app.models import ownership
from pulp_gomod.app.remote import policy
from pulp_gomod.app.remote.cache.info import is_version
from pulp_gomod.app.remote.http.results import Missing, NoRecord, UpstreamFault
from pulp_gomod.app.remote.registry import RemoteClient
from pulp_gomod.app.remote.sumdb.database import ChecksumDatabase
from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.sumdb import tlog

log = logging.getLogger(__name__)

BINARY = "application/octet-stream"
_SUPPORTED = "supported"
_LATEST = "latest"
_LOOKUP = "lookup/"
_TILE = "tile/"


async def serve_sumdb(
    request: web.Request, target: ServedDistribution, path: str
) -> web.StreamResponse:
    """
    Answer a request to a checksum database: of the remote's own one, and of no other.

    Args:
        request: The request, permitted by the guard.
        target: A distribution with a remote.
        path: What follows `sumdb/`.
    """
    try:
        assert target.remote is not None
        through = await services.of(request.app).remotes.of(target.remote, target.remote_changed)
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
    if path == _SUPPORTED:
        return await _respond(request, target, b"", TEXT, immutable=False)
    if path.startswith(_LOOKUP):
        return await _lookup(request, target, through, sumdb, path.removeprefix(_LOOKUP))
    if path == _LATEST:
        return await _latest(request, target, sumdb)
    if path.startswith(_TILE):
        return await _tile(request, target, sumdb, path)
    return not_found("not a path of a checksum database")


async def _lookup(
    request: web.Request,
    target: ServedDistribution,
    through: RemoteClient,
    sumdb: ChecksumDatabase,
    asked: str,
) -> web.StreamResponse:
    escaped, _, escaped_version = asked.rpartition("@")
    try:
        path, version = module.unescape_path(escaped), module.unescape_version(escaped_version)
    except GoError as error:
        return not_found(str(error))
    if not is_version(path, version):
        return not_found(f"{path}@{version} is not a module version")
    own = target.served.own if target.served is not None else ownership.NONE
    refusal = policy.lookup_refusal(through.upstream.settings, path, own)
    if refusal is not None:
        return not_found(f"{path} is not looked up: {refusal}")
    if wants_held_only(request):
        held = await sumdb.read_cache(f"{sumdb.name}/{_LOOKUP}{asked}")
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
    found = Representation(kind, await etag(body), datetime.now(UTC), len(body), immutable, body)
    public = target.guard is None
    return respond(request, found, cache_control(immutable, public))
