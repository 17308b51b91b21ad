"""
Which licences module versions have.

What is on record of them is computed after a zip has come (see `tasks.documentation`), so nothing is of a version
whose zip nobody has asked for yet, and not at once of one that has just come. A zip that is about to be sent is here
as a whole, and is read then.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from pulp_gomod.app.content.repository.conditions import licence_queries as queries
from pulp_gomod.app.content.repository.distributions import ServedDistribution
from pulp_gomod.app.content.repository.modules import Found
from pulp_gomod.app.content.repository.zips import ZipFiles
from pulp_gomod.app.db.batching import Lookups
from pulp_gomod.app.db.executors import BoundedExecutor, compute
from pulp_gomod.app.db.lru import Lru
from pulp_gomod.app.db.pq import Row
from pulp_gomod.app.db.singleflight import SingleFlight
from pulp_gomod.app.db.together import Need
from pulp_gomod.app.models.documentation import keep_licences
from pulp_gomod.app.remote.threads import Threads
from pulp_gomod.app.storage.reading import ZipReader
from pulp_gomod.app.storage.stored_zip import StoredZip
from pulp_gomod.documenter.process import licences_apart

log = logging.getLogger(__name__)

_NIL = UUID(int=0)
_MOST_MODULES: Final = 4096
_MOST_VERSIONS: Final = 200_000
_MOST_ZIPS: Final = 20_000
# Seconds for which nobody looks again for what was not on record.
_TRUSTED: Final = 10.0
# Processes at a time that read zips, and seconds of a processor that each may take.
_PROCESSES: Final = 2
_SECONDS: Final = 10

Ids = frozenset[str]
"""Identifiers of SPDX as GoDocumentation.licence_ids has them: "" for a licence that is not known, none without one."""


class _Known:
    def __init__(self, ids: Mapping[str, Ids]) -> None:
        self.ids = ids
        self.read = time.monotonic()


class Licences:
    """
    Knows which licences module versions have.

    Args:
        lookups: Where to ask what is on record.
        zips: Where stored zips are.
        threads: Those that may wait for the database.
    """

    def __init__(self, lookups: Lookups, zips: ZipFiles, threads: Threads) -> None:
        self._lookups = lookups
        self._zips = zips
        self._threads = threads
        self._known: Lru[tuple[Any, ...], _Known] = Lru(
            _MOST_MODULES, _MOST_VERSIONS, lambda known: len(known.ids)
        )
        self._of_zips: Lru[str, Ids] = Lru(_MOST_ZIPS)
        self._flights: SingleFlight[Ids] = SingleFlight()
        self._executor = BoundedExecutor("gomod-licences", _PROCESSES)

    async def close(self) -> None:
        """Call off what is being read."""
        await self._flights.close()
        self._executor.close()

    async def known(
        self, target: ServedDistribution, path: str, versions: Collection[str]
    ) -> Mapping[str, Ids]:
        """
        Return what is on record of versions; the others are left out.

        Args:
            target: The distribution.
            path: The module path.
        """
        key = _key(target, path)
        found = self._fresh(key, versions)
        if found is None:
            rows = await self._lookups.ask(queries.known(), **_values(target, path))
            found = await self._remember(key, rows)
        return found.ids

    def needs(
        self, target: ServedDistribution, path: str, versions: Collection[str]
    ) -> Sequence[Need]:
        """
        Say what `known` would look up.

        Args:
            target: The distribution.
            path: The module path.
        """
        key = _key(target, path)
        if self._fresh(key, versions) is not None:
            return ()

        async def keep(rows: list[Row]) -> None:
            await self._remember(key, rows)

        return [Need(queries.known(), queries.WIDTH, _values(target, path), keep)]

    def _fresh(self, key: tuple[Any, ...], versions: Collection[str]) -> _Known | None:
        """Return what was looked up before, unless more may be known by now of these versions."""
        found = self._known.get(key)
        if found is None or time.monotonic() - found.read <= _TRUSTED:
            return found
        return found if all(each in found.ids for each in versions) else None

    async def _remember(self, key: tuple[Any, ...], rows: list[Row]) -> _Known:
        known = _Known(await compute(len(rows), _put_together, rows))
        self._known.put(key, known)
        return known

    async def of_zip(
        self, target: ServedDistribution, path: str, version: str, found: Found
    ) -> Ids:
        """
        Return the licences in a zip, which is read unless they are known.

        Args:
            target: The distribution.
            path: The module path.
            found: The zip.

        Raises:
            DocumenterFailed: It cannot be read.
            DamagedFileError: It is lost or damaged.
            StorageUnavailableError: The storage failed.
            OSError: It cannot be copied to where it is read.
        """
        digest = found.sha256 if isinstance(found, StoredZip) else found.etag
        known = self._of_zips.get(digest)
        if known is not None:
            return known

        async def read() -> Ids:
            reader = await self._zips.reader(target)
            ids = frozenset(await self._executor.run(_read, reader, path, version, found))
            self._learn(target, path, version, ids)
            self._of_zips.put(digest, ids)
            if isinstance(found, StoredZip):
                await self._keep(found, ids)
            return ids

        return await asyncio.shield(self._flights.start(digest, read))

    def _learn(self, target: ServedDistribution, path: str, version: str, ids: Ids) -> None:
        known = self._known.get(_key(target, path))
        if known is not None:
            self._known.put(_key(target, path), _Known({**known.ids, version: ids}))

    async def _keep(self, found: StoredZip, ids: Ids) -> None:
        try:
            await self._threads.database(keep_licences, found.artifact, sorted(ids))
        except DatabaseError as error:
            # It is known here, and will be read again elsewhere.
            log.warning("Cannot note the licences of a zip: %s", error)


def _values(target: ServedDistribution, path: str) -> dict[str, Any]:
    served = target.served
    return {
        "domain": target.domain,
        "repository": served.repository if served else _NIL,
        "remote": target.remote or _NIL,
        "module": path,
    }


def _put_together(rows: Sequence[Row]) -> dict[str, Ids]:
    ids: dict[str, Ids] = {}
    for version, said in rows:
        ids[version] = ids.get(version, frozenset()) | frozenset(said)
    return ids


def _key(target: ServedDistribution, path: str) -> tuple[Any, ...]:
    served = target.served
    return (served.repository, served.number) if served else None, target.remote, path


def _read(reader: ZipReader, path: str, version: str, found: Found) -> list[str]:
    with _opened(reader, found) as descriptor:
        return licences_apart(descriptor, path, version, _SECONDS)


@contextmanager
def _opened(reader: ZipReader, found: Found) -> Iterator[int]:
    if isinstance(found, StoredZip):
        with reader.opened(found, settings.WORKING_DIRECTORY) as descriptor:
            yield descriptor
        return
    with open(found.path, "rb", buffering=0) as file:
        yield file.fileno()
