"""Serializer fields that several types use."""

import json
from gettext import gettext as _
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pulpcore.plugin.serializers import IdentityField, RelatedField, pulp_labels_validator
from pulpcore.plugin.util import reverse

from pulp_gomod.app.models.module import storable
from pulp_gomod.sizes import SizeError, parse_size


class IdentityInDomain(IdentityField):
    """
    The href of an object in the current domain.

    pulpcore's field asks the object for its domain; what has none but its repository's, such as a release or a
    block, would be said to be in the domain `default`, where nobody finds it.
    """

    def get_url(self, obj: Any, view_name: str, request: Any, format: Any) -> str:
        """Make the href."""
        self.reverse = reverse
        url: str = serializers.HyperlinkedIdentityField.get_url(
            self, obj, view_name, request, format
        )
        return url


class VulnReportField(RelatedField):
    """The report of a scan about a unit; pulpcore's field does not tell the API's description that there may be none."""

    def __init__(self) -> None:
        super().__init__(
            read_only=True,
            allow_null=True,
            view_name="vuln_report-detail",
            source="core_vulnerabilityreport",
            help_text=_(
                "What a scan has found about it; null if it found nothing, or there was none."
            ),
        )


@extend_schema_field(OpenApiTypes.STR)
class TextField(serializers.Field):
    """
    Bytes that are text, such as a go.mod.

    Bytes that are not UTF-8 are shown as U+FFFD; the checksum beside it is that of the bytes.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Decode what the database gave."""
        return bytes(value).decode("utf-8", "replace")


class ChoiceField(serializers.ChoiceField):
    """One of a few values, which are named to whoever sends another."""

    default_error_messages = {
        "invalid_choice": _('"{input}" is not a valid choice; choose from {choices}.')
    }

    def fail(self, key: str, **values: Any) -> None:
        """Refuse a value; called by the REST framework."""
        super().fail(key, choices=", ".join(map(str, self.choices)), **values)


class SizeField(serializers.IntegerField):
    """Bytes, as a number or as a text with a unit, such as 20GB; answers have the number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=2**63 - 1, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """
        Read the size.

        Raises:
            ValidationError: It is none.
        """
        if not isinstance(data, str):
            number: int = super().to_internal_value(data)
            return number
        try:
            return parse_size(data)
        except SizeError as error:
            raise serializers.ValidationError(_("{why}.").format(why=error)) from error


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object: itself in a JSON body, and written as JSON in a form."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """
        Read the object.

        Raises:
            ValidationError: It is something else.
        """
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except (ValueError, RecursionError):
                raise serializers.ValidationError(_("Not valid JSON.")) from None
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Must be a JSON object."))
        return data


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class LabelsField(ObjectField):
    """Labels: an object of strings."""

    default_validators = [pulp_labels_validator]

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """
        Read the labels.

        Raises:
            ValidationError: A value is no string, or one that the database cannot hold.
        """
        labels = super().to_internal_value(data)
        for key, value in labels.items():
            if not isinstance(value, str) or storable(value) != value:
                raise serializers.ValidationError(
                    _("The value of label {key!r} is not a valid string.").format(key=key)
                )
        return labels
