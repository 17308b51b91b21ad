"""Sizes as people write them: the API and the command read them alike."""

import pytest
from pulp_glue.gomod import sizes as of_the_command

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from django.core.exceptions import ValidationError as DjangoValidationError  # isort: skip
from rest_framework.serializers import ValidationError  # isort: skip
from pulp_gomod.app.serializers.fields import SizeField  # isort: skip
from pulp_gomod.app.viewsets.filters import SizeField as FilterField  # isort: skip
from pulp_gomod.sizes import SizeError, parse_size  # isort: skip


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500000000", 500_000_000),
        ("7B", 7),
        ("10GB", 10 * 10**9),
        ("10 gb", 10 * 10**9),
        ("10GiB", 10 * 2**30),
        ("10Gi", 10 * 2**30),
        ("500M", 500 * 10**6),
        ("1.5k", 1500),
        ("0.5KiB", 512),
        (" 2TB ", 2 * 10**12),
        ("1P", 10**15),
    ],
)
def test_what_is_a_size(text: str, size: int) -> None:
    assert parse_size(text) == of_the_command.parse_size(text) == size
    assert SizeField().run_validation(text) == FilterField().clean(text) == size


@pytest.mark.parametrize(
    "text", ["", "GB", "-1", "1,5GB", "10 Gbit", "1e9", "1iB", "٣GB", "9" * 40]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(SizeError):
        parse_size(text)
    with pytest.raises(ValidationError, match="20GB or 10GiB"):
        SizeField().run_validation(text)


def test_numbers_are_bytes_and_have_bounds() -> None:
    assert SizeField().run_validation(5) == 5
    assert SizeField(allow_null=True).run_validation(None) is None
    for wrong in (-1, 2**63, "9300P", 1.5, [], "99999999P"):
        with pytest.raises(ValidationError):
            SizeField().run_validation(wrong)
    with pytest.raises(DjangoValidationError, match="is not a size"):
        FilterField().clean("big")
