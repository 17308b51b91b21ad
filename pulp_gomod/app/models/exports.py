"""What Pulp's own exports are not to do with Go modules."""

from typing import Any

from django.db.models.signals import pre_save

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.exceptions import FilesystemExportError
from pulp_gomod.app.models.publication import GoPublication
from pulp_gomod.app.models.repository import GoRepository

# Not in pulpcore's plugin API, and known by its name only.
_FILESYSTEM_EXPORT = "FilesystemExport"


def install() -> None:
    """Have filesystem exports of Go modules refused: pulpcore asks no plugin, but notes first what it exports."""
    pre_save.connect(
        _refuse, sender="core.ExportedResource", dispatch_uid="gomod.filesystem_exports"
    )


def _refuse(sender: Any, instance: Any, **_: Any) -> None:
    if type(instance.export).__name__ != _FILESYSTEM_EXPORT:
        return
    exported = instance.content_object
    if isinstance(exported, GoPublication) or (
        isinstance(exported, RepositoryVersion)
        and exported.repository.pulp_type == GoRepository.get_pulp_type()
    ):
        raise FilesystemExportError
