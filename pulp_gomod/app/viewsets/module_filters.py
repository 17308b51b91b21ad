"""Filters by what only Go modules have: versions in Go's order, and what go.mod says."""

from gettext import gettext as _
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import (
    BooleanField,
    Case,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Left, Length
from django_filters import BooleanFilter, CharFilter

from pulpcore.plugin.models import ContentArtifact

from pulp_gomod.app.models import GoModule
from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.viewsets.scope import viewable_content
from pulp_gomod.golang import GoError, module, semver

_INCOMPATIBLE = "+incompatible"
# What follows the precedence in a sort key begins with a digit below this one.
_BEYOND = "3"
# In the sort key of a version that is no pre-release, and of no other.
_RELEASE = "~"


class VersionField(forms.CharField):
    """A version, with or without all of its three numbers."""

    def clean(self, value: Any) -> Any:
        """
        Read the version.

        Raises:
            ValidationError: It is none.
        """
        text = super().clean(value)
        if text and not semver.is_valid(text):
            raise forms.ValidationError(_("Must be a version such as v1.2.3."))
        return text


class VersionFilter(CharFilter):
    """
    Modules by their version, in the order in which Go sorts versions.

    Args:
        comparison: One of `gt`, `gte`, `lt` and `lte`.
        kwargs: As for any filter.
    """

    field_class = VersionField

    def __init__(self, comparison: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._comparison = comparison

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        """Filter by the key that the version sorts by, of which there is an index."""
        if not value:
            return queryset
        key = semver.precedence_key(value)
        bounds = {
            "gte": {"version_key__gte": key},
            "gt": {"version_key__gte": key + _BEYOND},
            "lt": {"version_key__lt": key},
            "lte": {"version_key__lt": key + _BEYOND},
        }
        return queryset.filter(**bounds[self._comparison])


class Sha256Filter(CharFilter):
    """
    Modules by the SHA-256 of their zip.

    Args:
        kwargs: As for any filter.
    """

    def __init__(self, **kwargs: Any) -> None:
        message = _("Must be 64 hexadecimal digits.")
        super().__init__(validators=[RegexValidator(r"\A[0-9a-fA-F]{64}\Z", message)], **kwargs)

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        """Filter by the digest of the stored file."""
        if not value:
            return queryset
        files = ContentArtifact.objects.filter(artifact__sha256=value.lower())
        return queryset.filter(pk__in=files.values("content_id"))


class RequirementField(forms.CharField):
    """A module path, or `path@version`."""

    def clean(self, value: Any) -> Any:
        """
        Read the name.

        Raises:
            ValidationError: No go.mod can have it.
        """
        text = super().clean(value)
        path, at, version = text.partition("@")
        try:
            if path:
                module.check_path(path)
        except GoError as error:
            raise forms.ValidationError(str(error)) from error
        if at and not semver.is_valid(version):
            raise forms.ValidationError(_("Must be a module path, or path@v1.2.3."))
        return text


class RequiresFilter(CharFilter):
    """Modules whose go.mod requires a module."""

    field_class = RequirementField

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        """Filter by the requirements, of which there is an index."""
        if not value:
            return queryset
        path, _at, version = value.partition("@")
        wanted = {"path": path, "version": version} if version else {"path": path}
        return queryset.filter(requirements__contains=[wanted])


class DeprecatedFilter(BooleanFilter):
    """Modules whose own go.mod has a deprecation notice."""

    def filter(self, queryset: QuerySet, value: bool | None) -> QuerySet:
        """Filter by whether there is a notice."""
        if value is None:
            return queryset
        return queryset.exclude(deprecated="") if value else queryset.filter(deprecated="")


class RetractedFilter(BooleanFilter):
    """
    Modules that the newest version of theirs retracts, as Go finds it.

    The newest one is that of the repository version that is asked for, or otherwise of all that the user may see.
    """

    def filter(self, queryset: QuerySet, value: bool | None) -> QuerySet:
        """Filter by what the newest version's go.mod says."""
        if value is None:
            return queryset
        with_retractions = self._known().filter(~Q(retracted=None))
        retracted = (
            GoModule.objects.filter(module__in=with_retractions.values("module"))
            .annotate(_newest=Subquery(self._newest().values("retracted")[:1]))
            .filter(_IsIn(_precedence(), F("_newest")))
            .values("pk")
        )
        return queryset.filter(pk__in=retracted) if value else queryset.exclude(pk__in=retracted)

    def _known(self) -> QuerySet:
        """What the newest version of a module is chosen from."""
        request = self.parent.request
        queryset = viewable_content(request.user, self.parent.queryset.order_by())
        version = self.parent.form.cleaned_data.get("repository_version")
        if version:
            held = self.parent.filters["repository_version"]
            queryset = held_in(queryset, held.get_repository_version(version))
        return queryset

    def _newest(self) -> QuerySet:
        """Choose as Go does: a release, else a pre-release, else a pseudo-version."""
        compatible = self._known().filter(~Q(version__endswith=_INCOMPATIBLE))
        is_release = Case(When(version_key__contains=_RELEASE, then=Value(1)), default=Value(0))
        return (
            compatible.filter(module=OuterRef("module"))
            .annotate(_is_release=is_release)
            .order_by("is_pseudo", "-_is_release", "-version_key")
        )


def _precedence() -> Case:
    """The part of a sort key without which versions compare as equal."""
    rest = Value(len("2" + _INCOMPATIBLE)), Value(len("2"))
    long, short = (Left("version_key", Length("version_key") - each) for each in rest)
    return Case(
        When(version__endswith=_INCOMPATIBLE, then=long),
        default=short,
        output_field=TextField(db_collation="C"),
    )


class _IsIn(Func):
    """Whether a key is in one of the intervals that golang.retracted has packed."""

    template = (
        "EXISTS (SELECT 1 FROM (SELECT %(expressions)s) AS asked (key, packed), "
        "unnest(string_to_array(asked.packed, E'\\n')) AS line "
        "WHERE split_part(line, ' ', 1) COLLATE \"C\" <= asked.key AND asked.key <= "
        "coalesce(nullif(split_part(line, ' ', 2), ''), line) COLLATE \"C\")"
    )
    output_field = BooleanField()
