"""
Which content a repository version holds, asked at constant cost.

pulpcore's `RepositoryVersion.content` unnests the version's array of all ids: its cost grows with the
repository. RepositoryContent is indexed by content, so asking it about one unit costs the same in a
repository of any size.
"""

from collections.abc import Iterable
from typing import TypeAlias
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Exists,
    Expression,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.lookups import In, IsNull

from pulpcore.plugin.models import Repository, RepositoryContent, RepositoryVersion

# What pulpcore calls the counts of all that a version holds, beside those of what it adds and removes.
_PRESENT = "P"

# Either may be a parameter of a statement that is compiled once.
_Repository: TypeAlias = Repository | UUID | Expression
_Number: TypeAlias = int | Expression


def held(repository: _Repository, number: _Number) -> Exists:
    """
    Make the condition that a repository version holds the content of the outer query.

    Args:
        repository: The repository, or its pk.
        number: The number of the version; it must be complete, since the rows of a version in the
            making are visible before it is.
    """
    return Exists(
        RepositoryContent.objects.filter(
            Q(version_removed=None) | Q(version_removed__number__gt=number),
            content_id=OuterRef("pk"),
            repository=repository,
            version_added__number__lte=number,
        )
    )


def ever_held(repository: _Repository) -> Exists:
    """
    Make the condition that some version of a repository held the content of the outer query.

    Args:
        repository: The repository, or its pk.
    """
    return Exists(
        RepositoryContent.objects.filter(content_id=OuterRef("pk"), repository=repository)
    )


def held_in(content: QuerySet, version: RepositoryVersion) -> QuerySet:
    """
    Filter content by membership of a complete repository version.

    Args:
        content: A queryset of one content type.
        version: The RepositoryVersion.
    """
    return content.filter(held(version.repository_id, version.number))


def named(keys: Iterable[tuple[str, str]]) -> Q:
    """Make the condition that content is of one of some paths and versions; none makes no condition."""
    by_path: dict[str, list[str]] = {}
    for path, version in keys:
        by_path.setdefault(path, []).append(version)
    condition = Q()
    for path, versions in by_path.items():
        condition |= Q(module=path, version__in=versions)
    return condition


def held_each(repository: _Repository, number: _Number) -> IsNull:
    """
    Make the condition of `held` for the few rows of the outer query that are read in its order.

    The later versions are looked up once for all of them. PostgreSQL does not see that this is a join,
    and so looks each row up by its key: as a join it might read all memberships of the repository.

    Args:
        repository: The repository, or its pk.
        number: The number of the version, which must be complete.
    """
    found = memberships(repository, number).filter(content_id=OuterRef("pk"))
    return IsNull(Subquery(found.values("pk")[:1]), False)


def held_among(content: QuerySet, repository: _Repository, number: _Number) -> Func:
    """
    Make the condition of `held` for an outer query that reads thousands of rows.

    Their memberships are looked up together, which takes a fraction of looking each up. That too must
    not look like a join (see `held_each`), and must not depend on the outer query's rows.

    Args:
        content: The rows of the outer query.
        repository: The repository, or its pk.
        number: The number of the version, which must be complete.
    """
    keys = ArraySubquery(content.order_by().values("pk"))
    found = memberships(repository, number).filter(_IsAny(F("content_id"), keys))
    return _IsTrue(In(F("pk"), found.values("content_id")))


def held_if_few(most: int, repository: _Repository, number: _Number) -> "_IsAny":
    """
    Make the condition that a repository version holds a module of the outer query, and not many others.

    It costs what the version holds, and where that is too much, nothing: pulpcore keeps the numbers.

    Args:
        most: Units of any type; with more of one, none fulfils the condition.
        repository: The repository, or its pk.
        number: The number of the version, which must be complete.
    """
    many = RepositoryVersion.objects.filter(
        pk=OuterRef("pk"), counts__count_type=_PRESENT, counts__count__gt=most
    )
    version = RepositoryVersion.objects.filter(~Exists(many), repository=repository, number=number)
    units = version.annotate(unit=Func(F("content_ids"), function="unnest")).values("unit")
    return _IsAny(F("pk"), ArraySubquery(units))


def memberships(repository: _Repository, number: _Number) -> QuerySet:
    """
    Select the memberships of a version, the later versions looked up once.

    Args:
        repository: The repository, or its pk.
        number: The number of the version, which must be complete.
    """
    later = RepositoryVersion.objects.filter(repository=repository, number__gt=number).values("pk")
    return RepositoryContent.objects.filter(
        Q(version_removed=None) | Q(version_removed__in=later),
        ~Q(version_added__in=later),
        repository=repository,
    )


class _IsAny(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class _IsTrue(Func):
    template = "(%(expressions)s) IS TRUE"
    output_field = BooleanField()
