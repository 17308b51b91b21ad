"""Incremental exports of Pulp: keeping the versions that they start from, and saying what is wrong without them."""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet
from django.db.models.signals import pre_save
from django.dispatch import receiver

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.exceptions import ExportBaseGoneError

_NO = ("false", "f", "no", "n", "off", "0")


def bases(repository_pk: UUID) -> QuerySet:
    """Find the versions of a repository with which exporters have ended last, and from which they go on."""
    last = apps.get_model("core", "PulpExporter").objects.filter(last_export__isnull=False)
    exported = _exported(last.filter(repositories=repository_pk).values("last_export"))
    versions = RepositoryVersion.objects.filter(repository=repository_pk)
    return versions.filter(pk__in=exported).values("pk")


def _exported(exports: Any) -> QuerySet:
    resources = apps.get_model("core", "ExportedResource").objects.filter(export__in=exports)
    found: QuerySet = resources.values("object_id")
    return found


@receiver(pre_save, sender="core.PulpExport", dispatch_uid="gomod.require_export_base")
def require_export_base(sender: Any, instance: Any, **kwargs: Any) -> None:
    """
    Refuse an incremental export that has nothing to start from.

    pulpcore would end with what went wrong in its own code.

    Args:
        sender: PulpExport.
        instance: What is about to be saved.
        kwargs: What else Django says.

    Raises:
        ExportBaseGoneError: A version was deleted with which the last export ended, or that export did not have the
            repository.
    """
    # Each export is saved anew when it is finished.
    if not instance._state.adding or not _goes_on(instance.params or {}):
        return
    exporter = instance.exporter
    if exporter.last_export_id is None:
        return
    exported = _exported([exporter.last_export_id])
    known = RepositoryVersion.objects.filter(pk__in=exported).values("repository")
    gone = exporter.repositories.filter(pulp_type="gomod.gomod").exclude(pk__in=known)
    names = list(gone.order_by("name").values_list("name", flat=True))
    if names:
        raise ExportBaseGoneError(exporter.name, names)


def _goes_on(params: dict[str, Any]) -> bool:
    is_full = str(params.get("full", True)).lower() not in _NO
    return not is_full and not params.get("start_versions")
