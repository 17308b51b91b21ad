"""`sbom.json`: the bill of materials of what a distribution serves, or of what one module needs of it."""

import asyncio
import hashlib
import logging
import os
from datetime import UTC, datetime
from typing import Final, NamedTuple

from aiohttp import hdrs, web
from django.conf import settings
from django.db import Error as DatabaseError

from pulpcore.plugin.models import Repository, RepositoryVersion

from pulp_gomod.app.bundle.rows import ChangedError
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.content.bundle import asked_from_threads
from pulp_gomod.app.content.http.responses import (
    Representation,
    cache_control,
    not_found,
    opened,
    problem,
    respond,
)
from pulp_gomod.app.content.repository.distributions import ServedDistribution, storable
from pulp_gomod.app.content.repository.judge import Judge
from pulp_gomod.app.db.executors import BoundedExecutor, Busy
from pulp_gomod.app.db.round_robin import CLIENTS, RoundRobin
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.sbom.cyclonedx import MEDIA_TYPE
from pulp_gomod.app.sbom.serving import NotHeld, TooLarge, Wanted, make
from pulp_gomod.app.storage.spool import DiskFull, SpooledFile
from pulp_gomod.golang import GoError, module
from pulp_gomod.golang.module import Version

_GONE: Final = (RepositoryVersion.DoesNotExist, Repository.DoesNotExist)

log = logging.getLogger(__name__)

# Documents that wait to be made, of all clients and of one: one is made at a time, for each takes a processor.
_LONGEST_QUEUE: Final = 8
_LONGEST_OF_ONE: Final = 2
_RETRY_AFTER: Final = "10"
# Characters of a module version that is worth looking for.
_LONGEST: Final = 2000
_AT_ONCE: Final = 256 * 1024
# What a content guard that redirects has signed is in the query, too.
_PARAMETERS: Final = frozenset({"module", "expires", "validate_token"})


class _Document(NamedTuple):
    file: SpooledFile
    digest: str


class Sboms:
    """Makes documents, one after the other."""

    def __init__(self) -> None:
        self._threads = BoundedExecutor("gomod-sbom", 1)
        self._turns = RoundRobin(1, _LONGEST_OF_ONE, longest=_LONGEST_QUEUE)

    def close(self) -> None:
        """Drop what waits."""
        self._threads.close()

    async def spool(self, wanted: Wanted) -> _Document:
        """
        Make a document; whoever asks for it has to close it.

        Args:
            wanted: What it is of.

        Raises:
            Busy: Too many wait, or too many of the same client.
            DiskFull: There is no room for it.
            NotHeld: See `make`.
            TooLarge: See `make`.
            ChangedError: See `make`.
            RepositoryVersion.DoesNotExist: See `make`.
            django.db.Error: PostgreSQL cannot be reached.
        """
        async with self._turns.turn(CLIENTS.get()):
            return await self._threads.run(_spool, wanted)


def _spool(wanted: Wanted) -> _Document:
    digest = hashlib.sha256()
    file = SpooledFile(settings.FILE_UPLOAD_TEMP_DIR or settings.WORKING_DIRECTORY)
    try:
        waiting = bytearray()
        for piece in make(wanted):
            waiting += piece
            digest.update(piece)
            if len(waiting) >= _AT_ONCE:
                file.write(waiting)
                waiting.clear()
        file.write(waiting)
    except BaseException:
        file.close()
        raise
    return _Document(file, digest.hexdigest()[:32])


class _SpoolReader:
    """Brings a spooled file, and closes it."""

    def __init__(self, file: SpooledFile) -> None:
        self._file = file
        self._offset = self._end = 0

    def __del__(self) -> None:
        """Close the file, should whoever sends it never begin."""
        self.close()

    async def open(self, offset: int, count: int) -> None:
        """Begin to read."""
        self._offset, self._end = offset, offset + count

    async def read(self, most: int) -> bytes:
        """Return the next bytes."""
        count = min(most, self._end - self._offset)
        chunk = await asyncio.to_thread(os.pread, self._file.raw.fileno(), count, self._offset)
        self._offset += len(chunk)
        return chunk

    def close(self) -> None:
        """End reading."""
        self._file.close()


async def serve_sbom(
    sboms: Sboms, judge: Judge, request: web.Request, target: ServedDistribution
) -> web.StreamResponse:
    """
    Answer a request for a bill of materials.

    Args:
        sboms: Makes it.
        judge: Says what the policy stops.
        request: The request, permitted by the guard.
        target: The distribution.
    """
    served = target.served
    if served is None:
        return not_found(f"the distribution {target.base_path} serves no repository")
    try:
        version = _module(request)
    except ValueError as error:
        return problem(400, f"bad request: {error}")
    scope = Scope(
        target.domain,
        served.repository,
        served.number,
        None,
        served.blocks,
        target.policy,
        asked_from_threads(judge, target),
        target.vulndb.state if target.vulndb else b"",
    )
    wanted = Wanted(scope, version)
    try:
        file, digest = await sboms.spool(wanted)
    except (
        NotHeld,
        TooLarge,
        ChangedError,
        Busy,
        StorageUnavailableError,
        OSError,
        DatabaseError,
        *_GONE,
    ) as error:
        return _refused(error, version)
    found = Representation(
        # Licences may come to be known, and what is stopped changes by itself: ETags decide.
        MEDIA_TYPE,
        digest,
        datetime.now(UTC),
        file.size,
        False,
        reader=_SpoolReader(file),
    )
    caching = cache_control(False, target.guard is None)
    return await opened(request, respond(request, found, caching))


def _refused(error: Exception, version: Version | None) -> web.Response:
    """Say why there is none."""
    match error:
        case NotHeld():
            assert version is not None
            return not_found(f"{version.path}@{version.version} is not in this repository")
        case TooLarge():
            return problem(422, f"too large: {error.line}")
        case Busy():
            line = "unavailable: this server is busy with other bills of materials; try again"
            return problem(503, line, {hdrs.RETRY_AFTER: _RETRY_AFTER})
        case DiskFull():
            return problem(507, "insufficient storage: this server's disk is full")
        case ChangedError() | RepositoryVersion.DoesNotExist() | Repository.DoesNotExist():
            return not_found("the repository version was deleted meanwhile")
    log.error("A bill of materials could not be made.", exc_info=error)
    return problem(503, "unavailable: this server cannot make it now; try again")


def _module(request: web.Request) -> Version | None:
    """
    Read whose needs are asked for.

    Raises:
        ValueError: The query is wrong; the text says what.
    """
    query = request.query
    for name in query:
        if name not in _PARAMETERS:
            raise ValueError(
                f"{name[:64]!r} is not a parameter of a bill of materials; the only one is module"
            )
    values = query.getall("module", [])
    if not values:
        return None
    path, _, version = values[0].partition("@")
    try:
        if len(values) > 1 or len(values[0]) > _LONGEST or not storable(values[0]):
            raise GoError("it is none")
        module.check(path, version)
        if module.canonical_version(version) != version:
            raise GoError(f"{version!r} is not a full version")
    except GoError as error:
        raise ValueError(
            f"module must be one module version, such as module=example.com/m@v1.2.3: {error}"
        ) from error
    return Version(path, version)
