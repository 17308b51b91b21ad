"""
A checksum database as far as it is kept: the records of what is served, and what proves them.

It asks nobody: so it is there for every distribution, and for as long as modules are.
"""

from datetime import datetime

from aiohttp import web

from pulp_gomod.app.content import services
from pulp_gomod.app.content.http.responses import (
    PASSING,
    TEXT,
    Representation,
    cache_control,
    not_found,
    respond,
)
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.proofs import NotKept, StoredProofs
from pulp_gomod.app.db.executors import etag
from pulp_gomod.app.remote.cache.info import is_version
from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.sumdb import KNOWN_GOSUMDB, tlog
from pulp_gomod.golang.sumdb.client import TILE_HEIGHT

BINARY = "application/octet-stream"
SUPPORTED = "supported"
LATEST = "latest"
LOOKUP = "lookup/"
TILE = "tile/"
# A tree of more levels would have more records than there can be.
_MAX_LEVEL = 7
# Characters of a name: it is remembered that nothing is known of it.
LONGEST_NAME = 255


def read_lookup(asked: str) -> tuple[str, str]:
    """
    Read what a lookup asks for.

    Args:
        asked: What follows `lookup/`.

    Returns:
        The module path and the version.

    Raises:
        GoError: It is no module version.
    """
    escaped, _, escaped_version = asked.rpartition("@")
    path, version = module.unescape_path(escaped), module.unescape_version(escaped_version)
    if not is_version(path, version):
        raise GoError(f"{path}@{version} is not a module version")
    return path, version


def split_name(path: str) -> tuple[str, str]:
    """
    Tell the name of a database, which may have slashes in it, from the path within it.

    Args:
        path: What follows `sumdb/`.

    Returns:
        The name and the path; both are empty if it is none.
    """
    for begin in (LOOKUP, TILE):
        name, found, rest = path.partition(f"/{begin}")
        if found:
            return name, begin + rest
    name, _, last = path.rpartition("/")
    return (name, last) if last in (SUPPORTED, LATEST) else ("", "")


async def serve_kept(
    request: web.Request, target: ServedDistribution, path: str
) -> web.StreamResponse:
    """
    Answer a request to a checksum database with what is kept of it.

    Args:
        request: The request, permitted by the guard.
        target: The distribution.
        path: What follows `sumdb/`.
    """
    # What is not proven yet may be in a moment, and the head moves on, whatever the repository holds.
    request[PASSING] = True
    name, asked = split_name(path)
    if not 0 < len(name) <= LONGEST_NAME:
        return not_found("not a path of a checksum database")
    if target.served is None:
        return not_found(f"the distribution {target.base_path} serves no repository")
    kept = _Kept(request, target, target.served, name)
    if asked == SUPPORTED:
        return await kept.supported()
    if asked == LATEST:
        return await kept.latest()
    if asked.startswith(LOOKUP):
        return await kept.lookup(asked.removeprefix(LOOKUP))
    return await kept.tile(asked)


class _Kept:
    """One request for what is kept of one database."""

    def __init__(
        self, request: web.Request, target: ServedDistribution, served: Served, name: str
    ) -> None:
        self._request = request
        self._target = target
        self._served = served
        self._name = name
        self._proofs: StoredProofs = services.of(request.app).proofs
        self._where = (served, target.domain, name)

    async def supported(self) -> web.StreamResponse:
        if not await self._proofs.supports(*self._where):
            return self._nothing()
        return await self._answer(b"", TEXT, self._served.created, immutable=False)

    async def latest(self) -> web.StreamResponse:
        head = await self._proofs.head(*self._where)
        if head is None:
            return self._nothing()
        return await self._answer(head.body, TEXT, head.seen, immutable=False)

    async def lookup(self, asked: str) -> web.StreamResponse:
        try:
            path, version = read_lookup(asked)
        except GoError as error:
            return not_found(str(error))
        record = await self._proofs.lookup(*self._where, path, version)
        if record is None:
            return not_found(
                f"no record of {path}@{version} in the checksum database {self._name} is kept here: sync "
                "it again from a remote with that database, or set GONOSUMDB for it if it is private; if it "
                f"comes from another proxy, let go ask the database itself: {self._elsewhere()}"
            )
        return await self._answer(record.body, TEXT, record.seen, immutable=True)

    async def tile(self, asked: str) -> web.StreamResponse:
        try:
            tile = tlog.parse_tile_path(asked)
        except GoError:
            return not_found("not a path of a checksum database")
        if tile.l < 0 or tile.h != TILE_HEIGHT:
            return not_found(f"no such tile is kept here: only hashes, with height {TILE_HEIGHT}")
        if tile.l > _MAX_LEVEL:
            return not_found("no tree has such a tile")
        found = await self._proofs.tile(*self._where, tile)
        if found is None:
            return self._nothing()
        if isinstance(found, NotKept):
            return not_found(self._beyond(tile, found))
        return await self._answer(found.body, BINARY, found.seen, immutable=True)

    def _beyond(self, tile: tlog.Tile, known: NotKept) -> str:
        """Say to whoever has seen another state of the database what to do about it."""
        within = tlog.widest(tile, known.size)
        until = (
            f"this server knows the checksum database {self._name} up to record {known.size}, "
            f"as of {known.seen:%Y-%m-%d}"
        )
        client = f"or remove $(go env GOPATH)/pkg/sumdb/{self._name} on the client"
        if within is None or within.w < tile.w:
            return (
                f"{until}; this go command has seen a newer state of it elsewhere: sync the repository "
                f"again from a remote with that database, {client}"
            )
        return (
            f"{until}, and keeps only what proves its own modules and its own earlier states; this go "
            f"command has seen another state of it elsewhere: {client.removeprefix('or ')}"
        )

    def _elsewhere(self) -> str:
        """Say what keeps the go command from asking this server: it asks one place for all modules."""
        key = self._name if self._name in KNOWN_GOSUMDB else "<its key>"
        return f"GOSUMDB='{key} https://{self._name}'"

    def _nothing(self) -> web.Response:
        return not_found(
            f"nothing that is served here has a proof of the checksum database {self._name}"
        )

    async def _answer(
        self, body: bytes, kind: str, seen: datetime, *, immutable: bool
    ) -> web.StreamResponse:
        return await answer(self._request, self._target, body, kind, seen, immutable=immutable)


async def answer(
    request: web.Request,
    target: ServedDistribution,
    body: bytes,
    kind: str,
    modified: datetime,
    *,
    immutable: bool,
) -> web.StreamResponse:
    """
    Answer with something of a checksum database.

    Args:
        target: The distribution.
        body: What to send.
        kind: Its media type.
        modified: When it last changed.
        immutable: Whether it is right for ever.
    """
    found = Representation(kind, await etag(body), modified, len(body), immutable, body)
    return respond(request, found, cache_control(immutable, target.guard is None))
