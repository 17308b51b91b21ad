"""Where the zips of a domain are, and how they get to the client from there."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from aiohttp import hdrs, web
from asgiref.sync import sync_to_async
from django.conf import settings

from pulpcore.plugin.models import Domain

from pulp_gomod.app.content.http.responses import (
    ZIP,
    Representation,
    opened,
    respond,
    storage_problem,
)
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.result_cache import LARGEST_FILE, Key, ResultCache
from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.calls import within
from pulp_gomod.app.storage.faults import DamagedFileError, storage_calls
from pulp_gomod.app.storage.objects import ObjectReader
from pulp_gomod.app.storage.reading import ZipReader
from pulp_gomod.app.storage.stored_zip import StoredZip

_FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"
# Others need no look at the zip: what is asked for is known, or cannot be had.
_WITH_ZIP = frozenset({200, 206})


@dataclass(frozen=True, slots=True)
class _Storage:
    domain: Any
    storage: Any
    changed: datetime

    @property
    def is_file_system(self) -> bool:
        return bool(self.domain.storage_class == _FILE_SYSTEM)

    @property
    def sends_here(self) -> bool:
        """Whether clients get zips from us, and not from where they are."""
        return self.is_file_system or not self.domain.redirect_to_object_storage


class ZipFiles:
    """
    The stored zips of all domains, the small ones in a bounded memory.

    Args:
        files: Remembers the contents of small zips.
    """

    def __init__(self, files: ResultCache) -> None:
        self._files = files
        self._storages: dict[UUID, _Storage] = {}

    async def respond(
        self, request: web.Request, target: ServedDistribution, found: StoredZip, caching: str
    ) -> web.StreamResponse:
        """
        Send a stored zip, or say where the object storage has it.

        Args:
            target: The distribution.
            found: The zip.
            caching: The Cache-Control header for what we send ourselves.
        """
        if (known := self.recall(target, found)) is not None:
            return respond(request, known, caching)
        try:
            kept = await self._storage_of(target)
            if not kept.sends_here:
                return await _redirect(request, kept, found)
            response = respond(request, _unread(kept, found), caching)
            if response.status not in _WITH_ZIP or found.size > LARGEST_FILE:
                return await opened(request, response)
            body = await self._small_file(target, found, kept)
        except (StorageUnavailableError, DamagedFileError) as error:
            return storage_problem(error)
        return respond(request, _representation(found, body=body), caching)

    async def reader(self, target: ServedDistribution) -> ZipReader:
        """
        Return what reads stored zips in threads.

        Args:
            target: The distribution.

        Raises:
            StorageUnavailableError: The storage failed.
        """
        return ZipReader((await self._storage_of(target)).storage)

    async def load(self, target: ServedDistribution, found: StoredZip) -> None:
        """
        Read a stored zip into memory, if it is a small one, and is not to be fetched from elsewhere.

        Args:
            target: The distribution.
            found: The zip.

        Raises:
            StorageUnavailableError: The storage failed.
            DamagedFileError: The zip is lost or damaged.
        """
        kept = await self._storage_of(target)
        if kept.is_file_system and found.size <= LARGEST_FILE:
            await self._small_file(target, found, kept)

    def recall(self, target: ServedDistribution, found: StoredZip) -> Representation | None:
        """
        Return a stored zip if it is in memory, and is not to be fetched from elsewhere.

        Args:
            target: The distribution.
            found: The zip.
        """
        kept = self._storages.get(target.domain)
        if kept is None or kept.changed != target.domain_changed:
            return None
        if not kept.sends_here:
            return None
        body = self._files.recall(_key(target, found))
        return None if body is None else _representation(found, body=body)

    async def _small_file(
        self, target: ServedDistribution, found: StoredZip, kept: _Storage
    ) -> bytes:
        """
        Read a small zip once, and hold it against its checksum.

        Raises:
            StorageUnavailableError: The storage failed, or did not answer in time.
            DamagedFileError: The zip is lost or damaged.
        """

        async def load() -> bytes:
            data = await (_read_file if kept.is_file_system else _read_object)(kept, found)
            if hashlib.sha256(data).hexdigest() != found.sha256:
                raise DamagedFileError(f"{found.name} does not have the checksum {found.sha256}")
            return data

        return await self._files.get(_key(target, found), load, len)

    async def _storage_of(self, target: ServedDistribution) -> _Storage:
        """Return the domain and its storage, loaded anew only after the domain was changed."""
        kept = self._storages.get(target.domain)
        if kept is None or kept.changed != target.domain_changed:
            domain = await _read(Domain.objects.get, pk=target.domain)
            with storage_calls("opening the storage"):
                storage = await sync_to_async(storage_of, thread_sensitive=False)(domain)
            kept = _Storage(domain, storage, target.domain_changed)
            self._storages[target.domain] = kept
        return kept


def _unread(kept: _Storage, found: StoredZip) -> Representation:
    if kept.is_file_system:
        return _representation(found, path=kept.storage.path(found.name))
    return _representation(found, reader=ObjectReader(kept.storage, found.name, found.size))


def _representation(
    found: StoredZip,
    *,
    body: bytes | None = None,
    path: str = "",
    reader: ObjectReader | None = None,
) -> Representation:
    return Representation(ZIP, found.sha256, found.created, found.size, True, body, path, reader)


async def _read_file(kept: _Storage, found: StoredZip) -> bytes:
    path = Path(kept.storage.path(found.name))
    with storage_calls("reading a stored zip"):
        return await asyncio.get_running_loop().run_in_executor(None, path.read_bytes)


async def _read_object(kept: _Storage, found: StoredZip) -> bytes:
    reader = ObjectReader(kept.storage, found.name, found.size)
    pieces = []
    try:
        await reader.open(0, found.size)
        while piece := await reader.read(found.size):
            pieces.append(piece)
    finally:
        reader.close()
    return b"".join(pieces)


def _key(target: ServedDistribution, found: StoredZip) -> Key:
    return target.domain.bytes, 0, "file", found.sha256, ""


async def _redirect(request: web.Request, kept: _Storage, found: StoredZip) -> web.Response:
    # The signature in the URL is a credential: no cache may keep it.
    # Signing may ask a metadata service, or the storage, for credentials.
    seconds = float(settings.GOMOD_STORAGE_TIMEOUT)
    url = await within(seconds, "signing a URL", _signed_url, kept, found.name, request.method)
    return web.Response(
        status=302, headers={hdrs.LOCATION: url, hdrs.CACHE_CONTROL: "private, no-store"}
    )


def _signed_url(kept: _Storage, name: str, method: str) -> str:
    if "s3" in kept.domain.storage_class:
        return str(kept.storage.url(name, http_method=method))
    return str(kept.storage.url(name))


async def _read(get: Callable[..., Any], **lookup: Any) -> Any:
    """Read a row on the thread that pulpcore uses for that."""
    return await sync_to_async(on_a_connection)(get, **lookup)
