"""GoOwnPath: a module path that is a repository's own, since somebody published it there."""

from collections.abc import Iterator, Sequence, Set
from uuid import UUID, uuid4

from django.db import models

from pulpcore.plugin.models import BaseModel

from pulp_gomod.app.models.ownership import NONE, OwnPaths, root_of
from pulp_gomod.app.models.visibility import wait_until_seen

_BATCH = 1000


class GoOwnPath(BaseModel):
    """
    A path for which, and for all below it, no upstream is asked (see GoRemote.mix).

    There is one for each module that was ever uploaded, however it came here: with an upload, or with a copy
    of what was uploaded elsewhere. It stays when the module is removed: a name that was ours once does not
    become that of a stranger.

    Fields:
        path (str): The module path, without its major version.
    """

    repository = models.ForeignKey(
        "GoRepository", related_name="own_paths", on_delete=models.CASCADE
    )
    path = models.TextField(db_collation="C")

    class Meta:
        unique_together = ("repository", "path")

    def __str__(self) -> str:
        return str(self.path)


class GoOwnRevision(BaseModel):
    """
    Which state the own paths of a repository are in; there is none before the first one.

    Fields:
        revision (str): Changes whenever there is another path.
    """

    repository = models.OneToOneField(
        "GoRepository", related_name="own_revision", on_delete=models.CASCADE
    )
    revision = models.UUIDField(default=uuid4)


def own_paths_of(repository_pk: UUID) -> OwnPaths:
    """Return the OwnPaths of a repository, as its newest committed state has them."""
    found = GoOwnRevision.objects.filter(repository=repository_pk).first()
    if found is None:
        return NONE
    paths = GoOwnPath.objects.filter(repository=repository_pk).values_list("path", flat=True)
    return OwnPaths(found.revision.bytes, paths)


def add_own(repository_pk: UUID, modules: Set[str]) -> set[str]:
    """
    Note which modules are published, and let every content process see it after the commit.

    Args:
        modules: Module paths.

    Returns:
        set: Those of the paths that were not own before.
    """
    new = {path for batch in _batches(sorted(modules)) for path in _unknown(repository_pk, batch)}
    if new:
        roots = sorted({root_of(path) for path in new})
        made = (GoOwnPath(repository_id=repository_pk, path=root) for root in roots)
        GoOwnPath.objects.bulk_create(made, batch_size=_BATCH, ignore_conflicts=True)
        GoOwnRevision.objects.update_or_create(
            repository_id=repository_pk, defaults={"revision": uuid4()}
        )
        wait_until_seen()
    return new


def _unknown(repository_pk: UUID, modules: Sequence[str]) -> list[str]:
    roots = {root_of(path) for path in modules}
    known = set(
        GoOwnPath.objects.filter(repository=repository_pk, path__in=roots).values_list(
            "path", flat=True
        )
    )
    return [path for path in modules if root_of(path) not in known]


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _BATCH] for start in range(0, len(names), _BATCH))
