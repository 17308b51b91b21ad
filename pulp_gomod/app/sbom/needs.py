"""What one module needs of a repository version: the go command's build list, from go.mod files that are held."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, Func, IntegerField, When
from django.db.models.lookups import LessThanOrEqual

from pulp_gomod.app.bundle.rows import Module, read_modules
from pulp_gomod.app.db.orm import on_a_connection
from pulp_gomod.app.models import GoModFile, GoModule
from pulp_gomod.app.models.membership import held, named
from pulp_gomod.golang import GoError, modfile
from pulp_gomod.golang.module import Version
from pulp_gomod.golang.mvs import Graph

# Modules, go.mod files and requirements of a graph, bytes of go.mod files that are read for it, and rounds of
# reading: the largest programs have some ten thousand, a few megabytes, and a dozen.
_MOST: Final = 100_000
_MOST_BYTES: Final = 16 * 1024 * 1024
# Bytes of one go.mod; a batch of them is in memory at once, and known ones have a hundred thousand at most.
_LARGEST: Final = 1024 * 1024
_MOST_ROUNDS: Final = 200
# Module versions that are looked up at once.
_BATCH: Final = 100


# A go.mod, null for one that is too large.
_SHORT: Final = Case(
    When(
        LessThanOrEqual(
            Func(F("go_mod"), function="OCTET_LENGTH", output_field=IntegerField()), _LARGEST
        ),
        then=F("go_mod"),
    )
)


@dataclass
class Needs:
    """
    What a module needs.

    Attributes:
        chosen: The versions that minimal version selection chooses, one of each other module, sorted.
        requires: Of the versions whose go.mod is held, the paths that it requires.
        units: What is held of the versions that are chosen, and of the module itself.
        is_too_large: Whether the search was given up.
    """

    chosen: list[Version] = field(default_factory=list)
    requires: dict[Version, list[str]] = field(default_factory=dict)
    units: dict[Version, Module] = field(default_factory=dict)
    is_too_large: bool = False


def find_needs(repository: UUID, number: int, domain: UUID, version: Version) -> Needs | None:
    """
    Find what a module version needs, as if it were the main module without its replacements.

    Args:
        repository: The repository's pk.
        number: The number of the version.
        domain: The domain's pk.
        version: The module version.

    Returns:
        None if it is not held.
    """
    search = _Search(repository, number, domain)
    go_mods = search.look_up([version])
    if version not in go_mods:
        return None
    needs = search.needs
    try:
        main = modfile.parse_lax(go_mods[version])
    except GoError:
        main = modfile.parse_lax(b"")
    needs.requires[version] = [each.path for each in main.require]
    # What a dependency replaces or excludes means nothing to those who depend on it.
    graph = Graph(replace(main, replace=[], exclude=[]))
    search.read(graph)
    if not needs.is_too_large:
        needs.chosen = [each for each in graph.build_list() if each.path != version.path]
        needs.units = search.units([version, *needs.chosen])
    return needs


class _Search:
    def __init__(self, repository: UUID, number: int, domain: UUID) -> None:
        self._repository = repository
        self._number = number
        self._domain = domain
        self._bytes = 0
        self.needs = Needs()

    def look_up(self, versions: Iterable[Version]) -> dict[Version, bytes]:
        """Return the go.mod files of those versions that are held."""
        found = {}
        for model in (GoModFile, GoModule):
            for path, version, body in self._held(model, versions, "module", "version", _SHORT):
                if body is None:
                    self.needs.is_too_large = True
                found[Version(path, version)] = bytes(body or b"")
                self._bytes += len(body or b"")
        return found

    def read(self, graph: Graph) -> None:
        """Read the graph, with nothing below what is not held."""
        rounds = 0
        while not self.needs.is_too_large and (missing := graph.missing()):
            rounds += 1
            if rounds > _MOST_ROUNDS or graph.size > _MOST or self._bytes > _MOST_BYTES:
                self.needs.is_too_large = True
                return
            for batch in _batches(missing):
                self._read(graph, batch)
                if self.needs.is_too_large or self._bytes > _MOST_BYTES:
                    break

    def _read(self, graph: Graph, batch: list[Version]) -> None:
        go_mods = self.look_up(batch)
        for version in batch:
            try:
                file = modfile.parse_lax(go_mods[version])
            except (KeyError, GoError):
                graph.skip(version)
            else:
                self.needs.requires[version] = [each.path for each in file.require]
                graph.read(version, file)

    def units(self, versions: Iterable[Version]) -> dict[Version, Module]:
        """Return what is held of versions."""
        found: dict[Version, Module] = {}
        for batch in _batches(versions):
            with_zip = [pk for (pk,) in self._held(GoModule, batch, "pk")]
            alone = [pk for (pk,) in self._held(GoModFile, batch, "pk")]
            rows = read_modules(self._repository, with_zip, alone)
            # A zip says more than the go.mod beside it.
            for pk in (*alone, *with_zip):
                found[Version(rows[pk].path, rows[pk].version)] = rows[pk]
        return found

    def _held(
        self,
        model: type[GoModule] | type[GoModFile],
        versions: Iterable[Version],
        *columns: str | Case,
    ) -> list[tuple[Any, ...]]:
        rows = model.objects.filter(
            named(versions), held(self._repository, self._number), _pulp_domain=self._domain
        )
        return on_a_connection(list, rows.values_list(*columns))


def _batches(versions: Iterable[Version]) -> Iterable[list[Version]]:
    rest = iter(versions)
    while batch := list(islice(rest, _BATCH)):
        yield batch
