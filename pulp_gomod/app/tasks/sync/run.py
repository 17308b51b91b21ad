"""Syncing a repository: fetch all that is wanted, then make one version of it."""

from collections.abc import Iterator, Sequence, Set
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from pulpcore.plugin.models import Content
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.exceptions import SyncFailedError
from pulp_gomod.app.models import (
    GoCachedModFile,
    GoCacheEntry,
    GoIndexPosition,
    GoModFile,
    GoModule,
    GoPendingEntry,
    GoRelease,
    GoRemote,
    GoRepository,
)
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.remote.settings import RemoteSettings, read_settings
from pulp_gomod.app.storage.proof_pruning import prune_if_due
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.app.tasks.ingest import Addition, Batch
from pulp_gomod.app.tasks.opening import run
from pulp_gomod.app.tasks.sync.downloading import Downloaded
from pulp_gomod.app.tasks.sync.failures import Policy
from pulp_gomod.app.tasks.sync.fetching import SyncRequest, fetch
from pulp_gomod.app.tasks.sync.following import Following
from pulp_gomod.app.tasks.sync.progress import Adding, adding
from pulp_gomod.app.tasks.sync.toolchains import (
    read_platforms,
    read_toolchains,
    toolchains_of,
)
from pulp_gomod.app.tasks.sync.wanted import (
    read_go_mod,
    read_go_sum,
    read_modules,
    read_patterns,
    read_tools,
    read_workspace,
)
from pulp_gomod.golang import modfile
from pulp_gomod.golang.index import parse_time
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.workspace import Workspace

# Things fetched at a time where the remote does not say.
CONCURRENCY = 10
MOST_AT_A_TIME = 100
# Answers whose texts are in memory at a time, and what a statement names of which only the names are.
_BATCH = 50
_NAMES = 500

_SERVED = (
    "different bytes of it were served to clients from another remote, and are about to be added to "
    "this repository"
)
_FORGOTTEN = (
    "the cache of the remote was cleaned up in the meantime: sync again, and if that does not help, "
    "raise its cache_size"
)


@unless_gone()
def sync(
    repository_pk: str,
    remote_pk: str,
    modules: Sequence[str] = (),
    go_sum: str = "",
    go_mod: str = "",
    go_work: str = "",
    go_mods: Sequence[str] = (),
    mirror: bool = False,
    missing: Policy = "",
    toolchains: Sequence[str] = (),
    toolchain_platforms: Sequence[str] = (),
    tools: Sequence[str] = (),
    index: bool = False,
    since: str = "",
    patterns: Sequence[str] = (),
) -> None:
    """
    Fetch modules from a remote, and make one new version of the repository with all of them.

    Until everything is there, the repository does not change; what was fetched stays in the remote's
    cache, so that a sync that failed or was interrupted goes on where it was.

    Args:
        repository_pk: The repository, reserved exclusively by the task.
        modules: Names of modules.
        go_sum: The text of a go.sum, or "".
        go_mod: The text of a go.mod, or "".
        go_work: The text of a go.work, or "".
        go_mods: The texts of the go.mod files of the modules that it uses.
        mirror: Whether all else is removed.
        missing: Whether what cannot be had fails the sync ("fail") or is left out ("skip"); by
            default what somebody has named fails it, and what the upstream lists is left out.
        toolchains: Names of Go toolchains.
        toolchain_platforms: For which platforms the toolchain of the go.mod or go.work is wanted, too.
        tools: Packages to install, with versions of their modules.
        index: Whether the index of the remote is followed.
        since: From when on; "" for where it was left the last time.
        patterns: What is wanted of the index; without any, everything.

    Raises:
        SyncFailedError: Something cannot be had.
    """
    repository = GoRepository.objects.get(pk=repository_pk, pulp_domain=get_domain_pk())
    remote = GoRemote.objects.get(pk=remote_pk, pulp_domain=get_domain_pk())
    mains: list[modfile.File | Workspace] = [read_go_mod(go_mod)] if go_mod else []
    if go_work:
        mains.append(read_workspace(go_work, go_mods))
    wanted = read_toolchains(toolchains)
    for main in mains:
        wanted += toolchains_of(main, read_platforms(toolchain_platforms))
    settings = settings_of(remote)
    following = None
    if index:
        begin = parse_time(since) if since else position_of(repository, settings)
        following = Following(begin, read_patterns(patterns))
    order = SyncRequest(
        repository=repository.pk,
        remote=settings,
        limit=min(remote.download_concurrency or CONCURRENCY, MOST_AT_A_TIME),
        with_zips=remote.policy == GoRemote.IMMEDIATE,
        modules=read_modules(modules),
        sums=read_go_sum(go_sum),
        mains=mains,
        toolchains=list(dict.fromkeys(wanted)),
        tools=read_tools(tools),
        following=following,
        missing=missing,
    )
    fetched = run(fetch(order))
    # Fetching may have taken hours, in which nothing was asked on this connection.
    with adding(len(fetched.answers)) as progress:
        on_a_connection(_finish, repository, settings, fetched, mirror, progress)
    prune_if_due(repository.pulp_domain_id)


def position_of(repository: GoRepository, remote: RemoteSettings) -> int:
    """Return the time at which following the index of a remote goes on, in nanoseconds since 1970."""
    known = GoIndexPosition.objects.filter(
        repository=repository, remote=remote.pk, url=remote.index_url
    )
    return known.values_list("time", flat=True).first() or 0


@transaction.atomic
def _finish(
    repository: GoRepository,
    remote: RemoteSettings,
    fetched: Downloaded,
    mirror: bool,
    progress: Adding,
) -> None:
    """Make the new version, and note how far the index was followed, or neither."""
    _add(repository, fetched, mirror, progress)
    if fetched.position is not None:
        GoIndexPosition.objects.update_or_create(
            repository=repository,
            remote_id=remote.pk,
            defaults={"url": remote.index_url, "time": fetched.position},
        )


def _add(repository: GoRepository, fetched: Downloaded, mirror: bool, progress: Adding) -> None:
    """Make the new version, if anything changes."""
    added = addition_of(repository, fetched, progress)
    kept = [*fetched.held, *added.modules, *added.mod_files]
    await_zips([*fetched.held, *added.mod_files], fetched.awaited)
    removed = added.superseded
    if mirror:
        removed = others_than(repository, kept)
    if not (added.modules or added.mod_files or removed):
        return
    with repository.new_version() as new:
        new.remove_content(Content.objects.filter(pk__in=removed).only("pk"))
        new.add_content(GoModule.objects.filter(pk__in=added.modules))
        new.add_content(GoModFile.objects.filter(pk__in=added.mod_files))


def settings_of(remote: GoRemote) -> RemoteSettings:
    """
    Read how a remote is asked.

    Raises:
        DoesNotExist: It was deleted meanwhile.
    """
    found = read_settings(remote.pk)
    if found is None:
        raise GoRemote.DoesNotExist(str(remote.pk))
    return found


def addition_of(
    repository: GoRepository, fetched: Downloaded, progress: Adding | None = None
) -> Addition:
    """
    Make the units of what was fetched, and let no cleanup take them.

    Args:
        repository: The repository, reserved exclusively.
        fetched: What was fetched for it.
        progress: Where to note how far it is, if anywhere.

    Raises:
        SyncFailedError: Some of it is gone again, or clients were served other bytes.
        ModuleVersionChangedError: The repository is immutable, and had other bytes.
    """
    added, done = Addition([], [], []), 0
    for pks in _batches(_in_order(fetched.answers), _BATCH):
        answers = list(GoCacheEntry.objects.filter(pk__in=pks).order_by("module", "version"))
        if len(answers) < len(pks):
            raise SyncFailedError(_FORGOTTEN)
        batch = Batch(repository, answers, GoRelease.Source.SYNCED)
        part = batch.prepare()
        for refused in batch.refused:
            raise refused
        added.modules += part.modules
        added.mod_files += part.mod_files
        added.superseded += part.superseded
        done += len(pks)
        if progress is not None:
            progress.reach(done)
    _protect(repository, [*fetched.held, *added.modules, *added.mod_files])
    _refuse_rivals(repository, added.modules)
    return added


def await_zips(pks: Sequence[UUID], awaited: Set[Version]) -> None:
    """Note of which go.mod files the zips are to come."""
    if not awaited:
        return
    for batch in _batches(pks):
        units = GoModFile.objects.filter(pk__in=batch, awaits_zip=False)
        found = units.values_list("pk", "module", "version")
        chosen = [pk for pk, *key in found if tuple(key) in awaited]
        GoModFile.objects.filter(pk__in=chosen).update(awaits_zip=True)


def _in_order(pks: Sequence[UUID]) -> list[UUID]:
    """Sort answers by their modules: two syncs that make the same rows wait for each other in one order."""
    rows: list[tuple[str, str, UUID]] = []
    for batch in _batches(pks):
        rows += GoCacheEntry.objects.filter(pk__in=batch).values_list("module", "version", "pk")
    if len(rows) < len(set(pks)):
        raise SyncFailedError(_FORGOTTEN)
    return [pk for *_, pk in sorted(rows)]


def _protect(repository: GoRepository, pks: Sequence[UUID]) -> None:
    """Let no cleanup take what was asked for by name: neither of the cache, nor of orphans."""
    for batch in _batches(pks):
        GoModFile.objects.filter(pk__in=batch).touch()
        GoCachedModFile.objects.filter(repository=repository, content__in=batch).delete()
        units = GoModule.objects.filter(pk__in=batch)
        units.touch()
        names = list(units.values_list("module", "version", "h1"))
        if names:
            modules, versions, h1s = map(set, zip(*names, strict=True))
            # A checksum is that of files whose names begin with the module's.
            cached = GoRelease.objects.filter(
                repository=repository,
                module__in=modules,
                version__in=versions,
                h1__in=h1s,
                source=GoRelease.Source.CACHED,
            )
            cached.update(source=GoRelease.Source.SYNCED)


def _refuse_rivals(repository: GoRepository, pks: Sequence[UUID]) -> None:
    """Refuse other bytes than those which clients have been served, and which are about to join."""
    served = GoPendingEntry.objects.filter(
        repository=repository,
        entry__module=OuterRef("module"),
        entry__version=OuterRef("version"),
        entry__content__isnull=False,
    )
    rivals = served.exclude(entry__content=OuterRef("pk"))
    units = GoModule.objects.filter(Exists(rivals), pk__in=pks)
    for unit in units.only("pulp_type", "module", "version")[:1]:
        raise SyncFailedError(f"{unit}: {_SERVED}")


def others_than(repository: GoRepository, kept: Sequence[UUID]) -> list[UUID]:
    """Find all that the newest version holds beside what is kept."""
    held = held_in(Content.objects.all(), repository.latest_version())
    return list(held.exclude(pk__in=kept).values_list("pk", flat=True))


def _batches(pks: Sequence[UUID], size: int = _NAMES) -> Iterator[Sequence[UUID]]:
    return (pks[start : start + size] for start in range(0, len(pks), size))
