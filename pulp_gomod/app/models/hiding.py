"""What of the upstreams is not served any more since a module path has become a repository's own."""

from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING

from django.db.models import Q

from pulpcore.plugin.models import ProgressReport, Task

from pulp_gomod.app.models.distribution import GoDistribution
from pulp_gomod.app.models.own import add_own
from pulp_gomod.app.models.ownership import root_of
from pulp_gomod.app.models.release import GoRelease
from pulp_gomod.app.models.remote import GoRemote
from pulp_gomod.app.models.upstream import GoCacheEntry
from pulp_gomod.golang import module

if TYPE_CHECKING:
    from pulp_gomod.app.models.repository import GoRepository

CODE = "gomod.own"
# Paths of which a task says so, and names that are looked up at once.
MOST_TOLD = 20
_BATCH = 500
_FOREIGN = (GoRelease.Source.CACHED, GoRelease.Source.SYNCED)


def publish_names(repository: "GoRepository", modules: Set[str]) -> list[str]:
    """
    Note that modules are published to a repository, before anything else is made of it.

    Args:
        modules: Their paths.

    Returns:
        list: A line for people for each path that was not the repository's own before and of which a
            remote had something to serve.
    """
    return [line for _path, line in hide_others(repository, modules)]


def hide_others(repository: "GoRepository", modules: Set[str]) -> list[tuple[str, str]]:
    """
    Do what `publish_names` does, and say of which path each line tells.

    Args:
        modules: Their paths.
    """
    new = add_own(repository.pk, modules)
    remotes = _protecting_remotes(repository) if new else []
    if not remotes:
        return []
    lines = {}
    for batch in _batches(sorted(new)):
        for path, remote in _served(remotes, batch):
            line = _line(root_of(path), remote.name)
            lines[line] = (path, line + _stays(repository, path))
    return list(lines.values())


def report(lines: list[str]) -> None:
    """
    Say in the task, if there is one, what is not served any more.

    Args:
        lines: As of `publish_names`.
    """
    if not lines or Task.current() is None:
        return
    more = len(lines) - MOST_TOLD
    told = lines[:MOST_TOLD] + ([f"and {more} more"] if more > 0 else [])
    for line in told:
        ProgressReport.objects.create(
            message=line, code=CODE, state="completed", done=1, total=1, task=Task.current()
        )


def _line(root: str, remote: str) -> str:
    return (
        f"from now on {root} is this repository's own: versions of it, and of modules below it, from the "
        f"remote {remote} are no longer served here, unless that remote has {root} in mix"
    )


def _stays(repository: "GoRepository", path: str) -> str:
    """Name what came from an upstream before and so is in the repository."""
    from pulp_gomod.app.models.membership import held_in
    from pulp_gomod.app.models.module import GoModule

    foreign = repository.releases.filter(module=path, source__in=_FOREIGN)
    named = Q()
    for version, h1 in foreign.values_list("version", "h1")[:MOST_TOLD]:
        named |= Q(version=version, h1=h1)
    if not named:
        return ""
    units = GoModule.objects.filter(named, _pulp_domain=repository.pulp_domain_id, module=path)
    held = held_in(units, repository.latest_version()).order_by("version_key")
    names = ", ".join(held.values_list("version", flat=True))
    if not names:
        return ""
    return (
        f"; {names} of {path}, which came from an upstream before, stays until somebody removes it"
    )


def _protecting_remotes(repository: "GoRepository") -> list[GoRemote]:
    """Find the remotes beside the repository that do not mix everything."""
    distributions = GoDistribution.objects.filter(
        Q(repository=repository)
        | Q(repository_version__repository=repository)
        | Q(publication__repository_version__repository=repository),
        remote__isnull=False,
    )
    return list(GoRemote.objects.filter(pk__in=distributions.values("remote")).order_by("name"))


def _served(remotes: Sequence[GoRemote], paths: Sequence[str]) -> Iterator[tuple[str, GoRemote]]:
    """Give each path with each remote that has told versions of it, and now is not asked any more."""
    asked = {}
    for remote in remotes:
        for path in paths:
            if not module.match_prefix_patterns(remote.mix, path):
                for name in ("@v/list", "@latest"):
                    key = remote.key_of(f"{module.escape_path(path)}/{name}")
                    asked[remote.pk, key] = (path, remote)
    if not asked:
        return
    rows = GoCacheEntry.objects.filter(
        remote__in=remotes, key__in=[key for _, key in asked], status=200
    ).exclude(body=b"")
    found = {asked[row] for row in rows.values_list("remote", "key") if row in asked}
    yield from sorted(found, key=lambda each: (each[0], each[1].name))


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _BATCH] for start in range(0, len(names), _BATCH))
