"""Adding content to a repository along with the zips that it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from pulpcore.plugin.models import Content, RepositoryVersion
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.models import GoModFile, GoModule, GoRemote, GoRepository
from pulp_gomod.app.models.missing import awaited
from pulp_gomod.app.tasks.gone import unless_gone
from pulp_gomod.app.tasks.opening import run
from pulp_gomod.app.tasks.sync.downloading import Downloaded
from pulp_gomod.app.tasks.sync.fetching import SyncRequest, fetch
from pulp_gomod.app.tasks.sync.run import CONCURRENCY, MOST_AT_A_TIME, addition_of, settings_of
from pulp_gomod.app.tasks.sync.wanted import Wanted
from pulp_gomod.golang import gosum


@unless_gone()
def modify(
    repository_pk: str,
    remote_pk: str,
    add_content_units: Sequence[str] = (),
    remove_content_units: Sequence[str] = (),
    base_version_pk: str | None = None,
    overwrite: bool = True,
) -> None:
    """
    Do what pulpcore's task of that name does, and fetch the zips of what is added before.

    These are the zips of all go.mod files that are named; and of a base version, or where nothing is named of
    the repository itself, those that a sync left for when they are asked for.

    Args:
        repository_pk: The repository, reserved exclusively by the task.
        remote_pk: The remote to fetch from.
        add_content_units: Pks of content to add.
        remove_content_units: Pks of content to remove, or "*" for all.
        base_version_pk: The version to start from, if that is not the newest one.
        overwrite: Whether what is added may replace what is held under the same name.

    Raises:
        SyncFailedError: A zip cannot be had; nothing was added.
    """
    domain = get_domain_pk()
    repository = GoRepository.objects.get(pk=repository_pk, pulp_domain=domain)
    remote = GoRemote.objects.get(pk=remote_pk, pulp_domain=domain)
    base = None
    if base_version_pk:
        base = RepositoryVersion.objects.get(pk=base_version_pk, repository__pulp_domain=domain)
    start = base or repository.latest_version()
    if "*" in remove_content_units:
        remove_content_units = start.content.values_list("pk", flat=True)
    removed = [str(pk) for pk in remove_content_units]
    if not overwrite:
        repository.check_content_overwrite(start, add_content_units, remove_content_pks=removed)
    wanting = list(GoModFile.objects.filter(pk__in=add_content_units).defer("go_mod"))
    if base or not add_content_units:
        wanting += awaited(start).exclude(pk__in=removed).defer("go_mod")
    order = _order(repository, remote, wanting)
    fetched = run(fetch(order))
    added = [pk for pk in map(str, add_content_units) if pk not in {str(u.pk) for u in wanting}]
    changes = _Changes(base, added, [*removed, *(unit.pk for unit in wanting)])
    # Fetching may have taken hours, in which nothing was asked on this connection.
    on_a_connection(_make_version, repository, changes, fetched)


@dataclass(frozen=True)
class _Changes:
    base: RepositoryVersion | None
    added: list[str]
    removed: list[str | UUID]


def _order(repository: GoRepository, remote: GoRemote, wanting: Sequence[GoModFile]) -> SyncRequest:
    """Order the zips, each with the go.mod that is known of it."""
    return SyncRequest(
        repository=repository.pk,
        remote=settings_of(remote),
        limit=min(remote.download_concurrency or CONCURRENCY, MOST_AT_A_TIME),
        with_zips=True,
        modules=[Wanted(unit.module, unit.version) for unit in wanting],
        sums=[
            gosum.Line(unit.module, unit.version, True, unit.go_mod_h1, number)
            for number, unit in enumerate(wanting, 1)
        ],
    )


@transaction.atomic
def _make_version(repository: GoRepository, changes: _Changes, fetched: Downloaded) -> None:
    addition = addition_of(repository, fetched)
    modules = [*fetched.held, *addition.modules]
    with repository.new_version(base_version=changes.base) as new:
        new.remove_content(Content.objects.filter(pk__in=changes.removed))
        new.remove_content(GoModFile.objects.filter(pk__in=addition.superseded))
        new.add_content(Content.objects.filter(pk__in=changes.added))
        new.add_content(GoModule.objects.filter(pk__in=modules))
