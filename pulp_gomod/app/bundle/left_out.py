"""Which modules older bundles had without their zips, because something stopped them then."""

from uuid import UUID

from django.db import transaction

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.models import GoBundleLeftOut

_KEY = 16


def left_out_of(repository: UUID, number: int | None) -> frozenset[bytes]:
    """
    Return the keys of the units that bundles of a repository version had without their zips.

    Args:
        repository: The repository's pk.
        number: The number of the version; None for no version.
    """
    rows = GoBundleLeftOut.objects.filter(repository=repository, number=number)
    return frozenset(_keys(rows.values_list("units", flat=True).first() or b""))


def note_left_out(repository: UUID, number: int, units: bytes) -> None:
    """
    Remember that a bundle of a repository version is given away that has some units without their zips.

    Bundles of one version may have been made at different times, and a receiver may have either: so what any of them left out
    counts. What is known of versions that are gone is forgotten, since no bundle can start from them.

    Args:
        repository: The repository's pk.
        number: The number of the version.
        units: The keys of the units, one after the other.
    """
    with transaction.atomic():
        rows = GoBundleLeftOut.objects.filter(repository=repository)
        there = RepositoryVersion.objects.filter(repository=repository).values("number")
        rows.exclude(number__in=there).exclude(number=number).delete()
        row, _ = rows.select_for_update().get_or_create(
            repository_id=repository, number=number, defaults={"units": b""}
        )
        known = set(_keys(row.units))
        if not known.issuperset(_keys(units)):
            row.units = b"".join(sorted(known.union(_keys(units))))
            row.save(update_fields=["units"])


def _keys(units: bytes) -> list[bytes]:
    data = bytes(units)
    return [data[start : start + _KEY] for start in range(0, len(data), _KEY)]
