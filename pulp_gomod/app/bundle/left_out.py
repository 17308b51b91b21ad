"""Which modules older bundles had without their zips, or on no list, because something stopped them then."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.models import GoBundleLeftOut

_KEY = 16
_LENGTH = _KEY + 1


def record(unit: UUID, *, is_absent: bool) -> bytes:
    """
    Say that a unit is left out, as it is written down.

    Args:
        unit: Its key.
        is_absent: Whether its zip is not there; otherwise it is only on no list.
    """
    return unit.bytes + bytes((is_absent,))


def left_out_of(repository: UUID, number: int | None) -> Mapping[bytes, bool]:
    """
    Return the keys of the units that bundles of a repository version left out, each with whether its zip was absent.

    Args:
        repository: The repository's pk.
        number: The number of the version; None for no version.
    """
    rows = GoBundleLeftOut.objects.filter(repository=repository, number=number)
    return _read(rows.values_list("units", flat=True).first() or b"")


def note_left_out(repository: UUID, number: int, records: bytes) -> None:
    """
    Remember that a bundle of a repository version is given away that leaves some units out.

    Bundles of one version may have been made at different times, and a receiver may have either: so what any of them left out
    counts. What is known of versions that are gone is forgotten, since no bundle can start from them.

    Args:
        repository: The repository's pk.
        number: The number of the version.
        records: See `record`, one after the other.
    """
    with transaction.atomic():
        rows = GoBundleLeftOut.objects.filter(repository=repository)
        there = RepositoryVersion.objects.filter(repository=repository).values("number")
        rows.exclude(number__in=there).exclude(number=number).only("pk").delete()
        row, _ = rows.select_for_update().get_or_create(
            repository_id=repository, number=number, defaults={"units": b""}
        )
        known = _read(row.units)
        both = dict(known)
        for key, is_absent in _read(records).items():
            both[key] = is_absent or both.get(key, False)
        if both != known:
            row.units = b"".join(key + bytes((both[key],)) for key in sorted(both))
            row.save(update_fields=["units"])


def _read(records: bytes) -> dict[bytes, bool]:
    data = bytes(records)
    starts = range(0, len(data), _LENGTH)
    return {data[start : start + _KEY]: bool(data[start + _KEY]) for start in starts}
