"""What the database says of units: read by their keys, so that a bundle may be continued anywhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import LessThanOrEqual

from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.models import GoModFile, GoModule, GoRelease, GoSumdbRecord
from pulp_gomod.app.storage.stored_zip import StoredZip

# Bytes of what a version retracts up to which they are read along with its name.
_SHORT_RETRACTED = 4096
_ARTIFACT = "contentartifact__artifact"


class ChangedError(Exception):
    """What a bundle is made of is no longer what it was when the bundle was planned."""


@dataclass(frozen=True, slots=True)
class Module:
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
        for row in on_a_connection(list, _modules(repository, with_zip)):
            found[row[0]] = _module(row)
    if alone:
        columns = ("pk", "module", "version", "length", "go_mod_h1", "awaits_zip")
        rows = (
            GoModFile.objects.filter(pk__in=alone)
            .annotate(length=Length("go_mod"))
            .values_list(*columns)
        )
        for pk, path, version, length, h1, awaits in on_a_connection(list, rows):
            found[pk] = Module(pk, path, version, length, h1, awaits_zip=awaits)
    if len(found) != len(with_zip) + len(alone):
        raise ChangedError("content of the repository version was deleted")
    return found


def _modules(repository: UUID, keys: Sequence[UUID]) -> QuerySet:
    def release(field: str) -> Subquery:
        named = {name: OuterRef(name) for name in ("module", "version", "h1")}
        return Subquery(GoRelease.objects.filter(repository=repository, **named).values(field)[:1])

    is_short = LessThanOrEqual(
        Coalesce(Length("retracted"), 0, output_field=IntegerField()), _SHORT_RETRACTED
    )
    return (
        GoModule.objects.filter(pk__in=keys)
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
        origin=origin,
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
            rows = model.objects.filter(pk__in=keys[is_module]).values_list("pk", "go_mod")
            found |= {pk: bytes(body) for pk, body in on_a_connection(list, rows)}
    return found


@dataclass(frozen=True, slots=True)
class Record:
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
    for row in _record_rows(trees, wanted, ("text",) if with_text else ()):
        name = row[0], row[1]
        if name in wanted:
            found.setdefault(name, []).append(Record(*row[2:]))
    for records in found.values():
        records.sort(key=lambda record: trees.index(record.tree))
    return found


def _record_rows(
    trees: Sequence[UUID], names: set[tuple[str, str]], more: tuple[str, ...]
) -> Iterator[Sequence[Any]]:
    rows = GoSumdbRecord.objects.filter(
        tree__in=trees,
        module__in={path for path, _ in names},
        version__in={version for _, version in names},
    ).values_list("module", "version", "tree", "number", "pulp_created", *more)
    yield from on_a_connection(list, rows)
