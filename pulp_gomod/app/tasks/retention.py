"""Retention of repository versions."""

from pulp_gomod.app.models import GoRepository
from pulp_gomod.app.tasks.gone import unless_gone


@unless_gone(quietly=True)
def trim_versions(repository_pk: str) -> None:
    """
    Delete the repository versions beyond `retain_repo_versions`.

    Args:
        repository_pk: The repository, reserved exclusively by the task.
    """
    GoRepository.objects.get(pk=repository_pk).trim_old_versions()
