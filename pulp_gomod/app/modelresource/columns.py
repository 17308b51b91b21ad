"""How the columns of an export, which is JSON, are written and read."""

import base64
import json
from datetime import datetime
from typing import Any

from import_export.fields import Field
from import_export.widgets import Widget


class BytesWidget(Widget):
    """Bytes, as base64; null for none."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str | None:
        """Encode what the database gave."""
        return None if value is None else base64.b64encode(value).decode()

    def clean(self, value: str | None, row: Any = None, **kwargs: Any) -> bytes | None:
        """Decode what the export holds."""
        return None if value is None else base64.b64decode(value, validate=True)


class JSONWidget(Widget):
    """JSON, empty lists included, which the library's own widget turns into null."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Encode what the database gave."""
        return json.dumps(value)

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        """Decode what the export holds."""
        return json.loads(value)


class TimeWidget(Widget):
    """A time to the microsecond, which the library's own widget leaves out."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Encode what the database gave."""
        text: str = value.isoformat()
        return text

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> datetime:
        """Decode what the export holds."""
        return datetime.fromisoformat(value)


class PlainWidget(Widget):
    """What JSON has by itself: a text, a truth value, or null."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        """Leave it as it is."""
        return value

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Leave it as it is."""
        return value


class LabelsField(Field):
    """
    The labels of a unit.

    All repositories of a domain share it, so that what was labelled here stays labelled.
    """

    def save(self, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        """Add the labels of the export to those of the unit."""
        instance.pulp_labels = (instance.pulp_labels or {}) | (self.clean(row, **kwargs) or {})


def column(name: str, widget: type[Widget]) -> Field:
    """Make a column that is called as what it is of."""
    return Field(attribute=name, column_name=name, widget=widget())


def noted(name: str, attribute: str) -> Field:
    """Make a column that an import reads, and that is no field of the row's object."""
    return Field(attribute=attribute, column_name=name, widget=PlainWidget(), readonly=True)


def labels() -> LabelsField:
    """Make the column of a unit's labels."""
    return LabelsField(attribute="pulp_labels", column_name="pulp_labels", widget=JSONWidget())
