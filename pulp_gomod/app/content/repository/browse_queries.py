"""The SQL of what people look up in a repository version, compiled from ORM querysets (see `compiled`)."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.db.models import Case, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import DataContains
from django.db.models.functions import Cast, Coalesce, Lower, StrIndex
from django.db.models.lookups import Exact, GreaterThan, LessThanOrEqual

from pulp_gomod.app.content.repository.queries import SHORT_RETRACTED
from pulp_gomod.app.db.compiled import (
    BigInt,
    BothQueries,
    EitherQuery,
    EnglishQuery,
    Matches,
    Statement,
    TsQuery,
    compile_queryset,
)
from pulp_gomod.app.models import (
    GoDocumentation,
    GoIndexEntry,
    GoListedModule,
    GoModule,
    GoPackage,
    GoRelease,
    GoRepository,
)
from pulp_gomod.app.models.listed import listed_at
from pulp_gomod.app.models.membership import held, held_each

#: Modules on a page of a list, and module versions on one.
MODULES = 30
VERSIONS = 100
#: The latest version of a module is mostly among so many of the newest ones.
NEWEST = 8
#: Module versions that came last, of which those of one module are told once.
RECENT = 60
#: Words that are searched for.
WORDS = 3
#: Packages on a page.
PACKAGES = 200
#: Modules that are looked at for the best of them, or for those that require another one.
LOOKED_AT = 2000
#: Modules that require another one, on a page.
REQUIRERS = 200
#: Changes of an API on a page.
CHANGES = 300
#: Modules that a search finds at most.
FOUND = MODULES
#: Requirements that are looked up, those of its own first.
REQUIREMENTS = 200

# Values that stand for a request's, recognisable among the constants of a queryset.
_REPOSITORY = UUID("00000000-0000-4000-8000-000000000001")
_DOMAIN = UUID("00000000-0000-4000-8000-000000000002")
_NUMBER = BigInt(2_000_000_001)
_MODULE = "\ufffdmodule"
_VERSION = "\ufffdversion"
_BEFORE = "\ufffdbefore"
_AFTER = "\ufffdafter"
_NEWEST_VERSION = "\ufffdnewest"
_END = "\ufffdend"
_PACKAGE = "\ufffdpackage"
_BELOW = "\ufffdbelow"
_REQUIRED = "\ufffdrequired"
_OTHER = "\ufffdother"
_NAMED = "\ufffdnamed"
_FOUND = "\ufffdfound"
_HERE = "\ufffdhere"
_PREFIXES = "\ufffdprefixes"
_TEXT = "\ufffdtext"
_WORDS = tuple(f"\ufffdword{number}" for number in range(WORDS))
_END_OF_TIME = 2**63 - 1

_NAMES: dict[Any, str] = {
    _REPOSITORY: "repository",
    _DOMAIN: "domain",
    _NUMBER: "number",
    _MODULE: "module",
    _VERSION: "version",
    _BEFORE: "before",
    _AFTER: "after",
    _NEWEST_VERSION: "newest",
    _END: "stop",
    _PACKAGE: "package",
    _BELOW: "below",
    _REQUIRED: "required",
    _OTHER: "other",
    _NAMED: "named",
    _FOUND: "found",
    _HERE: "here",
    _PREFIXES: "prefixes",
    _TEXT: "text",
    **{word: f"word{number}" for number, word in enumerate(_WORDS)},
}


# What is told of the documentation of a module version without the documentation.
_DOCUMENTED = ("state", "error", "cut", "synopsis", "packages_count", "licence_ids")


def _compile(queryset: QuerySet) -> Statement:
    return compile_queryset(queryset, _NAMES)


def _listed() -> QuerySet:
    return GoListedModule.objects.filter(listed_at(_NUMBER), repository=_REPOSITORY)


def _of_modules() -> QuerySet:
    return GoModule.objects.filter(_pulp_domain=_DOMAIN, module=_MODULE)


def _short_retracted() -> Case:
    """What a version retracts, "" for nothing, null where that is long."""
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
def listed() -> Statement:
    """
    List the next modules in the order of their paths, and one more if there are more.

    Values: repository, number, domain, after (the path after which they come), stop (the one before which they do).
    Columns: module; and those of `_newest`, null if it has no version.
    """
    found = _listed().filter(module__gt=_AFTER, module__lt=_END)
    return _with_newest(_compile(found.order_by("module").values_list("module")[: MODULES + 1]))


def _with_newest(asked: Statement) -> Statement:
    """Look up the newest versions of each module that a statement finds, in its order."""
    newest = _newest().correlated("module", "asked.module")
    # OFFSET 0 keeps PostgreSQL from merging them into one, and from planning it otherwise.
    return Statement(
        f"SELECT asked.module, newest.* FROM ({asked.sql} OFFSET 0) AS asked(module) "
        f"LEFT JOIN LATERAL (SELECT * FROM ({newest.sql}) AS one OFFSET 0) AS newest ON TRUE",
        asked.names + newest.names,
        asked.constants + newest.constants,
        asked.types,
    )


def words_query(here: str, prefixes: str, text: str) -> BothQueries:
    """
    Make the query for modules of a repository that are found by words.

    Args:
        here: The query for those of the repository.
        prefixes: The one for all words, or what begins with them.
        text: The words as people write them: they may end otherwise.
    """
    either = EitherQuery(TsQuery(Value(prefixes)), EnglishQuery(Value(text)))
    return BothQueries(TsQuery(Value(here)), either)


@lru_cache(maxsize=1)
def search() -> Statement:
    """
    Find modules by words.

    First come those that are called like that, then those that have all words in their paths, then those whose
    documentation has them. All of that is in one index of words and what these begin with. Only where that finds few,
    the path of each module of the repository is read, in an index that has nothing else: words may be anywhere in it.

    Values: repository, number, domain, word0 to word2, in lower case, "" for none; queries as of `found_by`: named (what
    they are called), here (those of the repository), prefixes (all words); and text, as people write it.
    Columns: as those of `listed`.
    """
    path, has_words = Lower("module"), Q()
    for word in _WORDS:
        # Where there is no such word, nothing is computed.
        has_words &= Q(Exact(Value(word), Value(""))) | Q(
            GreaterThan(StrIndex(path, Value(word)), 0)
        )
    named, by_words = (
        _compile(_listed().filter(Matches(F("words"), query)).values_list("module")[:LOOKED_AT])
        for query in (TsQuery(Value(_NAMED)), words_query(_HERE, _PREFIXES, _TEXT))
    )
    rating = Case(When(has_words, then=Value(1)), default=Value(2))
    place = _compile(GoListedModule.objects.values_list(Cast(rating, models.IntegerField())))
    rated = place.sql.partition(" FROM ")[0].replace(
        f'"{GoListedModule._meta.db_table}".', "by_words."
    )
    by_path = _compile(_listed().filter(has_words).order_by("module").values_list("module"))
    condition, ordered, order = by_path.sql.rpartition(" ORDER BY ")
    parts = (named, by_words, place, by_path)
    return _with_newest(
        Statement(
            f"WITH named AS ({named.sql}), by_words(module) AS MATERIALIZED ({by_words.sql}) "
            "SELECT module FROM ("
            "SELECT 0 AS place, module FROM named UNION ALL "
            f"{rated}, by_words.module FROM by_words UNION ALL "
            f"(SELECT 1, module FROM ({condition} AND (SELECT count(*) FROM by_words) <= {FOUND}"
            f"{ordered}{order} LIMIT {LOOKED_AT}) AS by_path)"
            ") AS every GROUP BY module "
            f"ORDER BY min(place), length(module), module LIMIT {FOUND + 1}",
            tuple(name for each in parts for name in each.names),
            tuple(constant for each in parts for constant in each.constants),
            named.types,
        )
    )


@lru_cache(maxsize=1)
def recent() -> Statement:
    """
    Find the module versions that came last.

    Values: repository, number.
    Columns: module, version, time (nanoseconds since 1970); the last one first.
    """
    entries = GoIndexEntry.objects.filter(repository=_REPOSITORY)
    later = entries.filter(added__gt=_NUMBER).order_by("added", "time").values("time")[:1]
    # Whatever came later than the version, in a repository that has gone on for long, is not looked at.
    end = Coalesce(Subquery(later), Value(_END_OF_TIME, models.BigIntegerField()))
    return _compile(
        entries.filter(removed=None, time__lt=end)
        .order_by("-time")
        .values_list("unit__module", "unit__version", "time")[:RECENT]
    )


@cache
def facts(beside: str = "") -> Statement:
    """
    Find what there is to be said of a module version, and what a page shows beside that, in one look.

    Args:
        beside: What that is, a name of BESIDE; "" for nothing.

    Values: repository, number, domain, module, version, newest (the version whose go.mod speaks for the module); and
    those of what is beside it.
    Columns: those that `pages.facts.Facts` has, in its order; and the rows of what is beside it, as the text of JSON.
    """
    about = _facts()
    if not beside:
        return replace(about, sql=f"SELECT about.*, '[]' FROM ({about.sql}) AS about")
    make, width = BESIDE[beside]
    return about.with_rows(make(), width)


def _of_newest(field: str) -> Subquery:
    newest = _of_modules().filter(held(_REPOSITORY, _NUMBER), version=_NEWEST_VERSION)
    return Subquery(newest.values(field)[:1])


@lru_cache(maxsize=1)
def _facts() -> Statement:
    release = {
        name: _release(name) for name in ("time", "origin", "source", "published_by", "first_seen")
    }
    # The name of the checksum database that has its records, if it is one of one's own.
    release["sumdb"] = Subquery(
        GoRepository.objects.filter(pk=_REPOSITORY).values("sumdb__name")[:1]
    )
    release |= {f"newest_{name}": _of_newest(name) for name in ("deprecated", "retractions")}
    return _compile(
        _of_modules()
        .filter(held(_REPOSITORY, _NUMBER), version=_VERSION)
        .annotate(**{f"of_{name}": value for name, value in release.items()})
        .values_list(
            "pk",
            "version",
            "h1",
            "go_mod_h1",
            "has_go_mod",
            "deprecated",
            "retractions",
            "go_version",
            "requirements",
            "license_file",
            "readme",
            "module_line",
            "size",
            "unpacked_size",
            "file_count",
            "pulp_created",
            *(f"of_{name}" for name in release),
            *(f"documentation__{name}" for name in _DOCUMENTED),
        )
    )


def _versions() -> Statement:
    """
    List the next versions of a module, the newest first, and one more if there are more.

    Values: repository, number, domain, module, before (the version_key before which they come).
    Columns: version, time (null if nobody said), when the content came to Pulp, bytes of the zip, who
    published it.
    """
    return _compile(
        _of_modules()
        .filter(held_each(_REPOSITORY, _NUMBER), version_key__lt=_BEFORE)
        .annotate(time=_release("time"), published_by=_release("published_by"))
        .order_by("-version_key")
        .values_list("version", "time", "pulp_created", "size", "published_by")[: VERSIONS + 1]
    )


@lru_cache(maxsize=1)
def _newest() -> Statement:
    """
    Find the NEWEST versions of a module, with what a list of modules says of it.

    Values: repository, number, domain, module.
    Columns: version, is_pseudo, has_go_mod, what it retracts (null where that is long), time (null if nobody
    said), when the content came to Pulp, what it says of being deprecated, its synopsis (null if it was not
    documented yet); the newest first.
    """
    return _compile(
        _of_modules()
        .filter(held_each(_REPOSITORY, _NUMBER))
        .annotate(retracts=_short_retracted(), time=_release("time"))
        .order_by("-version_key")
        .values_list(
            "version",
            "is_pseudo",
            "has_go_mod",
            "retracts",
            "time",
            "pulp_created",
            "deprecated",
            "documentation__synopsis",
        )[:NEWEST]
    )


def _unit(version: str = _VERSION) -> QuerySet:
    return _of_modules().filter(held(_REPOSITORY, _NUMBER), version=version)


def _packages() -> QuerySet:
    return GoPackage.objects.filter(unit=Subquery(_unit().values("pk")[:1]))


_LISTED = ("import_path", "name", "synopsis", "internal")


def _contents() -> Statement:
    """
    Find what is in a module version.

    Values: repository, number, domain, module, version.
    Columns: import path, name, synopsis, whether it is internal, of each package; and before them a row
    without an import path, which has the README as safe HTML for its synopsis; none if nothing was documented.
    """
    nothing = Value("", models.TextField())
    readme = GoDocumentation.objects.filter(unit=Subquery(_unit().values("pk")[:1]))
    packages = _packages().order_by("import_path").values_list(*_LISTED)
    return _compile(
        readme.values_list(
            nothing, Value("name", models.TextField()), "readme_html", Value(False)
        ).union(packages[: PACKAGES + 1], all=True)
    )


def _package() -> Statement:
    """
    Find a package of a module version, and those below it.

    Values: repository, number, domain, module, version, package (its import path), below (the same with a
    slash behind it), stop (the one that sorts after all below it).
    Columns: those of a package as of `_contents`; and of itself its system, its processor, its
    documentation, its README as safe HTML, and which of the modules that comments are about are here; null for those
    below it.
    """
    text, json = models.TextField(), models.JSONField()
    none = [Value(None, output_field=each) for each in (text, text, json, text)]
    itself = (
        _packages()
        .filter(import_path=_PACKAGE)
        .values_list(*_LISTED, "goos", "goarch", "documentation", "readme_html")
    )
    below = (
        _packages()
        .filter(import_path__gt=_BELOW, import_path__lt=_END)
        .order_by("import_path")
        .values_list(*_LISTED, *none)
    )
    packages = _compile(itself.union(below[: PACKAGES + 1], all=True))
    listed = _compile(_listed().values("module"))
    columns = ", ".join(f"c{number}" for number in range(8))
    here = (
        "SELECT json_agg(wanted.path) FROM jsonb_array_elements_text(one.c6 -> 'modules') AS wanted(path) "
        f"WHERE wanted.path IN (SELECT here.module FROM ({listed.sql}) AS here "
        "WHERE here.module = wanted.path)"
    )
    return Statement(
        f"SELECT one.*, ({here}) FROM ({packages.sql}) AS one({columns})",
        listed.names + packages.names,
        listed.constants + packages.constants,
        packages.types,
    )


def _licences() -> Statement:
    """
    Find the licences of a module version.

    Values: repository, number, domain, module, version.
    Columns: all of them, whether they allow it to be passed on.
    """
    found = GoDocumentation.objects.filter(unit=Subquery(_unit().values("pk")[:1]))
    return _compile(found.values_list("licences", "redistributable"))


def _users() -> Statement:
    """
    Find module versions that require a module, as many as can be looked at.

    Values: repository, number, domain, required (a text of JSON: a list with an object that has the path).
    Columns: module, version; in no order.
    """
    wanted = Cast(Value(_REQUIRED), models.JSONField())
    found = GoModule.objects.filter(_pulp_domain=_DOMAIN, requirements__contains=wanted)
    # Those of other repositories have to be looked at, too.
    some = found.values("pk")[:LOOKED_AT]
    return _compile(
        GoModule.objects.filter(held_each(_REPOSITORY, _NUMBER), pk__in=some).values_list(
            "module", "version"
        )
    )


def _requirers() -> Statement:
    """
    Find the modules whose newest versions require a module, the first of them in the order of their paths.

    Values: repository, number, domain, required (as of `_users`), found (the query for them, as of `found_by`).
    Columns: module, version, how many there are, as far as they were looked at.
    """
    some = _compile(
        _listed()
        .filter(Matches(F("words"), TsQuery(Value(_FOUND))))
        .values_list("module")[: LOOKED_AT + 1]
    )
    wanted = Cast(Value(_REQUIRED), models.JSONField())
    newest = _compile(
        _of_modules()
        .filter(held_each(_REPOSITORY, _NUMBER))
        .annotate(does=DataContains(F("requirements"), wanted))
        .order_by("-version_key")
        .values_list("version", "does")[:1]
    )
    newest = newest.correlated("module", "looked.module")
    return Statement(
        "SELECT looked.module, newest.version, looked.count FROM "
        f"(SELECT module, count(*) OVER () FROM ({some.sql}) AS every(module) "
        f"ORDER BY module LIMIT {REQUIRERS}) AS looked(module, count) "
        f"JOIN LATERAL (SELECT * FROM ({newest.sql}) AS one(version, does) OFFSET 0) AS newest "
        "ON newest.does",
        some.names + newest.names,
        some.constants + newest.constants,
        some.types,
    )


def _required() -> Statement:
    """
    Say which modules that a module version requires are here.

    Values: repository, number, domain, module, version.
    Columns: module.
    """
    unit, listed = (
        _compile(_unit().values_list("requirements")),
        _compile(_listed().values("module")),
    )
    # Those of its own come first, as on the page.
    wanted = (
        "SELECT each.value ->> 'path' FROM jsonb_array_elements((" + unit.sql + ")) "
        "WITH ORDINALITY AS each(value, place) "
        "ORDER BY coalesce((each.value ->> 'indirect')::boolean, false), each.place "
        f"LIMIT {REQUIREMENTS}"
    )
    return Statement(
        f"SELECT wanted.path FROM ({wanted}) AS wanted(path) "
        f"WHERE wanted.path IN (SELECT here.module FROM ({listed.sql}) AS here "
        "WHERE here.module = wanted.path)",
        unit.names + listed.names,
        unit.constants + listed.constants,
        unit.types,
    )


@lru_cache(maxsize=1)
def compared() -> Statement:
    """
    Find what there is to be said of two versions of a module, and compare what their packages export.

    Values: repository, number, domain, module, version, other, newest.
    Columns: as those of `facts` with the changes beside it, of the one version; and of the other one without them.
    The columns of a change: import path, name, how it is declared in the one version (null if it is not there), and
    in the other one.
    """
    one, other = _facts().with_rows(_api_changes(), 4), facts()
    names = tuple("other" if name == "version" else name for name in other.names)
    return Statement(
        f"{one.sql} UNION ALL {other.sql}",
        one.names + names,
        one.constants + other.constants,
        one.types,
    )


def _api_changes() -> Statement:
    units = [_compile(_unit(version).values_list("pk")[:1]) for version in (_VERSION, _OTHER)]
    table = GoPackage._meta.db_table
    one, two = (
        f"SELECT p.import_path, symbol ->> 0 AS name, symbol ->> 2 AS declared FROM {table} AS p"
        " CROSS JOIN LATERAL jsonb_array_elements(p.symbols) AS symbol"
        f" WHERE NOT p.internal AND p.name <> 'main' AND p.unit_id = ({unit.sql})"
        for unit in units
    )
    sql = (
        f"SELECT import_path, name, one.declared AS was, two.declared AS is_now FROM ({one}) AS one "
        f"FULL JOIN ({two}) AS two USING (import_path, name) "
        f"WHERE one.declared IS DISTINCT FROM two.declared ORDER BY 1, 2 LIMIT {CHANGES + 1}"
    )
    return Statement(
        sql,
        units[0].names + units[1].names,
        units[0].constants + units[1].constants,
        units[0].types,
    )


#: What pages show beside the facts of a module version: how it is found, and how many columns it has.
BESIDE: Final = {
    "versions": (_versions, 5),
    "contents": (_contents, 4),
    "package": (_package, 9),
    "licences": (_licences, 2),
    "required": (_required, 1),
    "requirers": (_requirers, 3),
    "users": (_users, 2),
}

#: All of them.
ALL: Final[tuple[Callable[[], Statement], ...]] = (
    listed,
    search,
    recent,
    facts,
    *(partial(facts, name) for name in BESIDE),
    compared,
)
