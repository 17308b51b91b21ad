"""Bills of materials of what a distribution serves: of everything, or of what one module needs. Uses the ORM."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version as version_of
from typing import Any, Final
from uuid import UUID

from pulpcore.plugin.models import Repository, RepositoryVersion

from pulp_gomod.app.bundle.order import ALONE, read_order
from pulp_gomod.app.bundle.rows import Module, read_modules
from pulp_gomod.app.bundle.scope import Scope
from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.models import GoDocumentation
from pulp_gomod.app.sbom.cyclonedx import About, Component, purl, write
from pulp_gomod.app.sbom.needs import Needs, find_needs
from pulp_gomod.golang.module import Version

MOST: Final = 200_000
"""Module versions that a document may have."""

# Units whose rows are in memory at once.
_UNITS: Final = 200
_Licences = dict[UUID, tuple[str, ...]]


class TooLarge(Exception):
    """
    A document would have more in it than is made.

    Attributes:
        line: For people: what is too much, and what to do.
    """

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


class NotHeld(LookupError):
    """The repository version does not serve the module version that a document is to be about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a document is of.

    Attributes:
        scope: What is served.
        module: The module version whose needs it lists; None for everything.
    """

    scope: Scope
    module: Version | None = None


def make(wanted: Wanted) -> Iterator[bytes]:
    """
    Make a document.

    Args:
        wanted: What it is of.

    Yields:
        It, piece by piece.

    Raises:
        NotHeld: There is no such module version.
        TooLarge: It would be too large.
        ChangedError: The repository version is gone.
        RepositoryVersion.DoesNotExist: It was gone before.
    """
    if wanted.module is None:
        yield from _of_everything(wanted)
    else:
        yield from _of_needs(wanted, wanted.module)


def _of_everything(wanted: Wanted) -> Iterator[bytes]:
    scope = wanted.scope
    order = on_a_connection(read_order, scope, {})
    if len(order) > MOST:
        raise TooLarge(
            f"the repository version has {len(order)} module versions, and a bill of materials at most "
            f"{MOST}; ask for that of one module: ?module=<module>@<version>"
        )
    name = on_a_connection(
        Repository.objects.values_list("name", flat=True).get, pk=scope.repository
    )
    about = _about(
        wanted,
        {
            "type": "data",
            "bom-ref": f"repository:{scope.repository}",
            "name": name,
            "version": str(scope.number),
        },
    )

    def components() -> Iterator[Component]:
        for start in range(0, len(order), _UNITS):
            units = order.units(start, min(start + _UNITS, len(order)))
            rows = read_modules(
                scope.repository,
                [pk for pk, flags in units if not flags & ALONE],
                [pk for pk, flags in units if flags & ALONE],
            )
            licences = _licences([pk for pk, flags in units if not flags & ALONE])
            for pk, _ in units:
                if _is_served(scope, rows[pk]):
                    yield _component(rows[pk], licences)

    yield from write(about, components())


def _of_needs(wanted: Wanted, version: Version) -> Iterator[bytes]:
    scope = wanted.scope
    needs = find_needs(scope.repository, scope.number, scope.domain, version)
    if needs is None or scope.stops(version.path)(version.version):
        raise NotHeld
    if needs.is_too_large:
        raise TooLarge(f"the module graph of {version.path}@{version.version} is too large")
    licences = _licences([unit.pk for unit in needs.units.values()])
    subject = _known(scope, needs, licences, version)
    components = [_known(scope, needs, licences, each) for each in needs.chosen]
    about = _about(
        wanted, subject.as_json(), is_complete=all(each.h1 for each in (subject, *components))
    )
    refs = {each.path: purl(each.path, each.version) for each in (version, *needs.chosen)}
    dependencies = (
        (refs[each.path], sorted({refs[path] for path in needs.requires[each] if path in refs}))
        for each in (version, *needs.chosen)
        if each in needs.requires
    )
    yield from write(about, components, dependencies)


def _about(wanted: Wanted, subject: dict[str, Any], is_complete: bool | None = None) -> About:
    scope = wanted.scope
    made = on_a_connection(
        RepositoryVersion.objects.values_list("pulp_created", flat=True).get,
        repository=scope.repository,
        number=scope.number,
    )
    return About(made, _tool(), subject, is_complete)


def _known(scope: Scope, needs: Needs, licences: _Licences, version: Version) -> Component:
    """Return a component with what is known of it; just its name if nothing is, or if it is not served."""
    unit = needs.units.get(version)
    if unit is None or scope.stops(version.path)(version.version):
        return Component(version.path, version.version)
    return _component(unit, licences)


def _is_served(scope: Scope, unit: Module) -> bool:
    # Of most go.mod files the module graph is all that needs them.
    return (unit.zip is not None or unit.awaits_zip) and not scope.stops(unit.path)(unit.version)


def _licences(units: Sequence[UUID]) -> _Licences:
    """Read which licences units have, as far as that was found out."""
    found: _Licences = {}
    for start in range(0, len(units), _UNITS):
        rows = GoDocumentation.objects.filter(pk__in=units[start : start + _UNITS])
        for pk, ids in on_a_connection(list, rows.values_list("pk", "licence_ids")):
            found[pk] = tuple(filter(None, ids))
    return found


def _component(unit: Module, licences: _Licences) -> Component:
    origin = (unit.origin or {}).get("URL", "")
    return Component(
        unit.path,
        unit.version,
        unit.h1,
        unit.go_mod_h1,
        licences.get(unit.pk, ()),
        origin=origin if isinstance(origin, str) else "",
    )


@lru_cache(maxsize=1)
def _tool() -> str:
    return version_of("pulp-gomod")
