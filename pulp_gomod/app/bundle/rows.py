"""What the database says of units: read by their keys, so that a bundle may be continued anywhere."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import (
    Case,
    F,
    IntegerField,
    OuterRef,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import LessThanOrEqual

from pulp_gomod.app.db.compiled import IsAnyOf, IsAnyText, Statement, compile_queryset
from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.models import GoModFile, GoModule, GoRelease, GoSumdbRecord
from pulp_gomod.app.storage.stored_zip import StoredZip

# Bytes of what a version retracts up to which they are read along with its name.
_SHORT_RETRACTED = 4096
_ARTIFACT = "contentartifact__artifact"


class ChangedError(Exception):
    """What a bundle is made of is no longer what it was when the bundle was planned."""


class Module(NamedTuple):
    """
    A module version that may have a zip.

    Attributes:
        pk: The unit.
        path: The module path.
        version: The canonical version.
        go_mod_size: Bytes of its go.mod.
        go_mod_h1: Go's checksum of it.
        h1: Go's checksum of its zip; "" where there is only a go.mod.
        zip: Where its zip is; None where there is only a go.mod.
        awaits_zip: Whether a zip is to come.
        key: Sorts as Go sorts versions; "" without a zip.
        is_pseudo: See GoModule.
        has_go_mod: See GoModule.
        retracted: See GoModule; None if that is too long to be read along.
        time: When the version was made.
        origin: Where it was made.
        info: What an upstream said of it, word for word.
    """

    pk: UUID
    path: str
    version: str
    go_mod_size: int
    go_mod_h1: str
    h1: str = ""
    zip: StoredZip | None = None
    awaits_zip: bool = False
    key: str = ""
    is_pseudo: bool = False
    has_go_mod: bool = False
    retracted: str | None = ""
    time: datetime | None = None
    origin: dict[str, Any] | None = None
    info: bytes | None = None

    def is_vouched_for(self, text: str) -> bool:
        """
        Say whether a record is about these bytes: others may be held under the same name.

        Args:
            text: What the record says.
        """
        lines = text.split("\n")
        name = f"{self.path} {self.version}"
        return f"{name}/go.mod {self.go_mod_h1}" in lines and (
            not self.h1 or f"{name} {self.h1}" in lines
        )


def read_modules(
    repository: UUID, with_zip: Sequence[UUID], alone: Sequence[UUID]
) -> dict[UUID, Module]:
    """
    Read units.

    Args:
        repository: The repository, whose releases say when and where versions were made.
        with_zip: Keys of GoModule.
        alone: Keys of GoModFile.

    Raises:
        ChangedError: One is gone.
    """
    found: dict[UUID, Module] = {}
    if with_zip:
        for row in _fetch(_modules(), repository=repository, keys=list(with_zip)):
            found[row[0]] = _module(row)
    if alone:
        for pk, path, version, length, h1, awaits in _fetch(_mod_files(), keys=list(alone)):
            found[pk] = Module(pk, path, version, length, h1, awaits_zip=awaits)
    if len(found) != len(with_zip) + len(alone):
        raise ChangedError("content of the repository version was deleted")
    return found


def _fetch(statement: Statement, **values: Any) -> list[Sequence[Any]]:
    """Run a statement that was compiled once: to make it anew takes Django as long as to run it."""

    def fetched() -> list[Sequence[Any]]:
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.bind(**values))
            rows: list[Sequence[Any]] = cursor.fetchall()
            return rows

    return on_a_connection(fetched)


# Values that stand for those of each call.
_REPOSITORY = UUID("00000000-0000-4000-8000-000000000001")
_KEYS, _TREES, _PATHS, _VERSIONS = "\ufffdkeys", "\ufffdtrees", "\ufffdpaths", "\ufffdversions"
_NAMES = {
    _REPOSITORY: "repository",
    _KEYS: "keys",
    _TREES: "trees",
    _PATHS: "paths",
    _VERSIONS: "versions",
}


def _is_among(field: str, marker: str, kind: type[IsAnyOf] = IsAnyOf) -> IsAnyOf:
    return kind(F(field), Value(marker, TextField()))


@cache
def _mod_files() -> Statement:
    rows = (
        GoModFile.objects.filter(_is_among("pk", _KEYS))
        .annotate(length=Length("go_mod"))
        .values_list("pk", "module", "version", "length", "go_mod_h1", "awaits_zip")
    )
    return compile_queryset(rows, _NAMES)


@cache
def _modules() -> Statement:
    def release(field: str) -> Subquery:
        named = {name: OuterRef(name) for name in ("module", "version", "h1")}
        releases = GoRelease.objects.filter(repository=_REPOSITORY, **named)
        return Subquery(releases.values(field)[:1])

    is_short = LessThanOrEqual(
        Coalesce(Length("retracted"), 0, output_field=IntegerField()), _SHORT_RETRACTED
    )
    rows = (
        GoModule.objects.filter(_is_among("pk", _KEYS))
        .annotate(
            length=Length("go_mod"),
            retracts=Case(When(is_short, then=Coalesce(F("retracted"), Value("", TextField())))),
            time=release("time"),
            origin=release("origin"),
            info=release("info"),
        )
        .values_list(
            "pk",
            "module",
            "version",
            "length",
            "go_mod_h1",
            "h1",
            "version_key",
            "is_pseudo",
            "has_go_mod",
            "retracts",
            "time",
            "origin",
            "info",
            "pulp_created",
            _ARTIFACT,
            f"{_ARTIFACT}__file",
            f"{_ARTIFACT}__size",
            f"{_ARTIFACT}__sha256",
        )
    )
    return compile_queryset(rows, _NAMES)


def _module(row: Sequence[Any]) -> Module:
    pk, path, version, length, go_mod_h1, h1, key, is_pseudo, has_go_mod, retracted = row[:10]
    time, origin, info, created, artifact, name, size, sha256 = row[10:]
    return Module(
        pk,
        path,
        version,
        length,
        go_mod_h1,
        h1,
        # A unit may have lost its file.
        zip=StoredZip(artifact, name, size, sha256, created) if name else None,
        awaits_zip=not name,
        key=key,
        is_pseudo=is_pseudo,
        has_go_mod=has_go_mod,
        retracted=retracted,
        time=time or created,
        origin=json.loads(origin) if origin else None,
        info=bytes(info) if info else None,
    )


def read_retracted(pk: UUID) -> str:
    """Read all that the go.mod of a module version retracts."""
    found = on_a_connection(GoModule.objects.values_list("retracted", flat=True).get, pk=pk)
    return found or ""


def read_go_mods(modules: Sequence[Module]) -> dict[UUID, bytes]:
    """Read the go.mod files of units."""
    found: dict[UUID, bytes] = {}
    keys = {True: [m.pk for m in modules if m.key], False: [m.pk for m in modules if not m.key]}
    for model, is_module in ((GoModule, True), (GoModFile, False)):
        if keys[is_module]:
            rows = _fetch(_go_mods(model), keys=keys[is_module])
            found |= {pk: bytes(body) for pk, body in rows}
    return found


@cache
def _go_mods(model: type[GoModule] | type[GoModFile]) -> Statement:
    rows = model.objects.filter(_is_among("pk", _KEYS)).values_list("pk", "go_mod")
    return compile_queryset(rows, _NAMES)


class Record(NamedTuple):
    """
    A proven record of a checksum database.

    Attributes:
        tree: Its tree's pk.
        number: Its number.
        created: When it came to be known here.
        text: What it says; "" where that was not asked for.
    """

    tree: UUID
    number: int
    created: datetime
    text: str = ""


def read_records(
    trees: Sequence[UUID], names: Sequence[tuple[str, str]], *, with_text: bool
) -> Mapping[tuple[str, str], list[Record]]:
    """
    Find the records of module versions.

    Args:
        trees: The trees to look in.
        names: Paths and versions.
        with_text: Whether to read what they say.
    """
    found: dict[tuple[str, str], list[Record]] = {}
    if not trees or not names:
        return found
    wanted = set(names)
    for row in _fetch(
        _records(with_text),
        trees=list(trees),
        paths=list({path for path, _ in wanted}),
        versions=list({version for _, version in wanted}),
    ):
        name = row[0], row[1]
        if name in wanted:
            found.setdefault(name, []).append(Record(*row[2:]))
    for records in found.values():
        records.sort(key=lambda record: trees.index(record.tree))
    return found


@cache
def _records(with_text: bool) -> Statement:
    columns = ("module", "version", "tree", "number", "pulp_created")
    rows = GoSumdbRecord.objects.filter(
        _is_among("tree", _TREES),
        _is_among("module", _PATHS, IsAnyText),
        _is_among("version", _VERSIONS, IsAnyText),
    ).values_list(*columns, *(("text",) if with_text else ()))
    return compile_queryset(rows, _NAMES)
