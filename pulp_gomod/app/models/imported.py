"""
Zips that an import of Pulp brought: into the storage of their domain, where pulpcore puts them all into one.

pulpcore writes the files of an import to the default storage, whatever storage the domain has, so that the
domain's content would have no files.
"""

from django.core.files.storage import Storage, default_storage

from pulpcore.plugin.models import ContentArtifact, RepositoryVersion, Task
from pulpcore.plugin.util import get_domain

from pulp_gomod.app.exceptions import ImportedFileMissingError

_TASK = "pulpcore.app.tasks.importer.import_repository_version"
_REPLICATION = "pulp_gomod.app.tasks.replication.replicate"


def is_carried() -> bool:
    """Say whether this is a task that carries a repository here from another server."""
    task = Task.current()
    return task is not None and task.name in (_TASK, _REPLICATION)


def bring_home(version: RepositoryVersion) -> None:
    """
    Move the zips of a version that an import makes to the storage of its domain, if they are elsewhere.

    Raises:
        ImportedFileMissingError: A zip is in neither storage.
    """
    task = Task.current()
    if task is None or task.name != _TASK or get_domain().name == "default":
        return
    storage = get_domain().get_storage()
    held = ContentArtifact.objects.filter(
        content__version_memberships__repository=version.repository,
        content__version_memberships__version_removed=None,
        artifact__isnull=False,
    )
    for name in held.values_list("artifact__file", flat=True).iterator():
        if not storage.exists(name):
            _move(name, storage)


def _move(name: str, storage: Storage) -> None:
    # The domain does not have it: so the other one, if it does, is another place, and may let go of it.
    if not default_storage.exists(name):
        raise ImportedFileMissingError(name)
    with default_storage.open(name) as file:
        storage.save(name, file)
    default_storage.delete(name)
