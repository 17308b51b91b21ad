"""The tasks that bring a database of vulnerabilities up to date."""

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

from django.utils import timezone
from yarl import URL

from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.exceptions import VulndbRefusedError
from pulp_gomod.app.models import GoVulndb
from pulp_gomod.app.remote.http.fetch import Fetcher
from pulp_gomod.app.remote.http.health import Health
from pulp_gomod.app.remote.http.results import Fetched, Missing, Unchanged, UpstreamFault
from pulp_gomod.app.remote.http.session import open_sessions
from pulp_gomod.app.remote.settings import Proxy, RemoteSettings, Tls
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.app.tasks.upload import Source, at_hand, discard_files, discard_uploads
from pulp_gomod.app.tasks.vulndb.reading import LARGEST_ARCHIVE
from pulp_gomod.app.tasks.vulndb.scheduling import scan_again
from pulp_gomod.app.tasks.vulndb.storing import Stored, refused, store
from pulp_gomod.golang import GoError

log = logging.getLogger(__name__)


class _IntoFile:
    """Takes what is downloaded to the task's disk."""

    binary = True

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def start(self) -> None:
        self._file.seek(0)
        self._file.truncate()

    async def write(self, chunk: bytes) -> None:
        # Nothing else runs on this loop.
        self._file.write(chunk)


@unless_gone()
def sync(vulndb_pk: str) -> Stored | None:
    """
    Fetch a database of vulnerabilities from its URL, unless the one that is here is still the newest.

    Args:
        vulndb_pk: The GoVulndb, which the task has to itself.

    Returns:
        What has changed; null if the URL's server says that nothing has.

    Raises:
        VulndbRefusedError: It cannot be had, or is broken; the one that is here stays.
    """
    vulndb = GoVulndb.objects.get(pk=vulndb_pk, pulp_domain=get_domain_pk())
    with tempfile.TemporaryFile(dir=".") as file, _noting(vulndb):
        if not vulndb.url:
            raise GoError("it has no url to be synced from; upload an archive")
        found = asyncio.run(_download(vulndb, file))
        if isinstance(found, Unchanged):
            same = GoVulndb.objects.filter(pk=vulndb.pk, url=vulndb.url)
            same.update(checked=timezone.now(), error="")
            return None
        said = found.etag, found.last_modified
        stored = store(vulndb.pk, file, *said, is_forced=False, url=vulndb.url)
    return _told(vulndb, stored)


@unless_gone()
def upload(vulndb_pk: str, source: Source) -> Stored:
    """
    Take a database of vulnerabilities from a file.

    Args:
        vulndb_pk: The GoVulndb, which the task has to itself.
        source: Where the file is.

    Raises:
        VulndbRefusedError: It is broken; the one that is here stays.
        StorageUnavailableError: The storage failed.
    """
    try:
        vulndb = GoVulndb.objects.get(pk=vulndb_pk, pulp_domain=get_domain_pk())
        with at_hand([source]) as files, _noting(vulndb):
            stored = store(vulndb.pk, str(files[0]), is_forced=True)
        discard_uploads([source])
    finally:
        discard_files([source])
    return _told(vulndb, stored)


def _told(vulndb: GoVulndb, stored: Stored) -> Stored:
    if stored["changed"] or stored["removed"]:
        scan_again(vulndb)
    return stored


@contextmanager
def _noting(vulndb: GoVulndb) -> Iterator[None]:
    """Note with the database why there is no newer one."""
    try:
        yield
    except (GoError, UpstreamFault) as error:
        reason = error.line if isinstance(error, UpstreamFault) else refused(error)
        GoVulndb.objects.filter(pk=vulndb.pk).update(error=reason)
        raise VulndbRefusedError(vulndb.name, reason) from None


async def _download(vulndb: GoVulndb, file: BinaryIO) -> Fetched | Unchanged:
    settings, threads = _settings_of(vulndb), Threads()
    try:
        sessions = await open_sessions(settings, threads)
        try:
            # What is there but was never read to its end must be fetched anew.
            is_known = vulndb.changed is not None
            found = await Fetcher(settings, sessions, Health()).download(
                URL(settings.url, encoded=True),
                _IntoFile(file),
                LARGEST_ARCHIVE,
                vulndb.etag if is_known else "",
                vulndb.last_modified if is_known else "",
            )
        finally:
            await sessions.close()
    except OSError as error:
        raise GoError(f"its connection cannot be made: {error}") from None
    finally:
        threads.close()
    if isinstance(found, Missing):
        said = f" ({found.words})" if found.words else ""
        raise GoError(f"its url leads to nothing: {found.status}{said}")
    return found


def _settings_of(vulndb: GoVulndb) -> RemoteSettings:
    hosts = (host.strip().lower() for host in vulndb.redirect_hosts.split(","))
    return RemoteSettings(
        pk=UUID(str(vulndb.pk)),
        changed=vulndb.pulp_last_updated,
        domain=vulndb.pulp_domain_id,
        name=vulndb.name,
        url=vulndb.url,
        username=vulndb.username or "",
        password=vulndb.password or "",
        tls=Tls(ca_cert=vulndb.ca_cert),
        proxy=Proxy(vulndb.proxy_url) if vulndb.proxy_url else None,
        redirect_hosts=tuple(filter(None, hosts)),
    )
