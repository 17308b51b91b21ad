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


@pytest.mark.parametrize("viewset", FILTERED, ids=lambda each: each.__name__)
def test_no_two_rows_of_a_list_may_change_places_between_pages(
    viewset: type[NamedModelViewSet],
) -> None:
    own = viewset.queryset.query.order_by
    for asked in ({}, {"ordering": "pulp_created"}, {"ordering": "-pk"}):
        filters = viewset.filterset_class(asked, queryset=viewset.queryset)
        assert filters.is_valid(), filters.errors
        order = filters.qs.query.order_by
        assert {"pk", "-pk"} & set(order), (asked, order)
        assert not own or asked or order[: len(own)] == own, (own, order)


def test_policies_and_others_are_among_them() -> None:
    names = {each.__name__ for each in FILTERED}
    assert {"GoPolicyViewSet", "GoDistributionViewSet", "GoVulndbViewSet"} <= names


def chosen(viewset: type[NamedModelViewSet]) -> list[str]:
    """The filters whose values are few."""
    form = viewset.filterset_class({}, queryset=viewset.queryset.order_by()).form
    return [name for name, field in form.fields.items() if hasattr(field, "choices")]


@pytest.mark.parametrize("viewset", FILTERED, ids=lambda each: each.__name__)
def test_a_value_that_there_is_not_is_refused_by_naming_those_that_there_are(
    viewset: type[NamedModelViewSet],
) -> None:
    names = chosen(viewset)
    assert "ordering" in names
    model = viewset.queryset.model
    every = viewset.filterset_class.base_filters
    for name in [*names, *(f"{each}__in" for each in names if f"{each}__in" in every)]:
        asked = {name: "100%(value)s"}
        filters = viewset.filterset_class(asked, queryset=viewset.queryset.order_by())
        assert not filters.is_valid(), name
        (problem,) = filters.errors[name]
        assert problem.startswith("100%(value)s is not a valid choice; choose from "), problem
        values = problem.partition("choose from ")[2].rstrip(".").split(", ")
        if name == "ordering":
            assert values.pop() == 'each with or without a "-" before it'
            assert "pk" in values and not any(each.startswith("-") for each in values)
        else:
            column = model._meta.get_field(name.removesuffix("__in"))
            assert values == [value for value, _ in column.choices]


def test_several_values_are_looked_at_one_by_one() -> None:
    viewset = viewsets.GoPolicyViewSet

    def errors(**asked: str) -> list[str]:
        filters = viewset.filterset_class(asked, queryset=viewset.queryset.order_by())
        return [problem for each in filters.errors.values() for problem in each]

    assert errors(hold_mode__in="observe,off") == []
    (problem,) = errors(hold_mode__in="observe,foo,off")
    assert problem.startswith("foo is not")
    (problem,) = errors(hold_mode__in="observe,,off")
    assert problem.startswith("An empty value is not")
    (problem,) = errors(q="hold_mode__in=foo")
    assert "choose from " in problem and "observe" in problem
    assert errors(ordering="-name,pk") == []
    (problem,) = errors(ordering="-name,foo")
    assert problem.startswith("foo is not")
