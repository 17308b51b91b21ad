"""The SQL that says what is known of what a repository version holds, compiled from ORM querysets (see `compiled`)."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value

from pulp_gomod.app.content.repository.browse_queries import words_query
from pulp_gomod.app.db.compiled import BigInt, Matches, Statement, TsQuery, compile_queryset
from pulp_gomod.app.models import GoListedModule, GoModule, GoPackage, GoRelease
from pulp_gomod.app.models.listed import listed_at
from pulp_gomod.app.models.membership import held, held_among, held_each

MOST_VERSIONS = 20_000
"""Versions of a module, of all major versions together, that are looked at."""

MOST_PACKAGES = 10_000
"""Packages that are looked at for one answer."""

MOST_MATCHES = 1000
"""Modules that a search looks at for the best of them."""

MOST_MODULES = 100
"""Modules whose packages a search looks at."""

MOST_IMPORTERS = 300
"""Modules that are looked at for packages that import one."""

NEWEST = 3
"""Versions of a module that are looked at: the newest may be held back."""

MOST_FOUND = 2000
"""Packages that a search finds, in whatever versions."""

# Values that stand for a request's, recognisable among the constants of a queryset.
_REPOSITORY = UUID("00000000-0000-4000-8000-000000000001")
_DOMAIN = UUID("00000000-0000-4000-8000-000000000002")
_NUMBER = BigInt(2_000_000_001)
_PACKAGE_PK = BigInt(2_000_000_002)
_MODULE = "\ufffdmodule"
_VERSION = "\ufffdversion"
_PATH = "\ufffdpath"
_LOW = "\ufffdlow"
_HIGH = "\ufffdhigh"
_PREFIXES = "\ufffdprefixes"
_HERE = "\ufffdhere"
_IMPORTING = "\ufffdimporting"
_UNIT = UUID("00000000-0000-4000-8000-000000000003")
_WORDS = "\ufffdwords"

_NAMES: dict[Any, str] = {
    _REPOSITORY: "repository",
    _DOMAIN: "domain",
    _NUMBER: "number",
    _PACKAGE_PK: "package",
    _MODULE: "module",
    _VERSION: "version",
    _PATH: "path",
    _LOW: "low",
    _HIGH: "high",
    _PREFIXES: "prefixes",
    _HERE: "here",
    _IMPORTING: "importing",
    _UNIT: "unit",
    _WORDS: "words",
}


def _compile(queryset: QuerySet) -> Statement:
    return compile_queryset(queryset, _NAMES)


def _units() -> QuerySet:
    return GoModule.objects.filter(held(_REPOSITORY, _NUMBER), _pulp_domain=_DOMAIN)


def _packages() -> QuerySet:
    # Which of the two is looked at first, PostgreSQL decides: there are few rows of either.
    return GoPackage.objects.filter(Exists(_units().filter(pk=OuterRef("unit_id"))))


def _release(field: str) -> Subquery:
    return Subquery(
        GoRelease.objects.filter(
            repository=_REPOSITORY,
            module=OuterRef("module"),
            version=OuterRef("version"),
            h1=OuterRef("h1"),
        ).values(field)[:1]
    )


@lru_cache(maxsize=2)
def module(with_texts: bool) -> Statement:
    """
    Find what is known of a module version.

    Args:
        with_texts: Whether its README and licences are wanted, too.

    Values: repository, number, domain, module, version.
    Columns: has_go_mod, go_mod, deprecated, retracted, time, origin, when the content came; null without
    documentation: whether it may be passed on, synopsis; and the texts: name and text of the README, licences.
    """
    columns = [
        "has_go_mod",
        "go_mod",
        "deprecated",
        "retracted",
        "time",
        "origin",
        "pulp_created",
        "documentation__redistributable",
        "documentation__synopsis",
    ]
    if with_texts:
        columns += [
            "documentation__readme_file",
            "documentation__readme_text",
            "documentation__licences",
        ]
    return _compile(
        _units()
        .filter(module=_MODULE, version=_VERSION)
        .annotate(time=_release("time"), origin=_release("origin"))
        .values_list(*columns)
    )


@lru_cache(maxsize=1)
def series() -> Statement:
    """
    List the versions of a module in all its major versions, the newest first.

    Values: repository, number, domain, module (without a major version), low and high: between which the names of the
    others are.
    Columns: module, version, is_pseudo, has_go_mod.
    """
    named = GoModule.objects.filter(
        Q(module=_MODULE) | Q(module__gte=_LOW, module__lt=_HIGH), _pulp_domain=_DOMAIN
    )
    return _compile(
        named.filter(held_among(named, _REPOSITORY, _NUMBER))
        .order_by("-version_key", "module")
        .values_list("module", "version", "is_pseudo", "has_go_mod")[:MOST_VERSIONS]
    )


@lru_cache(maxsize=1)
def details() -> Statement:
    """
    Find what is told of some versions, and what the latest ones among them say of others of their modules.

    Values: repository, number, domain, wanted (a text of JSON: a list with module, version and whether it is the latest of
    each).
    Columns: module, version, whether it may be passed on (null without documentation), time, when the content came; and
    null of those that are not the latest: deprecated, all that it retracts, the first of that with reasons.
    """
    one = _compile(
        _units()
        .filter(module=_MODULE, version=_VERSION)
        .annotate(time=_release("time"))
        .values_list(
            "documentation__redistributable",
            "time",
            "pulp_created",
            "deprecated",
            "retracted",
            "retractions",
        )
    )
    one = one.correlated("module", "wanted.module").correlated("version", "wanted.version")
    told, said = ("one.c0", "one.c1", "one.c2"), ("one.c3", "one.c4", "one.c5")
    columns = (
        *("wanted.module", "wanted.version", *told),
        *(f"CASE WHEN wanted.is_latest THEN {each} END" for each in said),
    )
    names = ", ".join(f"c{number}" for number in range(len(told + said)))
    return Statement(
        f"SELECT {', '.join(columns)} FROM (SELECT each ->> 0, each ->> 1, (each ->> 2)::boolean "
        "FROM jsonb_array_elements(%s::jsonb) AS each) AS wanted(module, version, is_latest) "
        f"JOIN LATERAL (SELECT * FROM ({one.sql}) AS found OFFSET 0) AS one({names}) ON TRUE",
        ("wanted", *one.names),
        (None, *one.constants),
        {**one.types, "wanted": "text"},
    )


@lru_cache(maxsize=1)
def packages() -> Statement:
    """
    List the packages of a module version.

    Values: repository, number, domain, module, version.
    Columns: import path, name, synopsis, whether it may be passed on.
    """
    return _compile(
        _packages()
        .filter(unit__module=_MODULE, unit__version=_VERSION)
        .order_by("import_path")
        .values_list("import_path", "name", "synopsis", "unit__documentation__redistributable")
    )


@lru_cache(maxsize=1)
def modules_with() -> Statement:
    """
    List the modules that have a package in some version.

    Values: repository, number, domain, path (the import path).
    Columns: module.
    """
    return _compile(
        _packages().filter(import_path=_PATH).order_by().values_list("unit__module").distinct()[:50]
    )


_PACKAGE = ("unit__deprecated", "unit__retracted", "name", "synopsis", "goos", "goarch")
_BESIDE: Final = {
    "": (),
    "symbols": ("symbols",),
    "documentation": ("pk",),
    "licences": ("unit__documentation__licences",),
    "texts": ("pk", "unit__documentation__licences"),
}


@cache
def package(what: str, with_importers: bool = False) -> Statement:
    """
    Find a package of a module version.

    Args:
        what: What is wanted beside the usual: "", "symbols", "documentation" (by which pk it is found), "licences" or
            "texts" (both of these).
        with_importers: Whether the rows of `_importers` are wanted, too, as the text of JSON.

    Values: repository, number, domain, module, version, path (the import path).
    Columns: deprecated and retracted of the module, name, synopsis, goos, goarch, whether it may be passed on, imports;
    and what is wanted.
    """
    found = _compile(
        _packages()
        .filter(import_path=_PATH, unit__module=_MODULE, unit__version=_VERSION)
        .values_list(*_PACKAGE, "unit__documentation__redistributable", "imports", *_BESIDE[what])
    )
    return found.with_rows(_importers(), 4) if with_importers else found


@cache
def documentation() -> Statement:
    """
    Find the documentation of a package.

    Values: package (the pk of one that was found as of `package`).
    Columns: documentation.
    """
    return _compile(GoPackage.objects.filter(pk=_PACKAGE_PK).values_list("documentation"))


def _importers() -> Statement:
    """
    List the packages that import one, in the newest versions of modules.

    Values: repository, number, domain, path (the import path), importing (the query for modules with such packages, as
    of `found_by`).
    Columns: import path, module, version.
    """
    modules = _listed(TsQuery(Value(_IMPORTING)))[:MOST_IMPORTERS]
    packages = GoPackage.objects.filter(imports__contains=_array(_PATH))
    return _of_newest(_compile(modules), packages, ("import_path",), MOST_PACKAGES)


def _listed(query: Func) -> QuerySet:
    listed = GoListedModule.objects.filter(listed_at(_NUMBER), repository=_REPOSITORY)
    return listed.filter(Matches(F("words"), query)).values_list("module")


def _array(text: str) -> Func:
    return Func(
        Value(text),
        template="ARRAY[%(expressions)s]::text[]",
        output_field=ArrayField(models.TextField()),
    )


def _of_newest(
    modules: Statement, packages: QuerySet, columns: Sequence[str], most: int
) -> Statement:
    """
    Find packages of the newest versions of each module that a statement finds.

    Columns: the first of those given, module, version, version_key; and the others.
    """
    newest = _compile(
        GoModule.objects.filter(
            held_each(_REPOSITORY, _NUMBER), _pulp_domain=_DOMAIN, module=_MODULE
        )
        .order_by("-version_key")
        .values_list("pk", "version", "version_key")[:NEWEST]
    ).correlated("module", "found.module")
    each = _compile(packages.filter(unit=_UNIT).values_list(*columns)).correlated(
        "unit", "newest.pk"
    )
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    first, *others = (f"package.c{number}" for number in range(len(columns)))
    # OFFSET 0 keeps PostgreSQL from merging them into one, and from planning it otherwise.
    sql = (
        f"SELECT {', '.join((first, 'found.module', 'newest.version', 'newest.key', *others))} "
        f"FROM ({modules.sql} OFFSET 0) AS found(module) "
        f"JOIN LATERAL (SELECT * FROM ({newest.sql}) AS one OFFSET 0) AS newest(pk, version, key) ON TRUE "
        f"JOIN LATERAL (SELECT * FROM ({each.sql}) AS one OFFSET 0) AS package({names}) ON TRUE "
        f"LIMIT {most}"
    )
    return Statement(
        sql,
        modules.names + newest.names + each.names,
        modules.constants + newest.constants + each.constants,
        modules.types,
    )


@lru_cache(maxsize=2)
def search(by_symbol: bool) -> Statement:
    """
    Find packages by words, in the newest versions of modules.

    Args:
        by_symbol: Whether they have to export something, too.

    Values: repository, number, domain, here (the query for modules of the repository, as of `found_by`), prefixes (the
    one for all words, or what begins with them), words (as people write them); and path, the name in lower case, if they have to export it.
    Columns: import path, module, version, its sort key, name, synopsis, rank.
    """
    query = SearchQuery(_PREFIXES, config="simple", search_type="raw") | SearchQuery(
        _WORDS, config="english"
    )
    packages = GoPackage.objects.filter(words=query, internal=False)
    if by_symbol:
        packages = packages.filter(names__contains=_array(_PATH))
    looked_at = _listed(words_query(_HERE, _PREFIXES, _WORDS)).values_list("module", "words")[
        :MOST_MATCHES
    ]
    some = _compile(looked_at)
    # The best ones: of those with a symbol nobody knows beforehand which modules have it.
    best = Statement(
        f"SELECT module FROM ({some.sql}) AS looked(module, words) "
        f"ORDER BY ts_rank(words, %s::tsquery) DESC, length(module), module "
        f"LIMIT {MOST_MATCHES if by_symbol else MOST_MODULES}",
        (*some.names, "prefixes"),
        (*some.constants, None),
        some.types,
    )
    ranked = packages.annotate(rank=SearchRank(F("words"), query))
    return _of_newest(best, ranked, ("import_path", "name", "synopsis", "rank"), MOST_FOUND)


ALL: Final[tuple[Callable[[], Statement], ...]] = (
    *(partial(module, with_texts) for with_texts in (False, True)),
    series,
    details,
    packages,
    modules_with,
    *(partial(package, what) for what in _BESIDE),
    *(partial(package, what, True) for what in ("", "documentation")),
    *(partial(search, by_symbol) for by_symbol in (False, True)),
)
"""All of them, but for what hardly anybody asks for."""
