"""A request for one object makes nothing of filters that it does not name."""

from types import SimpleNamespace
from typing import Any

import pytest
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.filters import BaseFilterBackend

import tests.unit.django_set_up  # noqa: F401  # isort: skip
from pulp_gomod.app.api.bounds import QueryBounds
from pulp_gomod.app.viewsets.filters import FILTER_BACKENDS, WhereAsked, where_asked

EVERYTHING: Any = "everything"


class Told(Exception):
    """The filters were looked at."""


class Plain(DjangoFilterBackend):
    def get_filterset(self, request: Any, queryset: Any, view: Any) -> Any:
        raise Told


class Hiding(Plain):
    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        raise Told


class Scope(BaseFilterBackend):
    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        raise Told


def filtered(backend: Any, *, detail: bool | None, **params: str) -> Any:
    request, view = SimpleNamespace(query_params=params), SimpleNamespace(detail=detail)
    return backend().filter_queryset(request, EVERYTHING, view)


def test_one_object_without_parameters_is_not_filtered() -> None:
    assert filtered(where_asked(Plain), detail=True) is EVERYTHING


@pytest.mark.parametrize(
    ("detail", "params"), [(True, {"name": "a"}), (False, {}), (False, {"name": "a"}), (None, {})]
)
def test_all_else_is_filtered(detail: bool | None, params: dict[str, str]) -> None:
    with pytest.raises(Told):
        filtered(where_asked(Plain), detail=detail, **params)


@pytest.mark.parametrize("backend", [Hiding, Scope])
def test_what_may_hide_something_is_always_asked(backend: type) -> None:
    assert where_asked(backend) is backend
    with pytest.raises(Told):
        filtered(where_asked(backend), detail=True)


def test_ours_are_such() -> None:
    assert FILTER_BACKENDS[0] is QueryBounds
    assert [issubclass(each, WhereAsked) for each in FILTER_BACKENDS[1:]] == [True]
