"""Taking in what was fetched from upstreams: one repository version for all that waits."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pulpcore.plugin.exceptions import PulpException
from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.exceptions import ModuleVersionChangedError
from pulp_gomod.app.models import (
    GoCachedModFile,
    GoCacheEntry,
    GoDistribution,
    GoModFile,
    GoModule,
    GoPendingEntry,
    GoRelease,
    GoRemote,
    GoRepository,
)
from pulp_gomod.app.models.cached import cached_size
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.own import own_paths_of
from pulp_gomod.app.models.release import UNKNOWN_TIME
from pulp_gomod.app.models.repository import release_time
from pulp_gomod.app.remote.cache.info import Info, parse_info
from pulp_gomod.app.remote.settings import read_settings
from pulp_gomod.app.remote.zips.quota import LEAVES
from pulp_gomod.app.storage.admission import Admission
from pulp_gomod.app.storage.mod_files import save_mod_files
from pulp_gomod.app.storage.proof_pruning import prune_if_due
from pulp_gomod.app.storage.release_info import parse_time
from pulp_gomod.app.tasks.cleanup import clean_up
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.app.tasks.proofs import Fetched, keep_proofs_of_cached
from pulp_gomod.golang import module

log = logging.getLogger(__name__)

# Pending entries that make one version at most: what a task holds in memory is bounded.
BATCH = 5000

# Of a module version: its path and its version.
_Name = tuple[str, str]


@unless_gone(quietly=True)
def ingest(repository_pk: str) -> None:
    """
    Add what was fetched through a repository's distributions to it.

    Args:
        repository_pk: The repository, reserved exclusively by the task.
    """
    repository = GoRepository.objects.get(pk=repository_pk)
    is_all = False
    while not is_all:
        # Before they are served without the remote; and what has come since then.
        waiting = _waiting(repository)
        keep_proofs_of_cached(repository, waiting)
        added = _ingest_batch(repository)
        is_all = len(added) < BATCH
        keep_proofs_of_cached(repository, set(added) - waiting)
    prune_if_due(repository.pulp_domain_id)
    limit = _cache_size(repository)
    if limit is not None and cached_size(repository.pk) > limit:
        clean_up(repository_pk, max_size=int(limit * LEAVES))


def _cache_size(repository: GoRepository) -> int | None:
    """Return how much the remotes may cache for a repository, by the largest limit; None for any."""
    distributions = GoDistribution.objects.filter(repository=repository, remote__isnull=False)
    remotes = GoRemote.objects.filter(pk__in=distributions.values("remote"))
    sizes = remotes.exclude(policy=GoRemote.STREAMED).values_list("cache_size", flat=True)
    return None if None in sizes else max(sizes, default=None)


def _waiting(repository: GoRepository) -> set[Fetched]:
    """Name what waits, up to BATCH of it."""
    pending = GoPendingEntry.objects.filter(repository=repository).order_by("pulp_created")
    columns = ("entry__remote", "entry__module", "entry__version")
    return set(pending.values_list(*columns)[:BATCH])


def _ingest_batch(repository: GoRepository) -> list[Fetched]:
    """Take in what waits, up to BATCH of it, and return it."""
    with transaction.atomic():
        pending = list(
            GoPendingEntry.objects.filter(repository=repository)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("entry")
            .order_by("pulp_created")[:BATCH]
        )
        if pending:
            try:
                with transaction.atomic():
                    _ingest(repository, [each.entry for each in pending])
            except PulpException as error:
                # It is served all the same, from the cache of its remote.
                log.warning("Cannot add what was cached to %s: %s", repository.name, error)
            GoPendingEntry.objects.filter(pk__in=[each.pk for each in pending]).delete()
    entries = (each.entry for each in pending)
    return [(entry.remote_id, entry.module, entry.version) for entry in entries]


def _ingest(repository: GoRepository, answers: list[GoCacheEntry]) -> None:
    addition = Batch(repository, answers, GoRelease.Source.CACHED).prepare()
    if not (addition.modules or addition.mod_files):
        return
    # Whatever somebody asks for is cached, until it is synced or published.
    GoCachedModFile.objects.bulk_create(
        [GoCachedModFile(repository=repository, content_id=pk) for pk in addition.mod_files],
        ignore_conflicts=True,
    )
    with repository.new_version() as new:
        new.remove_content(GoModFile.objects.filter(pk__in=addition.superseded))
        new.add_content(GoModule.objects.filter(pk__in=addition.modules))
        new.add_content(GoModFile.objects.filter(pk__in=addition.mod_files))


@dataclass
class Addition:
    """
    What is to change in a repository.

    Attributes:
        modules: Pks of the modules to add.
        mod_files: Pks of the go.mod files to add.
        superseded: Pks of the go.mod files to remove, since their zips are added.
    """

    modules: list[UUID]
    mod_files: list[UUID]
    superseded: list[UUID]


class Batch:
    """
    What a set of answers adds to a repository.

    Args:
        repository: The repository, reserved exclusively.
        answers: Answers that brought zips or go.mod files.
        source: How the modules come here, a GoRelease.Source.
    """

    def __init__(self, repository: GoRepository, answers: list[GoCacheEntry], source: str) -> None:
        self.repository = repository
        self.source = source
        if source == GoRelease.Source.CACHED:
            answers = _without_own(repository, answers)
        self.zips = [answer for answer in answers if answer.file == "zip" and answer.content_id]
        self.mods = [answer for answer in answers if answer.file == "mod" and answer.status == 200]
        # Why what an immutable repository had otherwise is not taken.
        self.refused: list[ModuleVersionChangedError] = []
        self.keys = {(answer.module, answer.version) for answer in answers}
        self._admission = Admission(repository)

    def prepare(self) -> Addition:
        """Make the units and the records of all that is new, and return the Addition."""
        version = self.repository.latest_version()
        held_modules = self._held(GoModule, version)
        held_mod_files = self._held(GoModFile, version)
        units = self._new_modules(held_modules)
        modules = held_modules.keys() | units.keys()
        files = {
            (answer.module, answer.version): bytes(answer.body)
            for answer in self.mods
            if (answer.module, answer.version) not in modules
            # What a sync brings although one is held, is another one that takes its place.
            and (
                self.source == GoRelease.Source.SYNCED
                or (answer.module, answer.version) not in held_mod_files
            )
        }
        mod_files = save_mod_files(self.repository.pulp_domain_id, files)
        # The zip says what its go.mod is.
        superseded = {
            key: pk
            for key, pk in held_mod_files.items()
            if key in units or mod_files.get(key, pk) != pk
        }
        self._record_releases(units)
        self._keep_synced(units, superseded)
        added = [pk for pk in mod_files.values() if pk not in held_mod_files.values()]
        return Addition([unit.pk for unit in units.values()], added, list(superseded.values()))

    def _keep_synced(
        self, units: Mapping[_Name, GoModule], superseded: Mapping[_Name, UUID]
    ) -> None:
        """
        Let no cleanup take zips in place of go.mod files that it would not have taken.

        So it is with a module that was synced without its zip, which somebody has asked for now.
        """
        cached = GoCachedModFile.objects.filter(
            repository=self.repository, content__in=list(superseded.values())
        )
        removable = set(cached.values_list("content", flat=True))
        for key, pk in superseded.items():
            if key in units and pk not in removable:
                GoRelease.objects.filter(
                    repository=self.repository,
                    module=key[0],
                    version=key[1],
                    h1=units[key].h1,
                    source=GoRelease.Source.CACHED,
                ).update(source=GoRelease.Source.SYNCED)
        cached.delete()

    def _held(
        self, model: type[GoModule | GoModFile], version: RepositoryVersion
    ) -> dict[_Name, UUID]:
        """Look up what the newest version holds of the module versions in question."""
        if not self.keys:
            return {}
        asked = Q(
            module__in={key[0] for key in self.keys}, version__in={key[1] for key in self.keys}
        )
        units = held_in(
            model.objects.filter(asked, _pulp_domain=self.repository.pulp_domain), version
        )
        rows = units.values_list("module", "version", "pk")
        return {(path, name): pk for path, name, pk in rows if (path, name) in self.keys}

    def _new_modules(self, held: Mapping[_Name, UUID]) -> dict[_Name, GoModule]:
        """The modules that are new; a version that is held already is the one that counts."""
        found = GoModule.objects.filter(pk__in=[answer.content_id for answer in self.zips])
        units: dict[_Name, GoModule] = {}
        # Without the type, pulpcore would ask for that of each unit by itself.
        for unit in found.only("pulp_type", "module", "version", "h1"):
            key = (unit.module, unit.version)
            if key in held or self._is_passed_over(*key):
                continue
            changed = self._admission.changed(*key, unit.h1)
            if changed:
                self.refused.append(changed)
            else:
                units.setdefault(key, unit)
        return units

    def _is_passed_over(self, path: str, version: str) -> bool:
        """
        Say whether what was cached stays out since it was blocked meanwhile.

        What somebody asked to be synced is refused by the repository itself, for all to see.
        """
        is_cached = self.source == GoRelease.Source.CACHED
        return is_cached and self._admission.blocked(path, version, published=False) is not None

    def _record_releases(self, units: Mapping[_Name, GoModule]) -> None:
        if not units:
            return
        remotes = {(answer.module, answer.version): answer.remote_id for answer in self.zips}
        infos = self._infos(units, remotes) | self._infos_of_zips()
        now = timezone.now().replace(microsecond=0)
        GoRelease.objects.bulk_create(
            [
                GoRelease(
                    repository=self.repository,
                    module=unit.module,
                    version=unit.version,
                    h1=unit.h1,
                    time=_time(unit.version, infos.get(key)),
                    origin=infos[key].origin if key in infos else None,
                    info=infos[key].body if key in infos else None,
                    source=self.source,
                    last_used=now if self.source == GoRelease.Source.CACHED else None,
                )
                for key, unit in units.items()
            ],
            ignore_conflicts=True,
        )

    def _infos_of_zips(self) -> dict[_Name, Info]:
        """Read what came with the zips: it is there whatever else was forgotten."""
        parsed = {(zip.module, zip.version): parse_info(bytes(zip.body)) for zip in self.zips}
        return {key: info for key, info in parsed.items() if info is not None}

    def _infos(self, units: Iterable[_Name], remotes: Mapping[_Name, UUID]) -> dict[_Name, Info]:
        """Read what the upstreams say of the modules' times and origins."""
        settings = {remote: read_settings(remote) for remote in set(remotes.values())}
        wanted = {}
        for key in units:
            remote = remotes[key]
            known = settings[remote]
            if known is not None:
                path = f"{module.escape_path(key[0])}/@v/{module.escape_version(key[1])}.info"
                wanted[(remote, known.key(path, False))] = key
        rows = GoCacheEntry.objects.filter(
            remote__in=settings, key__in=[name for _, name in wanted], status=200
        )
        infos = {}
        for row in rows:
            info = parse_info(bytes(row.body))
            if info is not None and (row.remote_id, row.key) in wanted:
                infos[wanted[(row.remote_id, row.key)]] = info
        return infos


def _without_own(repository: GoRepository, answers: list[GoCacheEntry]) -> list[GoCacheEntry]:
    """Leave out what was cached before its path became the repository's own."""
    own = own_paths_of(repository.pk)
    found = {answer.remote_id for answer in answers if own.above(answer.module)}
    if not found:
        return answers
    mix = dict(GoRemote.objects.filter(pk__in=found).values_list("pk", "mix"))
    return [
        answer
        for answer in answers
        if not own.above(answer.module)
        or module.match_prefix_patterns(mix.get(answer.remote_id, ""), answer.module)
    ]


def _time(version: str, info: Info | None) -> datetime:
    if info is not None and info.time:
        return parse_time(info.time)
    return release_time(version, UNKNOWN_TIME)
