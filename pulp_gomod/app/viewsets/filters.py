"""Filters for our content: membership at constant cost, and a search."""

from gettext import gettext as _
from typing import Any

from django import forms
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django_filters import BooleanFilter, CharFilter, Filter
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from pulpcore.plugin.viewsets import (
    BaseFilterSet,
    HyperlinkRelatedFilter,
    LabelFilter,
    NamedModelViewSet,
    RepositoryVersionFilter,
)

from pulp_gomod.app.api.bounds import QueryBounds
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.sizes import SizeError, parse_size


class WhereAsked:
    """
    Filters that look at a single object only if somebody asks them to; goes before a backend of filters.

    The framework filters what it looks an object up in by all parameters, of which requests for one have none; for that
    it makes a form of all filters, which takes as long as all the rest of the request.
    """

    def filter_queryset(self, request: Any, queryset: QuerySet, view: Any) -> QuerySet:
        """
        Filter by the parameters of a request, if it has any or is for a list.

        Args:
            queryset: What the viewset knows.
        """
        if view.detail and not request.query_params:
            return queryset
        filtered: QuerySet = super().filter_queryset(request, queryset, view)  # type: ignore[misc]
        return filtered


def where_asked(backend: type) -> type:
    """
    Have a backend look at a single object only if somebody asks it to, unless it does more than to filter.

    Args:
        backend: What the framework is set up with; one of its own may hide what is not for the user.
    """
    filters = getattr(backend, "filter_queryset", None)
    if filters is not DjangoFilterBackend.filter_queryset:
        return backend
    return type(backend.__name__, (WhereAsked, backend), {})


# Under `pulp-gomod serve` the bounds are there already, for all of Pulp.
_BACKENDS = dict.fromkeys((QueryBounds, *NamedModelViewSet.filter_backends))
FILTER_BACKENDS = tuple(map(where_asked, _BACKENDS))

#: Words of a search; each of them is looked for in every path.
MAX_WORDS = 16

# What a parameter is called that takes several values.
_IN = "__in"
_NOTHING = _("An empty value")

# pulpcore's language of filter expressions is not in its plugin API, but every filterset has it.
ExpressionFilter = type(BaseFilterSet.base_filters["q"])


class SizeField(forms.Field):
    """Bytes, or a size with a unit such as 10MB."""

    def to_python(self, value: str | None) -> int | None:
        """
        Read the size.

        Raises:
            DjangoValidationError: It is none.
        """
        if value in self.empty_values:
            return None
        try:
            return parse_size(str(value))
        except SizeError as error:
            raise DjangoValidationError(f"{error}.") from error


@extend_schema_field(OpenApiTypes.INT64)
class SizeFilter(Filter):
    """Compares sizes."""

    field_class = SizeField


class StrictForm(forms.Form):
    """Refuses what Django's forms take for "no matter"; a filter that is ignored lets all through."""

    def clean(self) -> dict[str, Any]:
        """
        Check the parameters that were given, be it alone or in an expression.

        Returns:
            The cleaned parameters.
        """
        cleaned: dict[str, Any] = super().clean()
        for name in self.fields.keys() & self.data.keys():
            values = self.data.getlist(name) if hasattr(self.data, "getlist") else [self.data[name]]
            if name not in self.errors and (problem := self._problem(name, values)):
                self.add_error(name, problem)
        for name, errors in self.errors.items():
            for error in errors.as_data():
                if error.code == "invalid_choice":
                    error.message = f"%(value)s {self._not_among(name)}"
        return cleaned

    def _problem(self, name: str, values: list[str]) -> str | None:
        if len(values) > 1:
            return _("Can only be given once.")
        if not values[0].strip(" ,") and name not in self.may_be_empty:
            return _("Needs a value; leave the parameter out to get everything.")
        if name in self.booleans and values[0].lower() not in ("true", "false", "1", "0"):
            return _("Must be true or false.")
        if name.endswith(_IN) and (choices := self._choices(name.removesuffix(_IN))):
            wrong = [each for each in values[0].split(",") if each.strip() not in choices]
            return f"{wrong[0] or _NOTHING} {self._not_among(name)}" if wrong else None
        return None

    def _not_among(self, name: str) -> str:
        choices = self._choices(name.removesuffix(_IN))
        ascending = [each for each in choices if not each.startswith("-")]
        text = _("is not a valid choice; choose from {choices}").format(
            choices=", ".join(ascending)
        )
        if len(ascending) < len(choices):
            text += _(', each with or without a "-" before it')
        return f"{text}."

    def _choices(self, name: str) -> list[str]:
        field = self.fields.get(name)
        values = [value for value, _label in getattr(field, "choices", ())]
        # The empty one means no matter.
        return [value for value in values if value]


class StrictFilters:
    """
    Filters that are never ignored, and no regular expressions; goes before pulpcore's filterset.

    A regular expression with references to its groups keeps PostgreSQL busy for minutes.
    """

    @classmethod
    def get_filters(cls) -> dict[str, Filter]:
        """Return the filters by the names of their parameters."""
        filters = super().get_filters()  # type: ignore[misc]
        return {
            name: each
            for name, each in filters.items()
            if each.lookup_expr not in ("regex", "iregex")
        }

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """
        Filter by all parameters that were given.

        Raises:
            ValidationError: One of them makes no sense; the error names it.
        """
        own = queryset.query.order_by
        filters: dict[str, Filter] = self.filters  # type: ignore[attr-defined]
        for name, value in self.form.cleaned_data.items():  # type: ignore[attr-defined]
            try:
                queryset = filters[name].filter(queryset, value)
            except ValidationError as error:
                if isinstance(error.detail, dict):
                    raise
                raise ValidationError({name: error.detail}) from error
        return self._in_order(queryset, own)

    def _in_order(self, queryset: QuerySet, own: tuple[str, ...]) -> QuerySet:
        """
        Put no two rows in an order that could be another one for the next page.

        pulpcore's ordering ends with the time at which a row was made, which many may have in common, and
        without a parameter it forgets the list's own order.
        """
        asked = self.form.cleaned_data.get("ordering")  # type: ignore[attr-defined]
        order = own if own and not asked else queryset.query.order_by
        return queryset.order_by(*order, "pk") if "pk" not in order else queryset.order_by(*order)

    def get_form_class(self) -> type[forms.Form]:
        """Return the form that reads the parameters."""
        form = super().get_form_class()  # type: ignore[misc]
        filters: dict[str, Filter] = self.filters  # type: ignore[attr-defined]
        members = {
            "booleans": {name for name, each in filters.items() if isinstance(each, BooleanFilter)},
            # An empty reference means that there is none.
            "may_be_empty": {
                name
                for name, each in filters.items()
                if isinstance(each, HyperlinkRelatedFilter) and each.allow_null
            },
        }
        return type(form.__name__, (StrictForm, form), members)


class HeldInFilter(RepositoryVersionFilter):
    """Content that a repository version holds, asked of an index instead of the version's whole set."""

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
        except (AttributeError, LookupError, ValueError, DjangoValidationError):
            # pulpcore takes every URL of the API for that of an object, and every key for one.
            raise ValidationError(
                _("{value} is not a repository version.").format(value=value)
            ) from None
        return held_in(queryset, version)


@extend_schema_field(OpenApiTypes.STR)
class LabelsFilter(LabelFilter):
    """Content by its labels; pulpcore's filter, whose type the OpenAPI schema is told."""


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

    Args:
        text: The words, separated by spaces.
    """

    def __init__(self, text: str) -> None:
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
            words = Words(value)
            if len(words.words) > MAX_WORDS:
                raise forms.ValidationError(
                    _("A search can have at most {most} words.").format(most=MAX_WORDS)
                )
            return words
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
