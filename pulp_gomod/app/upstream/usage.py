"""What was asked for lately: noted in memory, written now and then, so that it costs no request."""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

from django.db import Error as DatabaseError
from django.db.models import Q
from django.utils import timezone

from pulp_gomod.app.models import GoModFile, GoRelease, GoRepository
from pulp_gomod.app.upstream.threads import Threads

log = logging.getLogger(__name__)

# Seconds between two writes.
EVERY = 30.0
# A use is not written where one within this time is known.
ROUGHLY = timedelta(hours=1)
_BATCH = 500
_MOST = 100_000

Use = tuple[UUID, str, str]


class Usage:
    """The uses that have not been written yet."""

    def __init__(self, threads: Threads) -> None:
        """
        Args:
            threads: For writing.
        """
        self._threads = threads
        self._used: set[Use] = set()

    def note(self, repository: UUID, path: str, version: str) -> None:
        """
        Note that a module version was asked for.

        Args:
            repository: The pk of the repository that serves it.
            path: The module path.
            version: The version.
        """
        if len(self._used) < _MOST:
            self._used.add((repository, path, version))

    async def run(self) -> None:
        """Write what was noted until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Write what was noted."""
        used, self._used = self._used, set()
        for repository in {use[0] for use in used}:
            names = [(path, version) for where, path, version in used if where == repository]
            try:
                await self._threads.database(_write, repository, names)
            except DatabaseError:
                log.info("The use of modules was not recorded.", exc_info=True)


def _write(repository: UUID, names: list[tuple[str, str]]) -> None:
    now = timezone.now()
    domain = (
        GoRepository.objects.filter(pk=repository).values_list("pulp_domain", flat=True).first()
    )
    for start in range(0, len(names), _BATCH):
        asked = Q()
        for path, version in names[start : start + _BATCH]:
            asked |= Q(module=path, version=version)
        GoRelease.objects.filter(
            asked,
            Q(last_used=None) | Q(last_used__lt=now - ROUGHLY),
            repository=repository,
            source=GoRelease.Source.CACHED,
        ).update(last_used=now)
        # A go.mod without its zip has no release in a repository. Its use is the same for all of them.
        GoModFile.objects.filter(asked, _pulp_domain=domain).touch()
