"""What was asked for lately: noted in memory, written now and then, so that it costs no request."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import Error as DatabaseError
from django.utils import timezone

from pulp_gomod.app.models import GoModFile, GoRelease, GoRepository
from pulp_gomod.app.remote.threads import Threads

log = logging.getLogger(__name__)

# Seconds between two writes.
EVERY = 30.0
# A use is not written where one within this time is known.
ROUGHLY = timedelta(hours=1)
_BATCH = 5_000
_MOST = 100_000

# Conditions for thousands of names take Django longer than PostgreSQL takes to look them all up.
_NAMES = "unnest(%s::text[], %s::text[]) AS used(module, version)"
_RELEASES = f"""
    SELECT held.pulp_id FROM {_NAMES} JOIN gomod_gorelease AS held USING (module, version)
    WHERE held.repository_id = %s AND held.source = %s
        AND (held.last_used IS NULL OR held.last_used < %s)
"""
_FILES = f"""
    SELECT held.content_ptr_id FROM {_NAMES} JOIN gomod_gomodfile AS held USING (module, version)
    WHERE held._pulp_domain_id = %s
"""


class LastUsed:
    """
    The uses that have not been written yet.

    Args:
        threads: For writing.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._used: dict[UUID, set[tuple[str, str]]] = {}
        self._count = 0

    def note(self, repository: UUID, path: str, version: str) -> None:
        """
        Note that a module version was asked for.

        Args:
            repository: The pk of the repository that serves it.
            path: The module path.
        """
        names = self._used.get(repository)
        if names is None:
            names = self._used[repository] = set()
        if self._count < _MOST and (path, version) not in names:
            names.add((path, version))
            self._count += 1

    async def run(self) -> None:
        """Write what was noted until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Write what was noted."""
        used, self._used, self._count = self._used, {}, 0
        for repository, names in used.items():
            try:
                await self._threads.database(_write, repository, list(names))
            except DatabaseError:
                log.info("The use of modules was not recorded.", exc_info=True)


def _write(repository: UUID, names: Sequence[tuple[str, str]]) -> None:
    now = timezone.now()
    domain = (
        GoRepository.objects.filter(pk=repository).values_list("pulp_domain", flat=True).first()
    )
    cached = GoRelease.Source.CACHED
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        arrays = [path for path, _ in batch], [version for _, version in batch]
        releases = GoRelease.objects.raw(_RELEASES, [*arrays, repository, cached, now - ROUGHLY])
        used = [release.pk for release in releases]
        GoRelease.objects.filter(pk__in=used).update(last_used=now)
        # A go.mod without its zip has no release in a repository. Its use is the same for all of them.
        files = GoModFile.objects.raw(_FILES, [*arrays, domain])
        GoModFile.objects.filter(pk__in=[file.pk for file in files]).touch()
