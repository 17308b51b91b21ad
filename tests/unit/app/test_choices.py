"""A value that is none of a few is refused by naming these."""

import pytest

import tests.unit.django_set_up  # noqa: F401  isort: skip
from rest_framework import serializers

from pulp_gomod.app import serializers as ours
from pulp_gomod.app.serializers.fields import ChoiceField

CHOSEN = {
    f"{name}.{field}": each
    for name, serializer in vars(ours).items()
    if isinstance(serializer, type) and issubclass(serializer, serializers.Serializer)
    for field, each in serializer._declared_fields.items()
    if isinstance(each, serializers.ChoiceField)
    and not isinstance(each, serializers.MultipleChoiceField)
    and not each.read_only
}


@pytest.mark.parametrize("name", CHOSEN)
def test_it_names_them(name: str) -> None:
    field = CHOSEN[name]
    with pytest.raises(serializers.ValidationError) as refused:
        field.run_validation("{foo}")
    choices = ", ".join(field.choices)
    assert refused.value.detail == [f'"{{foo}}" is not a valid choice; choose from {choices}.']


def test_there_are_some() -> None:
    found = {type(each) for each in CHOSEN.values()}
    assert len(CHOSEN) > 10 and all(issubclass(each, ChoiceField) for each in found)
