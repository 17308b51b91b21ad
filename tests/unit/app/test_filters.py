"""What REST lists can be filtered by."""

import pytest

import tests.unit.django_set_up  # noqa: F401  isort: skip
from pulpcore.plugin.viewsets import NamedModelViewSet

from pulp_gomod.app import viewsets

FILTERED = [
    each
    for each in vars(viewsets).values()
    if isinstance(each, type)
    and issubclass(each, NamedModelViewSet)
    and getattr(each, "filterset_class", None)
]


@pytest.mark.parametrize("viewset", FILTERED, ids=lambda each: each.__name__)
def test_there_is_a_filter_for_whatever_has_few_values(viewset: type[NamedModelViewSet]) -> None:
    model = viewset.queryset.model
    chosen = {field.name for field in model._meta.local_fields if field.choices}
    assert chosen - set(viewset.filterset_class.base_filters) == set()


@pytest.mark.parametrize(
    ("viewset", "asked"),
    [
        (viewsets.GoPolicyViewSet, {"licenses_mode": "observe"}),
        (viewsets.GoPolicyViewSet, {"hold_clock__in": "info_time"}),
        (viewsets.GoDistributionViewSet, {"consumers": "off"}),
    ],
    ids=str,
)
def test_it_asks_for_its_column(viewset: type[NamedModelViewSet], asked: dict[str, str]) -> None:
    filters = viewset.filterset_class(asked, queryset=viewset.queryset.order_by())
    assert filters.is_valid(), filters.errors
    (name,) = asked
    where = str(filters.qs.query).partition("WHERE")[2]
    assert name.removesuffix("__in") in where and asked[name] in where


def test_policies_and_others_are_among_them() -> None:
    names = {each.__name__ for each in FILTERED}
    assert {"GoPolicyViewSet", "GoDistributionViewSet", "GoVulndbViewSet"} <= names
