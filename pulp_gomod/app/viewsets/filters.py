"""Filters for our content: membership at constant cost, and a search."""

from gettext import gettext as _
from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from pulpcore.plugin.viewsets import BaseFilterSet, LabelFilter, RepositoryVersionFilter

from pulp_gomod.app.models.membership import held_in

# pulpcore's language of filter expressions is not in its plugin API, but every filterset has it.
ExpressionFilter = type(BaseFilterSet.base_filters["q"])


class HeldInFilter(RepositoryVersionFilter):
    """
    Content that a repository version holds, asked of an index instead of the version's whole set.
    """

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        """
        Filter by the version, or by the newest version of a repository.

        Args:
            queryset: Content of one type.
            value: Href or PRN of a repository version or a repository.
        """
        if value is None:
            return queryset
        try:
            version = self.get_repository_version(value)
        except AttributeError:
            # pulpcore takes every URL of the API for that of an object.
            raise ValidationError(
                _("{value} is no repository version.").format(value=value)
            ) from None
        return held_in(queryset, version)


@extend_schema_field(OpenApiTypes.STR)
class LabelsFilter(LabelFilter):
    """
    Content by its labels; pulpcore's filter, whose type the OpenAPI schema is told.
    """


class ChecksumFilter(CharFilter):
    """
    Content by one of Go's checksums.

    A `+` that a client did not escape in the URL arrives as a space, which no checksum has.
    """

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        """Filter by the checksum."""
        return super().filter(queryset, value and value.replace(" ", "+"))


class Words:
    """
    A search: modules whose path contains every word, in whatever case.

    It stands where pulpcore's parsed expressions stand.
    """

    def __init__(self, text: str) -> None:
        """
        Args:
            text: The words, separated by spaces.
        """
        self.words = text.split()

    def evaluate(self, queryset: QuerySet) -> QuerySet:
        """Filter a queryset of a model with a module path."""
        for word in self.words:
            queryset = queryset.filter(module__icontains=word)
        return queryset


class SearchField(ExpressionFilter.field_class):  # type: ignore[name-defined]
    """Words to search for, or an expression over other filters, which always has a `=`."""

    def clean(self, value: Any) -> Any:
        """
        Read the words or the expression.

        Raises:
            ValidationError: It is a malformed expression.
        """
        if isinstance(value, str) and value.strip() and "=" not in value:
            self.run_validators(value)
            return Words(value)
        return super().clean(value)


class SearchFilter(ExpressionFilter):  # type: ignore[misc, valid-type]
    """`q`: a search over module paths, or pulpcore's expression language."""

    field_class = SearchField

    def filter(self, queryset: QuerySet, value: Any) -> QuerySet:
        """
        Filter by the words or the expression.

        pulpcore combines whole rows, and what it makes cannot be filtered any further; keys can.
        """
        if value is None or isinstance(value, Words):
            return super().filter(queryset, value)
        return queryset.filter(pk__in=value.evaluate(queryset.order_by().values("pk")))
