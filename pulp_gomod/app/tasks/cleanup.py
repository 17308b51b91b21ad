"""Removing cached modules that nobody asks for, or that are too many."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pulpcore.plugin.models import ProgressReport

from pulp_gomod.app.models import (
    GoAnswer,
    GoDistribution,
    GoModFile,
    GoModule,
    GoRepository,
)
from pulp_gomod.app.models.cached import cached_modules, cached_size
from pulp_gomod.app.models.membership import held_in

_BATCH = 500


def clean_up(repository_pk, unused_days=None, max_size=None):
    """
    Remove cached modules from a repository, in one new version. Uploaded ones are never touched.

    The disk is free once no repository version holds them any more and orphans were cleaned up.

    Args:
        repository_pk (str): The repository, reserved exclusively by the task.
        unused_days (float): Remove what was not asked for in so many days; None for no such limit.
        max_size (int): Bytes that what is cached may have together: beyond that, what was not asked
            for the longest goes first. None for no such limit.
    """
    repository = GoRepository.objects.get(pk=repository_pk)
    with ProgressReport(message="Removing cached modules", code="gomod.cleanup") as progress:
        chosen = _unused(repository, unused_days) | _beyond(repository, unused_days, max_size)
        with transaction.atomic():
            _remove(repository, chosen, unused_days)
        progress.increase_by(len(chosen))


def _cutoff(unused_days):
    return timezone.now() - timedelta(days=unused_days)


def _unused(repository, unused_days):
    if unused_days is None:
        return set()
    unused = cached_modules(repository).filter(used__lt=_cutoff(unused_days))
    return set(unused.values_list("pk", flat=True))


def _beyond(repository, unused_days, max_size):
    """Choose the ones that were not asked for the longest, until the rest is small enough."""
    if max_size is None:
        return set()
    excess = cached_size(repository.pk) - max_size
    chosen = set()
    oldest = cached_modules(repository).order_by("used", "pk").values_list("pk", "size")
    for pk, size in oldest.iterator(chunk_size=1000):
        if excess <= 0:
            break
        chosen.add(pk)
        excess -= size
    return chosen


def _remove(repository, chosen, unused_days):
    gone = sorted(chosen)
    mod_files = _unused_mod_files(repository, unused_days)
    if not (gone or mod_files):
        return
    _forget(repository, gone)
    with repository.new_version() as version:
        for start in range(0, len(gone), _BATCH):
            version.remove_content(GoModule.objects.filter(pk__in=gone[start : start + _BATCH]))
        version.remove_content(GoModFile.objects.filter(pk__in=mod_files))


def _unused_mod_files(repository, unused_days):
    """The go.mod files that were cached without a zip: asking for one keeps it, too."""
    if unused_days is None:
        return []
    held = held_in(
        GoModFile.objects.filter(_pulp_domain=repository.pulp_domain_id),
        repository.latest_version(),
    )
    return list(
        held.filter(timestamp_of_interest__lt=_cutoff(unused_days)).values_list("pk", flat=True)
    )


def _forget(repository, gone):
    """Forget what the upstreams said of the modules, so that they are not served from there."""
    remotes = GoDistribution.objects.filter(repository=repository, remote__isnull=False)
    answers = GoAnswer.objects.filter(remote__in=remotes.values("remote"))
    for start in range(0, len(gone), _BATCH):
        answers.filter(content__in=gone[start : start + _BATCH]).delete()
    # Old lists and queries, whoever asked for them, are of no use to anybody.
    answers.filter(~Q(file="sumdb"), expires__lt=timezone.now() - timedelta(days=30)).delete()
