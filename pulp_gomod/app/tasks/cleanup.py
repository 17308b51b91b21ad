"""Removing cached modules that nobody asks for, or that are too many."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from pulpcore.plugin.models import ProgressReport

from pulp_gomod.app.models import (
    GoCachedModFile,
    GoCacheEntry,
    GoDistribution,
    GoModFile,
    GoModule,
    GoRepository,
)
from pulp_gomod.app.models.cached import cached_mod_files, cached_modules, cached_size
from pulp_gomod.app.storage.proof_pruning import prune_if_due
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.golang import module

_BATCH = 500


@unless_gone(quietly=True)
def clean_up(
    repository_pk: str, unused_days: float | None = None, max_size: int | None = None
) -> None:
    """
    Remove cached modules from a repository, in one new version.

    What was uploaded, synced or promoted is never touched, be it a zip or a go.mod file alone.

    The disk is free once no repository version holds them any more and orphans were cleaned up.

    Args:
        repository_pk: The repository, reserved exclusively by the task.
        unused_days: Remove what was not asked for in so many days; None for no such limit.
        max_size: Bytes that what is cached may have together: beyond that, what was not asked
            for the longest goes first. None for no such limit.
    """
    repository = GoRepository.objects.get(pk=repository_pk)
    with (
        ProgressReport(message="Removing cached modules", code="gomod.cleanup") as progress,
        ProgressReport(
            message="Removing cached go.mod files without a zip", code="gomod.cleanup.mod_files"
        ) as progress_of_mod_files,
    ):
        kinds = (cached_modules(repository), cached_mod_files(repository))
        chosen = [_unused(cached, unused_days) for cached in kinds]
        for kind, pk in _beyond(repository, kinds, max_size):
            chosen[kind].add(pk)
        modules, mod_files = (sorted(pks) for pks in chosen)
        with transaction.atomic():
            _remove(repository, modules, mod_files)
        prune_if_due(repository.pulp_domain_id)
        progress.increase_by(len(modules))
        progress_of_mod_files.increase_by(len(mod_files))


def _unused(cached: QuerySet, unused_days: float | None) -> set[UUID]:
    if unused_days is None:
        return set()
    cutoff = timezone.now() - timedelta(days=unused_days)
    return set(cached.filter(used__lt=cutoff).values_list("pk", flat=True))


def _beyond(
    repository: GoRepository, kinds: Sequence[QuerySet], max_size: int | None
) -> Iterator[tuple[int, UUID]]:
    """
    Choose what was not asked for the longest, until the rest is small enough.

    Yields of which kind each is, and its pk.
    """
    if max_size is None:
        return
    excess = cached_size(repository.pk) - max_size
    oldest = heapq.merge(*(_oldest(kind, cached) for kind, cached in enumerate(kinds)))
    for _, kind, pk, size in oldest:
        if excess <= 0:
            break
        yield kind, pk
        excess -= size


def _oldest(kind: int, cached: QuerySet) -> Iterator[tuple[datetime, int, UUID, int]]:
    rows = cached.order_by("used", "pk").values_list("used", "pk", "size")
    for used, pk, size in rows.iterator(chunk_size=1000):
        yield used, kind, pk, size


def _remove(repository: GoRepository, modules: Sequence[UUID], mod_files: Sequence[UUID]) -> None:
    if not (modules or mod_files):
        return
    remotes = GoDistribution.objects.filter(repository=repository, remote__isnull=False)
    answers = GoCacheEntry.objects.filter(remote__in=remotes.values("remote"))
    with repository.new_version() as version:
        for gone in _batches(modules):
            # Else they were served from there.
            answers.filter(content__in=gone).only("pk").delete()
            version.remove_content(GoModule.objects.filter(pk__in=gone))
        for gone in _batches(mod_files):
            files = GoModFile.objects.filter(pk__in=gone)
            answers.filter(key__in=_keys(remotes, files)).only("pk").delete()
            version.remove_content(files)
            GoCachedModFile.objects.filter(repository=repository, content__in=gone).delete()
    _forget_old(answers)


def _keys(remotes: QuerySet, files: QuerySet) -> list[str]:
    """Name the answers that brought go.mod files, whether a checksum database had a say or not."""
    # The API imports this module, and must not have the content app with it.
    from pulp_gomod.app.remote.settings import read_settings

    settings = [read_settings(pk) for pk in remotes.values_list("remote", flat=True).distinct()]
    return [
        each.key(f"{module.escape_path(path)}/@v/{module.escape_version(version)}.mod", covered)
        for path, version in files.values_list("module", "version")
        for each in settings
        if each is not None
        for covered in (True, False)
    ]


def _batches(pks: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (pks[start : start + _BATCH] for start in range(0, len(pks), _BATCH))


def _forget_old(answers: QuerySet) -> None:
    """Forget old lists and queries: whoever asked for them, they are of no use to anybody."""
    answers.filter(~Q(file="sumdb"), expires__lt=timezone.now() - timedelta(days=30)).delete()
