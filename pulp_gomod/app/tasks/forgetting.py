"""Forgetting one module version of a remote's cache."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from pulpcore.plugin.models import ProgressReport

from pulp_gomod.app.models import (
    GoCachedModFile,
    GoCacheEntry,
    GoDistribution,
    GoModFile,
    GoModule,
    GoRelease,
    GoRemote,
    GoRepository,
)
from pulp_gomod.app.models.cached import cached_mod_files, cached_modules
from pulp_gomod.app.tasks.gone import unless_gone

FILES = ("info", "mod", "zip")


def repositories_of(remote: GoRemote) -> QuerySet:
    """Find the repositories that a remote is asked for: by a distribution, or by their syncs."""
    through = GoDistribution.objects.filter(repository=OuterRef("pk"), remote=remote)
    return GoRepository.objects.filter(
        Q(Exists(through)) | Q(remote=remote), pulp_domain=remote.pulp_domain_id
    ).order_by("pk")


@unless_gone()
def forget(remote_pk: str, module: str, version: str) -> None:
    """
    Forget what a remote said of one module version, and what came of that by pull-through.

    Whoever asks next, gets what the upstream has then. What was uploaded or synced stays, and so does what
    older repository versions hold. An immutable repository goes on refusing other bytes than it ever had.

    Args:
        remote_pk: The remote, reserved exclusively by the task as its repositories are.
        module: The module path.
    """
    remote = GoRemote.objects.get(pk=remote_pk)
    named = {"module": module, "version": version}
    with (
        ProgressReport(message="Forgetting a module version", code="gomod.forget") as progress,
        transaction.atomic(),
    ):
        # What waits to join a repository goes with them.
        answers = GoCacheEntry.objects.filter(remote=remote, file__in=FILES, **named).only("pk")
        progress.increase_by(answers.count())
        answers.delete()
        for repository in repositories_of(remote):
            progress.increase_by(_forget_in(repository, named))


def _forget_in(repository: GoRepository, named: dict[str, str]) -> int:
    """Remove from a repository what is there by pull-through only, and return how many units that were."""
    modules = list(cached_modules(repository).filter(**named).values_list("pk", flat=True))
    files = list(cached_mod_files(repository).filter(**named).values_list("pk", flat=True))
    if modules or files:
        with repository.new_version() as new:
            new.remove_content(GoModule.objects.filter(pk__in=modules))
            new.remove_content(GoModFile.objects.filter(pk__in=files))
        GoCachedModFile.objects.filter(repository=repository, content__in=files).delete()
    if not repository.immutable:
        # Else other bytes were refused.
        cached = GoRelease.objects.filter(repository=repository, source=GoRelease.Source.CACHED)
        cached.filter(**named).delete()
    return len(modules) + len(files)
