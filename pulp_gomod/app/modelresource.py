"""Carrying modules from one Pulp to another with pulpcore's export and import."""

import base64
import json
from typing import Any

from django.db.models import QuerySet
from import_export.fields import Field
from import_export.widgets import Widget

from pulpcore.plugin.importexport import BaseContentResource
from pulpcore.plugin.modelresources import RepositoryResource

from pulp_gomod.app.models import GoModFile, GoModule, GoRepository
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.missing import report_missing
from pulp_gomod.golang.retracted import pack


class BytesWidget(Widget):
    """Bytes, as base64: an export is JSON."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Encode what the database gave."""
        return base64.b64encode(value).decode()

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> bytes:
        """Decode what the export holds."""
        return base64.b64decode(value, validate=True)


class JSONWidget(Widget):
    """JSON, empty lists included, which the library's own widget turns into null."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Encode what the database gave."""
        return json.dumps(value)

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        """Decode what the export holds."""
        return json.loads(value)


def _column(name: str, widget: type[Widget]) -> Field:
    return Field(attribute=name, column_name=name, widget=widget())


class GoModuleResource(BaseContentResource):
    """The modules of a repository version."""

    go_mod = _column("go_mod", BytesWidget)
    requirements = _column("requirements", JSONWidget)
    retractions = _column("retractions", JSONWidget)
    retracted = _column("retracted", JSONWidget)

    def set_up_queryset(self) -> QuerySet:
        """Select what the version holds."""
        return held_in(GoModule.objects.all(), self.repo_version)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Add what exports of older versions do not have."""
        super().before_import_row(row, **kwargs)
        if "retracted" not in row:
            said = json.loads(row["retractions"]) or ()
            packed = pack((each["low"], each["high"]) for each in said)
            row["retracted"] = json.dumps(packed or None)

    class Meta:
        model = GoModule
        import_id_fields = model.natural_key_fields()


class GoModFileResource(BaseContentResource):
    """The go.mod files of a repository version."""

    go_mod = _column("go_mod", BytesWidget)

    def set_up_queryset(self) -> QuerySet:
        """Select what the version holds, and say which zips the export goes without."""
        report_missing(self.repo_version)
        return held_in(GoModFile.objects.all(), self.repo_version)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Add what exports of older versions do not have."""
        super().before_import_row(row, **kwargs)
        row.setdefault("awaits_zip", "0")

    class Meta:
        model = GoModFile
        import_id_fields = model.natural_key_fields()


class GoRepositoryResource(RepositoryResource):
    """The repository of a repository version."""

    def set_up_queryset(self) -> QuerySet:
        """Select the one repository."""
        return GoRepository.objects.filter(pk=self.repo_version.repository_id)

    class Meta:
        model = GoRepository


IMPORT_ORDER = [GoModuleResource, GoModFileResource, GoRepositoryResource]
