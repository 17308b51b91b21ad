"""The SQL that says what a repository version holds, compiled from ORM querysets (see `compiled`)."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import StringAgg
from django.db import models
from django.db.models import (
    Case,
    Expression,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Length, RowNumber
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from pulpcore.plugin.models import Content

from pulp_gomod.app.db.compiled import BigInt, Limit, Statement, compile_queryset
from pulp_gomod.app.models import GoIndexEntry, GoModFile, GoModule, GoRelease
from pulp_gomod.app.models.membership import held, held_among, held_each, held_if_few

# The latest version is mostly among so many of the newest ones, and nearly always among so many.
NEWEST = 4
_MANY_NEWEST = 32
# Bytes of what a version retracts up to which they are told along with its name: enough for nearly all, and
# little enough for thousands of versions.
SHORT_RETRACTED = 256
# Units of a repository version that are few.
MOST_NAMES = 1000
# Columns of `candidates`.
CANDIDATES_WIDTH = 7

# Values that stand for a request's, recognisable among the constants of a queryset.
_REPOSITORY = UUID("00000000-0000-4000-8000-000000000001")
_DOMAIN = UUID("00000000-0000-4000-8000-000000000002")
_NUMBER = 2_000_000_001
_LARGEST = 2_000_000_002
_SINCE = BigInt(2_000_000_003)
_MOST = Limit(2_000_000_004)
_END_OF_TIME = 2**63 - 1
_MODULE = "\ufffdmodule"
_VERSION = "\ufffdversion"

_NAMES: dict[Any, str] = {
    _REPOSITORY: "repository",
    _DOMAIN: "domain",
    _NUMBER: "number",
    _LARGEST: "largest",
    _SINCE: "since",
    _MOST: "most",
    _MODULE: "module",
    _VERSION: "version",
}

# What is served of a stored zip.
_ARTIFACT = "contentartifact__artifact"
_STORED = (
    _ARTIFACT,
    f"{_ARTIFACT}__file",
    f"{_ARTIFACT}__size",
    f"{_ARTIFACT}__sha256",
    f"{_ARTIFACT}__pulp_created",
)
_RELEASE = (models.DateTimeField(), models.JSONField(), models.BinaryField())
_FILE = (
    models.UUIDField(),
    models.TextField(),
    models.BigIntegerField(),
    models.TextField(),
    models.DateTimeField(),
)


def _compile(queryset: QuerySet) -> Statement:
    return compile_queryset(queryset, _NAMES)


def _modules() -> QuerySet:
    return GoModule.objects.filter(_pulp_domain=_DOMAIN, module=_MODULE)


def _held_modules(condition: Callable[..., Any] = held) -> QuerySet:
    return _modules().filter(condition(_REPOSITORY, _NUMBER))


def _all_held_modules() -> QuerySet:
    return _modules().filter(held_among(_modules(), _REPOSITORY, _NUMBER))


def _held_mod_files() -> QuerySet:
    return GoModFile.objects.filter(
        held(_REPOSITORY, _NUMBER), _pulp_domain=_DOMAIN, module=_MODULE, version=_VERSION
    )


def _created() -> Subquery:
    """When the content came to Pulp: for thousands of rows a join would read the table as a whole."""
    return Subquery(Content.objects.filter(pk=OuterRef("pk")).values("pulp_created")[:1])


def _of_newest(value: Expression) -> Case:
    """A value that is looked up for the newest versions only."""
    place = Window(RowNumber(), order_by=F("version_key").desc())
    return Case(When(LessThanOrEqual(place, _MANY_NEWEST), then=value))


def _retracted() -> Case:
    """What a version retracts, "" for nothing, null where that is long: PostgreSQL only looks at its length."""
    size = Func(F("retracted"), function="OCTET_LENGTH", output_field=models.IntegerField())
    is_short = LessThanOrEqual(Coalesce(size, 0), SHORT_RETRACTED)
    return Case(When(is_short, then=Coalesce("retracted", Value("", models.TextField()))))


def _release(field: str) -> Subquery:
    return Subquery(
        GoRelease.objects.filter(
            repository=_REPOSITORY,
            module=OuterRef("module"),
            version=OuterRef("version"),
            h1=OuterRef("h1"),
        ).values(field)[:1]
    )


@lru_cache(maxsize=1)
def info() -> Statement:
    """
    Find what `.info` says of a module version.

    Values: repository, number, domain, module, version.
    Columns: version, time, origin, what an upstream said, when the content came to Pulp.
    """
    return _compile(
        _held_modules()
        .filter(version=_VERSION)
        .annotate(time=_release("time"), origin=_release("origin"), info=_release("info"))
        .values_list("version", "time", "origin", "info", "pulp_created")
    )


@lru_cache(maxsize=1)
def mod() -> Statement:
    """
    Find the go.mod of a module version, whether its zip is held or not.

    Values: repository, number, domain, module, version.
    Columns: go_mod, its h1, when the content came to Pulp.
    """
    columns = ("go_mod", "go_mod_h1", "pulp_created")
    return _compile(
        _held_modules()
        .filter(version=_VERSION)
        .values_list(*columns)
        .union(_held_mod_files().values_list(*columns), all=True)
    )


@lru_cache(maxsize=1)
def zip_file() -> Statement:
    """
    Find the stored zip of a module version.

    Values: repository, number, domain, module, version.
    Columns: artifact pk, its name in the storage, size in bytes, SHA-256, when the content came.
    """
    return _compile(_held_modules().filter(version=_VERSION).values_list(*_STORED))


@lru_cache(maxsize=1)
def files() -> Statement:
    """
    Find all that `info`, `mod` and `zip_file` find, of a module version whose zip is held or not.

    Values: repository, number, domain, module, version, largest (bytes of go.mod beyond which it is null).
    Columns: version, go_mod, when the content came to Pulp; and null without a zip: time, origin, what
    an upstream said, and the columns of `zip_file`.
    """
    body = Case(When(LessThanOrEqual(Length("go_mod"), _LARGEST), then=F("go_mod")))
    release = {name: _release(name) for name in ("time", "origin", "info")}
    whole = _held_modules().filter(version=_VERSION).annotate(**release, body=body)
    alone = _held_mod_files().annotate(body=body)
    # What goes with a zip only.
    none = [Value(None, output_field=field) for field in (*_RELEASE, *_FILE)]
    return _compile(
        whole.values_list("version", "body", "pulp_created", *release, *_STORED).union(
            alone.values_list("version", "body", "pulp_created", *none), all=True
        )
    )


@lru_cache(maxsize=1)
def versions() -> Statement:
    """
    List the tagged versions of a module in semver order.

    Values: repository, number, domain, module.
    Columns: the versions, one a line, null where there are only pseudo-versions: a module that has
    nothing else exists all the same. There is no row for an unknown module. PostgreSQL joins the
    lines: to fetch thousands of rows takes longer than to find them.
    """
    tagged = StringAgg("version", delimiter="\n", filter=Q(is_pseudo=False), order_by="version_key")
    return _compile(
        _all_held_modules().values("_pulp_domain").annotate(tagged=tagged).values_list("tagged")
    )


@lru_cache(maxsize=1)
def newest() -> Statement:
    """
    Find the NEWEST versions of a module, with what decides which is the latest.

    Where they are all pre-releases or pseudo-versions, and there may be others, all versions follow as
    `candidates` has them: PostgreSQL looks at those only then.

    Values: repository, number, domain, module.
    Columns: version, is_pseudo, has_go_mod, what it retracts (null where that is long), time, origin, when
    the content came to Pulp; of the NEWEST the newest one comes first.
    """
    first, others = _newest(), candidates()
    sql = (
        f"WITH newest AS MATERIALIZED ({first.sql}) "
        f"SELECT * FROM newest UNION ALL SELECT * FROM ({others.sql}) AS others WHERE "
        f"(SELECT count(*) = {NEWEST} AND min(strpos(version, '-')) > 0 FROM newest)"
    )
    names, constants = first.names + others.names, first.constants + others.constants
    return Statement(sql, names, constants, first.types)


def _newest() -> Statement:
    return _compile(
        _held_modules(held_each)
        .annotate(
            retracts=_retracted(),
            time=_release("time"),
            origin=_release("origin"),
            created=_created(),
        )
        .order_by("-version_key")
        .values_list("version", "is_pseudo", "has_go_mod", "retracts", "time", "origin", "created")[
            :NEWEST
        ]
    )


@lru_cache(maxsize=1)
def candidates() -> Statement:
    """
    List all versions of a module in semver order, with what decides which is the latest.

    Values: repository, number, domain, module.
    Columns: version, is_pseudo, has_go_mod, what it retracts (null where that is long); and of the newest
    ones, null for others: time, origin, when the content came to Pulp.
    """
    return _compile(
        _all_held_modules()
        .order_by("version_key")
        .annotate(
            retracts=_retracted(),
            time=_of_newest(_release("time")),
            origin=_of_newest(_release("origin")),
            created=_of_newest(_created()),
        )
        .values_list("version", "is_pseudo", "has_go_mod", "retracts", "time", "origin", "created")
    )


@lru_cache(maxsize=1)
def retracted() -> Statement:
    """
    Find what the go.mod of a module version retracts, however long that is.

    Values: repository, number, domain, module, version.
    Columns: all intervals, null for none.
    """
    return _compile(_held_modules().filter(version=_VERSION).values_list("retracted"))


@lru_cache(maxsize=1)
def releases() -> Statement:
    """
    List all versions of a module in semver order, with what was said of each when it came.

    Values: repository, number, domain, module.
    Columns: version, is_pseudo, time, origin, when the content came to Pulp.
    """
    return _compile(
        _all_held_modules()
        .order_by("version_key")
        .annotate(time=_release("time"), origin=_release("origin"), created=_created())
        .values_list("version", "is_pseudo", "time", "origin", "created")
    )


@lru_cache(maxsize=1)
def names() -> Statement:
    """
    List all module versions of a repository version that holds few; no rows otherwise.

    Values: repository, number, domain.
    Columns: module, version.
    """
    few = held_if_few(MOST_NAMES, _REPOSITORY, _NUMBER)
    return _compile(
        GoModule.objects.filter(few, _pulp_domain=_DOMAIN).values_list("module", "version")
    )


@lru_cache(maxsize=1)
def index() -> Statement:
    """
    Find the next module versions that a repository version holds, in the order in which they came.

    What the repository still holds is read in that order. What it does not hold any more, but did at that
    version, is all that was removed since: nothing where the version is the newest one.

    Values: repository, number, since (nanoseconds since 1970, inclusive), most (of either).
    Columns: module, version, time; in no order, and where much was removed up to twice as many.
    """
    entries = GoIndexEntry.objects.filter(repository=_REPOSITORY)
    later = entries.filter(added__gt=_NUMBER).order_by("added", "time").values("time")[:1]
    # Whatever came later than the version, in a repository that has gone on for long, is not looked at.
    end = Coalesce(Subquery(later), Value(_END_OF_TIME, models.BigIntegerField()))
    # Because it cannot know how many are wanted, PostgreSQL takes them for few, and goes along the index. Told that
    # it is thousands, it would sort all that comes after: it believes that this is as much.
    present = entries.filter(removed=None, time__gte=_SINCE, time__lt=end).order_by("time")
    # With a sum PostgreSQL does not take these for the ones that are found by their time: they are few. It believes
    # that they are many, so whether there are any is asked first, of the last one alone.
    last = entries.filter(removed__isnull=False).order_by("-removed").values("removed")[:1]
    removed_since = (
        entries.filter(GreaterThan(Subquery(last), _NUMBER), removed__gt=_NUMBER)
        .annotate(when=F("time") + Value(0, models.BigIntegerField()))
        .filter(when__gte=_SINCE, when__lt=end)
        .order_by("when")
    )
    columns = ("unit__module", "unit__version")
    return _compile(
        present.values_list(*columns, "time")[:_MOST].union(
            removed_since.values_list(*columns, "when")[:_MOST], all=True
        )
    )


#: All of them.
ALL = (info, mod, zip_file, files, versions, newest, candidates, retracted, releases, names, index)
