"""What may be null is described so: clients that are generated fail at a null that was not announced."""

import pytest

import tests.unit.django_set_up  # noqa: F401  isort: skip
from rest_framework import serializers

from pulp_gomod.app import serializers as ours

# pulpcore's own fields, and those whose serializers put something else in the place of null.
_STOCK = {"pulp_last_updated", "vuln_report", "base_version", "hidden"}

NULLABLE = {
    f"{name}.{field}": each
    for name, serializer in vars(ours).items()
    if isinstance(serializer, type)
    and issubclass(serializer, serializers.ModelSerializer)
    and hasattr(serializer, "Meta")
    for field, each in serializer._declared_fields.items()
    if field not in _STOCK and not each.write_only
    for column in serializer.Meta.model._meta.get_fields()
    if column.name == (each.source or field) and getattr(column, "null", False)
}


@pytest.mark.parametrize("name", NULLABLE)
def test_it_is_described(name: str) -> None:
    assert NULLABLE[name].allow_null


def test_there_are_some() -> None:
    assert {"GoVulndbSerializer.checked", "GoPolicySerializer.hold_since"} <= NULLABLE.keys()
