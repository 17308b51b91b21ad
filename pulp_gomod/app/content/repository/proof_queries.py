"""The SQL that says what is kept of checksum databases for a repository version, compiled from ORM querysets."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Concat, StrIndex
from django.db.models.lookups import GreaterThan, IsNull

from pulpcore.plugin.models import RepositoryContent

from pulp_gomod.app.db.compiled import BigInt, Statement, compile_queryset
from pulp_gomod.app.models import (
    GoModFile,
    GoModule,
    GoSumdbRecord,
    GoSumdbTile,
    GoSumdbTree,
)
from pulp_gomod.app.models.membership import held

_REPOSITORY = UUID("00000000-0000-4000-8000-000000000011")
_DOMAIN = UUID("00000000-0000-4000-8000-000000000012")
_TREE = UUID("00000000-0000-4000-8000-000000000013")
_NUMBER = 2_000_000_011
# Django compiles a number that a column cannot have to nothing.
_LEVEL = 32_012
_TILE = BigInt(2_000_000_013)
_MODULE = "\ufffdmodule"
_VERSION = "\ufffdversion"
_NAME = "\ufffdname"
_KEY = "\ufffdkey"

_NAMES: dict[Any, str] = {
    _REPOSITORY: "repository",
    _DOMAIN: "domain",
    _TREE: "tree",
    _NUMBER: "number",
    _LEVEL: "level",
    _TILE: "tile",
    _MODULE: "module",
    _VERSION: "version",
    _NAME: "name",
    _KEY: "key",
}


def _compile(queryset: QuerySet) -> Statement:
    return compile_queryset(queryset, _NAMES)


def _trees() -> QuerySet:
    """
    The tree of a name, as the first row.

    A name is mostly that of one key. Of several, the one comes first that Go knows by that name, and then the
    one that somebody has used last: the newer key of a database that has changed it.
    """
    is_known = Case(When(verifier_key=_KEY, then=Value(0)), default=Value(1))
    trees = GoSumdbTree.objects.filter(pulp_domain=_DOMAIN, name=_NAME, size__gt=0)
    return trees.order_by(is_known, "-head_seen", "pulp_created")


def _tree() -> Subquery:
    return Subquery(_trees().values("pk")[:1])


def _says(text: F | OuterRef, suffix: str, h1: str) -> GreaterThan:
    """Make the condition that the text of a record has the line about the unit of the query."""
    end, line_end = Value(f"{suffix} ", TextField()), Value("\n", TextField())
    space = Value(" ", TextField())
    line = Concat("module", space, "version", end, h1, line_end, output_field=TextField())
    return GreaterThan(StrIndex(text, line), Value(0))


def _units(model: type[Model], suffix: str, h1: str, **which: Any) -> QuerySet:
    """Units that are what a record of the outer query says."""
    units: QuerySet = model._default_manager.filter(_pulp_domain=_DOMAIN, **which)
    return units.filter(_says(OuterRef("text"), suffix, h1))


@lru_cache(maxsize=1)
def lookup() -> Statement:
    """
    Find the record of a module version that is held, and is what the record says.

    Values: repository, number, domain, name, key (which Go knows by that name), module, version.
    Columns: number, text, signed head, when the head was seen.
    """
    which = {"module": _MODULE, "version": _VERSION}
    is_held = held(_REPOSITORY, _NUMBER)
    module = _units(GoModule, "", "h1", **which).filter(is_held)
    go_mod = _units(GoModFile, "/go.mod", "go_mod_h1", **which).filter(is_held)
    return _compile(
        GoSumdbRecord.objects.filter(
            Exists(module) | Exists(go_mod), tree=_tree(), **which
        ).values_list("number", "text", "tree__head", "tree__head_seen")
    )


def _supported() -> IsNull:
    """
    Make the condition that the repository version holds anything of which the outer tree has a record.

    It ends at the first one. PostgreSQL must see no joins in it: it would read the tables of all repositories.
    """
    record = GoSumdbRecord.objects.filter(
        tree=OuterRef(OuterRef(OuterRef("pk"))),
        module=OuterRef("module"),
        version=OuterRef("version"),
    )
    found = []
    for model, suffix, h1 in ((GoModule, "", "h1"), (GoModFile, "/go.mod", "go_mod_h1")):
        said = Subquery(record.values("text")[:1], output_field=TextField())
        unit = model.objects.filter(pk=OuterRef("content_id")).annotate(said=said)
        unit = unit.filter(_says(F("said"), suffix, h1))
        found.append(Q(IsNull(Subquery(unit.values("pk")[:1]), False)))
    memberships = RepositoryContent.objects.filter(
        Q(version_removed=None) | Q(version_removed__number__gt=_NUMBER),
        found[0] | found[1],
        repository=_REPOSITORY,
        version_added__number__lte=_NUMBER,
    )
    return IsNull(Subquery(memberships.values("pk")[:1]), False)


def _supporting() -> QuerySet:
    return GoSumdbTree.objects.filter(_supported(), pk=_tree())


@lru_cache(maxsize=1)
def tree() -> Statement:
    """
    Find a checksum database that proves something which a repository version holds.

    Values: repository, number, domain, name, key.
    Columns: pk, signed head, when that was seen.
    """
    return _compile(_supporting().values_list("pk", "head", "head_seen"))


@lru_cache(maxsize=1)
def head() -> Statement:
    """
    Find the head of a checksum database.

    Values: tree.
    Columns: as of `tree`.
    """
    trees = GoSumdbTree.objects.filter(pk=_TREE)
    return _compile(trees.values_list("pk", "head", "head_seen"))


def _with_tile(trees: QuerySet) -> Statement:
    tiles = GoSumdbTile.objects.filter(tree=OuterRef("pk"), level=_LEVEL, number=_TILE)
    found = Subquery(tiles.values("hashes")[:1])
    columns = ("pk", "size", "head_seen", "found")
    return _compile(trees.annotate(found=found).values_list(*columns))


@lru_cache(maxsize=1)
def first_tile() -> Statement:
    """
    Find a tile of a checksum database that proves something which a repository version holds.

    Values: repository, number, domain, name, key, level, tile (its number).
    Columns: pk of the tree, its size, when its head was seen; the hashes, null if the tile is not kept.
    """
    return _with_tile(_supporting())


@lru_cache(maxsize=1)
def tile() -> Statement:
    """
    Find a tile of a checksum database.

    Values: tree, level, tile (its number).
    Columns: as of `first_tile`.
    """
    return _with_tile(GoSumdbTree.objects.filter(pk=_TREE))


#: All of them.
ALL = (lookup, tree, head, first_tile, tile)
