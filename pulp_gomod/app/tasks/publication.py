"""Making a publication."""

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.models import GoPublication
from pulp_gomod.app.models.missing import report_missing
from pulp_gomod.app.tasks.gone import unless_gone


@unless_gone()
def publish(repository_version_pk: str) -> None:
    """
    Freeze a repository version for serving.

    Args:
        repository_version_pk: The pk of a complete version of a Go repository.
    """
    version = RepositoryVersion.objects.get(pk=repository_version_pk)
    with GoPublication.create(version, pass_through=True):
        report_missing(version)
