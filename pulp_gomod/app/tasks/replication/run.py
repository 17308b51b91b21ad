"""The task that makes a repository what a distribution of another server serves."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.apps import apps
from django.db import transaction

from pulpcore.plugin.models import Content
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.models import (
    GoCacheEntry,
    GoModFile,
    GoModule,
    GoRelease,
    GoRemote,
    GoRepository,
)
from pulp_gomod.app.models.hiding import report
from pulp_gomod.app.models.membership import named
from pulp_gomod.app.storage.knowledge import absorb_blocks, absorb_releases
from pulp_gomod.app.tasks.forgetting import FILES
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.app.tasks.opening import run
from pulp_gomod.app.tasks.replication.proofs import take_over
from pulp_gomod.app.tasks.replication.served import leave_out, served_by
from pulp_gomod.app.tasks.replication.told import Told, ask
from pulp_gomod.app.tasks.replication.upstream import opened
from pulp_gomod.app.tasks.sync.downloading import Downloaded
from pulp_gomod.app.tasks.sync.fetching import SyncRequest, fetch
from pulp_gomod.app.tasks.sync.held import in_batches, look_up
from pulp_gomod.app.tasks.sync.run import (
    CONCURRENCY,
    MOST_AT_A_TIME,
    addition_of,
    await_zips,
    others_than,
    settings_of,
)
from pulp_gomod.golang.module import Version

_BATCH = 200
# Module versions that a repository may have to be replicated, since nobody could do it in parts: they take 1.5 GB of memory.
MAX_VERSIONS = 500_000


@unless_gone()
def replicate(repository_pk: str, remote_pk: str, server_pk: str, distribution: str) -> None:
    """
    Make a repository what a distribution of another server serves, and let it know what is known there.

    What is there already is not fetched again, and a new version is made only if anything changes.

    Args:
        repository_pk: The repository, reserved exclusively by the task.
        remote_pk: The remote, whose URL is that of the distribution.
        server_pk: The UpstreamPulp.
        distribution: The distribution's href there.

    Raises:
        ReplicationFailedError: The server does not say what there is.
        SyncFailedError: Something cannot be had.
    """
    domain = get_domain_pk()
    repository = GoRepository.objects.get(pk=repository_pk, pulp_domain=domain)
    remote = GoRemote.objects.get(pk=remote_pk, pulp_domain=domain)
    server = apps.get_model("core", "UpstreamPulp").objects.get(pk=server_pk, pulp_domain=domain)
    with opened(server) as upstream:
        version = upstream.version_of(distribution)
        told = ask(upstream, version) if version else Told()
        has_policy = upstream.has_policy(distribution)
    settings = settings_of(remote)
    # Before all else: what is blocked there is blocked here, whatever becomes of the rest.
    with transaction.atomic():
        absorb_blocks(repository, told.blocks)
    if has_policy:
        leave_out(told, run(served_by(settings, repository.pk)))
    on_a_connection(_give_way, repository, remote, told)
    order = SyncRequest(
        repository=repository.pk,
        remote=settings,
        limit=min(remote.download_concurrency or CONCURRENCY, MOST_AT_A_TIME),
        with_zips=True,
        sums=told.sums,
        most=MAX_VERSIONS,
    )
    fetched = run(fetch(order))
    # Fetching may have taken hours, in which nothing was asked on this connection.
    on_a_connection(_become, repository, fetched, told)
    uploaded = {
        (each.module, each.version)
        for each in told.releases
        if each.source == GoRelease.Source.UPLOADED
    }
    # No public database knows what was published there.
    names = {(line.path, line.version) for line in told.sums} - uploaded
    run(take_over(order.remote, told.databases, sorted(names)))


@transaction.atomic
def _give_way(repository: GoRepository, remote: GoRemote, told: Told) -> None:
    """
    Remove what is held with other checksums than it has there, or is stopped there, and forget what was fetched so.

    A sync would refuse to replace it. What is served meanwhile is an earlier version.
    """
    wanted: dict[Version, list[str]] = {}
    for line in told.sums:
        wanted.setdefault(Version(line.path, line.version), ["", ""])[line.is_go_mod] = line.h1
    other = []
    for batch in in_batches(wanted):
        for version, unit in look_up(repository.pk, batch).items():
            h1, go_mod_h1 = wanted[version]
            is_other = unit.go_mod_h1 != go_mod_h1 or (unit.h1 and h1 and unit.h1 != h1)
            if is_other or (unit.h1 and version in told.stopped):
                other.append(unit.pk)
        fetched = GoModule.objects.filter(gomod_cache_entries__remote=remote).filter(named(batch))
        for path, name, h1 in fetched.values_list("module", "version", "h1"):
            if h1 != wanted[Version(path, name)][0]:
                answers = GoCacheEntry.objects.filter(remote=remote, module=path, version=name)
                answers.filter(file__in=FILES).delete()
    if other:
        with repository.new_version() as new:
            new.remove_content(Content.objects.filter(pk__in=other).only("pk"))


@transaction.atomic
def _become(repository: GoRepository, fetched: Downloaded, told: Told) -> None:
    added = addition_of(repository, fetched)
    kept = [*fetched.held, *added.modules, *added.mod_files]
    await_zips([*fetched.held, *added.mod_files], told.awaited)
    # After the sync's own, which are in their place then; and before a version makes them seen.
    report(absorb_releases(repository, told.releases))
    _label(repository, kept, told.labels)
    removed = others_than(repository, kept)
    if not (added.modules or added.mod_files or removed):
        return
    with repository.new_version() as new:
        new.remove_content(Content.objects.filter(pk__in=removed).only("pk"))
        new.add_content(GoModule.objects.filter(pk__in=added.modules))
        new.add_content(GoModFile.objects.filter(pk__in=added.mod_files))


def _label(
    repository: GoRepository, kept: Sequence[UUID], labels: Mapping[Version, dict[str, str | None]]
) -> None:
    """Add the labels of modules to those that they have here."""
    keys = list(labels)
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        units = GoModule.objects.filter(
            named(batch),
            _pulp_domain=repository.pulp_domain_id,
            pk__in=kept,
        )
        # Without the type, pulpcore would ask for that of each unit by itself.
        for unit in units.only("pulp_type", "module", "version", "pulp_labels"):
            merged = unit.pulp_labels | labels[Version(unit.module, unit.version)]
            if merged != unit.pulp_labels:
                GoModule.objects.filter(pk=unit.pk).update(pulp_labels=merged)
