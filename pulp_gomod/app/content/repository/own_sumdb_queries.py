"""The SQL that reads checksum databases of one's own, compiled from ORM querysets."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery

from pulp_gomod.app.db.compiled import BigInt, Statement, compile_queryset
from pulp_gomod.app.models import GoLogRecord, GoLogTile, GoSumdbHead

_REPOSITORY = UUID("00000000-0000-4000-8000-000000000021")
_LEVEL = 32_022
_TILE = BigInt(2_000_000_023)
_FIRST = BigInt(2_000_000_024)
_END = BigInt(2_000_000_025)
_MODULE = "\ufffdmodule"
_VERSION = "\ufffdversion"
_NAME = "\ufffdname"

_NAMES: dict[Any, str] = {
    _REPOSITORY: "repository",
    _LEVEL: "level",
    _TILE: "tile",
    _FIRST: "first",
    _END: "end",
    _MODULE: "module",
    _VERSION: "version",
    _NAME: "name",
}
_COLUMNS = (
    "sumdb",
    "sumdb__refused",
    "sumdb__size",
    "size",
    "message",
    "signed",
    "resign",
)


def _heads() -> QuerySet:
    return GoSumdbHead.objects.filter(sumdb__repositories=_REPOSITORY, sumdb__name=_NAME)


def _compile(queryset: QuerySet) -> Statement:
    return compile_queryset(queryset, _NAMES)


@lru_cache(maxsize=1)
def head() -> Statement:
    """
    Find the checksum database of a name that a repository feeds.

    Values: repository, name.
    Columns: pk, why it is refused, records, records in the head, the head, when it was signed, when it has to be
    signed again, the checkpoint, its witnesses.
    """
    return _compile(_heads().values_list(*_COLUMNS, "checkpoint", "sumdb__witnesses"))


@lru_cache(maxsize=1)
def lookup() -> Statement:
    """
    Find a record in the checksum database of a name that a repository feeds.

    Values: repository, name, module, version.
    Columns: as of `head` up to when it has to be signed again; the record's number and text, null if there is none.
    """
    records = GoLogRecord.objects.filter(sumdb=OuterRef("sumdb"), module=_MODULE, version=_VERSION)
    found = _heads().annotate(
        number=Subquery(records.values("number")[:1]), text=Subquery(records.values("text")[:1])
    )
    return _compile(found.values_list(*_COLUMNS, "number", "text"))


@lru_cache(maxsize=1)
def tile() -> Statement:
    """
    Find a tile of the checksum database of a name that a repository feeds.

    Values: repository, name, level, tile (its number).
    Columns: as of `head` up to when it has to be signed again; the hashes, null if there is no such tile.
    """
    tiles = GoLogTile.objects.filter(sumdb=OuterRef("sumdb"), level=_LEVEL, number=_TILE)
    found = _heads().annotate(hashes=Subquery(tiles.values("hashes")[:1]))
    return _compile(found.values_list(*_COLUMNS, "hashes"))


@lru_cache(maxsize=1)
def records() -> Statement:
    """
    Find records that follow each other, of the checksum database of a name that a repository feeds.

    Values: repository, name, first (number), end (the number behind the last one).
    Columns: why it is refused, records in the head, when that was signed, the text; in the order of their numbers.
    """
    found = GoLogRecord.objects.filter(
        sumdb__repositories=_REPOSITORY, sumdb__name=_NAME, number__gte=_FIRST, number__lt=_END
    ).order_by("number")
    return _compile(
        found.values_list(
            "sumdb__refused", "sumdb__signed_head__size", "sumdb__signed_head__signed", "text"
        )
    )


@lru_cache(maxsize=1)
def behind() -> Statement:
    """
    Find checksum databases that have grown since their head was signed, unless nothing may be signed.

    Columns: pk.
    """
    found = GoSumdbHead.objects.filter(sumdb__refused="").exclude(size=F("sumdb__size"))
    return _compile(found.values_list("sumdb"))


#: All of them.
ALL = (head, lookup, tile, records, behind)
