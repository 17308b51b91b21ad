"""Where the zips of a domain are, and how they get to the client from there."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from aiohttp import hdrs, web
from asgiref.sync import sync_to_async

from pulpcore.plugin.content import ArtifactResponse
from pulpcore.plugin.models import Artifact, Domain
from pulpcore.plugin.util import set_domain

from pulp_gomod.app.connections import on_a_connection
from pulp_gomod.app.goproxy import answers
from pulp_gomod.app.goproxy.distributions import Target
from pulp_gomod.app.goproxy.modules import StoredZip
from pulp_gomod.app.goproxy.responses import ZIP, Representation, problem, respond

log = logging.getLogger(__name__)

_FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"


@dataclass(frozen=True, slots=True)
class _Storage:
    domain: Any
    storage: Any
    changed: datetime


_storages: dict[UUID, _Storage] = {}


async def respond_with_zip(
    request: web.Request, target: Target, found: StoredZip, caching: str
) -> web.StreamResponse:
    """
    Send a stored zip, or say where the object storage has it.

    Args:
        request: The request.
        target: The distribution.
        found: The zip.
        caching: The Cache-Control header for what we send ourselves.
    """
    kept = await _storage_of(target)
    if kept.domain.storage_class == _FILE_SYSTEM:
        path = kept.storage.path(found.name)
        if found.size <= answers.LARGEST_FILE:
            try:
                body = await _small_file(request.app, target, found, path)
            except OSError:
                log.exception("A stored zip cannot be served; repair the repository version.")
                return problem(500, "the stored zip is damaged; ask the administrator to repair it")
            return respond(request, _representation(found, body=body), caching)
        return respond(request, _representation(found, path=path), caching)
    if kept.domain.redirect_to_object_storage:
        return await _redirect(request, kept, found)
    set_domain(kept.domain)
    headers = {
        hdrs.CONTENT_TYPE: ZIP,
        hdrs.ETAG: f'"{found.sha256}"',
        hdrs.CACHE_CONTROL: caching,
    }
    artifacts = Artifact.objects.select_related("pulp_domain")
    artifact = await _read(artifacts.get, pk=found.artifact)
    response: web.StreamResponse = ArtifactResponse(artifact=artifact, headers=headers)
    return response


def _representation(
    found: StoredZip, *, body: bytes | None = None, path: str = ""
) -> Representation:
    return Representation(ZIP, found.sha256, found.created, found.size, True, body, path)


async def _small_file(app: web.Application, target: Target, found: StoredZip, path: str) -> bytes:
    """Read a small zip once, and hold it against its checksum."""

    def read() -> bytes:
        data = Path(path).read_bytes()
        if hashlib.sha256(data).hexdigest() != found.sha256:
            raise OSError(f"{path} does not have the checksum {found.sha256}")
        return data

    async def load() -> bytes:
        return await asyncio.get_running_loop().run_in_executor(None, read)

    return await answers.files_of(app).get(_key(target, found), load, len)


async def load_zip(app: web.Application, target: Target, found: StoredZip) -> None:
    """
    Read a stored zip into memory, if it is a small one, and is not to be fetched from elsewhere.

    Args:
        app: The content app.
        target: The distribution.
        found: The zip.

    Raises:
        OSError: The zip is lost or damaged.
    """
    kept = await _storage_of(target)
    if kept.domain.storage_class == _FILE_SYSTEM and found.size <= answers.LARGEST_FILE:
        await _small_file(app, target, found, kept.storage.path(found.name))


def recall_zip(app: web.Application, target: Target, found: StoredZip) -> Representation | None:
    """
    Return a stored zip if it is in memory, and is not to be fetched from elsewhere.

    Args:
        app: The content app.
        target: The distribution.
        found: The zip.
    """
    kept = _storages.get(target.domain)
    if kept is None or kept.changed != target.domain_changed:
        return None
    if kept.domain.storage_class != _FILE_SYSTEM:
        return None
    body = answers.files_of(app).recall(_key(target, found))
    return None if body is None else _representation(found, body=body)


def _key(target: Target, found: StoredZip) -> answers.Key:
    return target.domain.bytes, 0, "file", found.sha256, ""


async def _redirect(request: web.Request, kept: _Storage, found: StoredZip) -> web.Response:
    # The signature in the URL is a credential: no cache may keep it.
    sign = sync_to_async(_signed_url, thread_sensitive=False)
    url = await sign(kept, found.name, request.method)
    return web.Response(
        status=302, headers={hdrs.LOCATION: url, hdrs.CACHE_CONTROL: "private, no-store"}
    )


def _signed_url(kept: _Storage, name: str, method: str) -> str:
    if "s3" in kept.domain.storage_class:
        return str(kept.storage.url(name, http_method=method))
    return str(kept.storage.url(name))


async def _storage_of(target: Target) -> _Storage:
    """Return the domain and its storage, loaded anew only after the domain was changed."""
    kept = _storages.get(target.domain)
    if kept is None or kept.changed != target.domain_changed:
        domain = await _read(Domain.objects.get, pk=target.domain)
        storage = await sync_to_async(domain.get_storage, thread_sensitive=False)()
        kept = _Storage(domain, storage, target.domain_changed)
        _storages[target.domain] = kept
    return kept


async def _read(get: Callable[..., Any], **lookup: Any) -> Any:
    """Read a row on the thread that pulpcore uses for that."""
    return await sync_to_async(on_a_connection)(get, **lookup)
