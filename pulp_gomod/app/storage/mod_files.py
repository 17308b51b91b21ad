"""
Keeping go.mod files as units: many with a few statements.

Most of a module graph is go.mod files alone: made one by one, a thousand of them took most of the time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from uuid import UUID

from django.db import IntegrityError, transaction

from pulp_gomod.app.models import GoModFile
from pulp_gomod.app.models.membership import named
from pulp_gomod.app.storage.units import insert_units
from pulp_gomod.golang import dirhash

_Name = tuple[str, str]

# Files of a statement, whose texts are in memory together.
_BATCH = 100


def save_mod_files(domain: UUID, files: Mapping[_Name, bytes]) -> dict[_Name, UUID]:
    """
    Save go.mod files, or find and touch the units that are there, and return their pks.

    Args:
        domain: The domain's pk.
        files: The bytes of go.mod files, by module path and version.
    """
    saved: dict[_Name, UUID] = {}
    # Two tasks that save the same files wait for each other in one order.
    for batch in _batches(sorted(files)):
        units = [_unit(domain, key, files[key]) for key in batch]
        found = _find(domain, units)
        GoModFile.objects.filter(pk__in=found.values()).touch()
        new = [unit for unit in units if _key(unit) not in found]
        found |= _insert(domain, new)
        saved |= {(path, version): pk for (path, version, _), pk in found.items()}
    return saved


def _unit(domain: UUID, key: _Name, body: bytes) -> GoModFile:
    return GoModFile(
        pulp_domain_id=domain,
        _pulp_domain_id=domain,
        module=key[0],
        version=key[1],
        go_mod_h1=dirhash.hash_go_mod(body),
        go_mod=body,
    )


def _key(unit: GoModFile) -> tuple[str, str, str]:
    return unit.module, unit.version, unit.go_mod_h1


def _find(domain: UUID, units: Sequence[GoModFile]) -> dict[tuple[str, str, str], UUID]:
    """Find those of some unsaved units that are there."""
    wanted = {_key(unit) for unit in units}
    if not wanted:
        return {}
    condition = named((path, version) for path, version, _ in wanted)
    rows = GoModFile.objects.filter(condition, _pulp_domain=domain)
    found = rows.values_list("module", "version", "go_mod_h1", "pk")
    return {key: pk for *named_by, pk in found if (key := tuple(named_by)) in wanted}


def _insert(domain: UUID, units: Sequence[GoModFile]) -> dict[tuple[str, str, str], UUID]:
    """Save units that were not there a moment ago."""
    if not units:
        return {}
    try:
        with transaction.atomic():
            insert_units(units)
        return {_key(unit): unit.pk for unit in units}
    except IntegrityError:
        if len(units) > 1:
            # Somebody else has saved some of them meanwhile.
            return {key: pk for unit in units for key, pk in _insert(domain, [unit]).items()}
        found = _find(domain, units)
        if not found:
            raise
        return found


def _batches(keys: Iterable[_Name]) -> Iterator[list[_Name]]:
    rest = iter(keys)
    while batch := list(islice(rest, _BATCH)):
        yield batch
