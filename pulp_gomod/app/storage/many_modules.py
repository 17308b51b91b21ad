"""
Taking in many verified zips with a few statements.

One zip takes a dozen, and three transactions. A sync brings thousands of small ones, for which that is most
of the work. What is unusual goes the way of the single one (see `modules`): bytes or units that are there
already, and whatever fails when it is done together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction

from pulpcore.plugin.models import Artifact, ContentArtifact
from pulpcore.plugin.util import get_domain, get_domain_pk

from pulp_gomod.app.exceptions import StorageUnavailableError
from pulp_gomod.app.models import GoModule
from pulp_gomod.app.models.membership import named
from pulp_gomod.app.storage.backends import storage_of
from pulp_gomod.app.storage.calls import ask_first_of_all
from pulp_gomod.app.storage.modules import (
    put_in_place,
    save_module,
    save_or_find,
    take_turns,
)
from pulp_gomod.app.storage.units import insert_units
from pulp_gomod.golang.zip import Upload


@dataclass(slots=True)
class Parcel:
    """
    A verified zip on its way in.

    Attributes:
        path: The file, complete on disk. It is moved away.
        upload: What it holds.
        unit: The saved unit, once there is one.
        artifact: The stored file, if the unit has just been made with it.
        error: Why there is none.
    """

    path: str
    upload: Upload
    unit: GoModule | None = None
    artifact: Artifact | None = None
    error: Exception | None = None

    @property
    def name(self) -> tuple[str, str]:
        """Its module path and version."""
        return self.upload.module, self.upload.version


def save_zips(parcels: Sequence[Parcel]) -> None:
    """
    Store zips of the current domain and save their units, or find the ones that Go calls equal.

    Each has its unit then, or the error that kept it from having one: an OSError or a StorageUnavailableError.

    Args:
        parcels: The zips.
    """
    unsaved: dict[int, Artifact] = {}
    for number, parcel in enumerate(parcels):
        try:
            unsaved[number] = Artifact.init_and_validate(parcel.path)
        except OSError as error:
            parcel.error = error
    together = _different(parcels, unsaved)
    if together:
        try:
            with transaction.atomic():
                _save_together([parcels[number] for number in together], unsaved, together)
        except DatabaseError:
            # Somebody else stores some of it, without taking turns.
            for number in together:
                parcels[number].unit = parcels[number].artifact = None
    for number, artifact in unsaved.items():
        parcel = parcels[number]
        if parcel.unit is None and parcel.error is None:
            _save_alone(parcel, artifact)


def _different(parcels: Sequence[Parcel], unsaved: Mapping[int, Artifact]) -> list[int]:
    """Choose zips none of which is another one's equal."""
    digests, names, chosen = set(), set(), []
    for number, artifact in unsaved.items():
        name = parcels[number].name
        if artifact.sha256 not in digests and name not in names:
            chosen.append(number)
        digests.add(artifact.sha256)
        names.add(name)
    return chosen


def _save_alone(parcel: Parcel, artifact: Artifact) -> None:
    try:
        stored, _ = save_or_find(artifact, parcel.path)
        parcel.unit = save_module(GoModule.from_upload(parcel.upload), stored)
    except (OSError, StorageUnavailableError) as error:
        parcel.error = error


def _save_together(
    parcels: Sequence[Parcel], unsaved: Mapping[int, Artifact], numbers: Sequence[int]
) -> None:
    """Save those zips of which nothing is there yet."""
    take_turns(unsaved[number].sha256 for number in numbers)
    found = _known_digests(unsaved[number].sha256 for number in numbers)
    units = _known_units(parcels)
    new = [
        (parcel, unsaved[number])
        for parcel, number in zip(parcels, numbers, strict=True)
        if unsaved[number].sha256 not in found and (*parcel.name, parcel.upload.h1) not in units
    ]
    stored = _store_together(new) if new else []
    if not stored:
        return
    Artifact.objects.bulk_create([artifact for _, artifact in stored])
    made = [GoModule.from_upload(parcel.upload) for parcel, _ in stored]
    insert_units(made)
    ContentArtifact.objects.bulk_create(
        [
            ContentArtifact(content=unit, relative_path=unit.relative_path, artifact=artifact)
            for unit, (_, artifact) in zip(made, stored, strict=True)
        ]
    )
    for unit, (parcel, artifact) in zip(made, stored, strict=True):
        parcel.unit, parcel.artifact = unit, artifact


def _known_digests(sha256s: Iterable[str]) -> set[str]:
    known = Artifact.objects.filter(sha256__in=list(sha256s), pulp_domain=get_domain_pk())
    return set(known.values_list("sha256", flat=True))


def _known_units(parcels: Sequence[Parcel]) -> set[tuple[str, str, str]]:
    names = named(parcel.name for parcel in parcels)
    known = GoModule.objects.filter(names, _pulp_domain=get_domain_pk())
    return set(known.values_list("module", "version", "h1"))


def _store_together(new: Sequence[tuple[Parcel, Artifact]]) -> list[tuple[Parcel, Artifact]]:
    """Bring files to the storage, and return those that were not there."""
    storage = storage_of(get_domain())
    stored: list[tuple[Parcel, Artifact]] = []
    try:
        names = [artifact.storage_path("") for _, artifact in new]
        for each, is_there in zip(new, ask_first_of_all(storage, names), strict=True):
            if not is_there:
                stored += _store_if_possible(*each, storage)
    except StorageUnavailableError as error:
        # It would let each of the others wait as long.
        done = {parcel.path for parcel, _ in stored}
        for parcel, _ in new:
            if parcel.path not in done:
                parcel.error = parcel.error or error
    return stored


def _store_if_possible(
    parcel: Parcel, artifact: Artifact, storage: Any
) -> list[tuple[Parcel, Artifact]]:
    try:
        put_in_place(artifact, storage)
    except OSError as error:
        parcel.error = error
        return []
    return [(parcel, artifact)]
