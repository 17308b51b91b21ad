"""What a repository has already of what is wanted. Uses the ORM."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from pulp_gomod.app.models import GoModFile, GoModule, GoRepository
from pulp_gomod.app.models.cached import cached_mod_files
from pulp_gomod.app.models.membership import held_in, named
from pulp_gomod.golang.module import Version

# Module versions that are looked up at once.
BATCH = 50


@dataclass(frozen=True, slots=True)
class Unit:
    """
    A unit that the repository holds.

    Attributes:
        pk: Its pk.
        h1: The checksum of the zip, "" if there is only a go.mod.
        go_mod_h1: The checksum of the go.mod.
        go_mod: The go.mod, if that was asked for.
        vouched: Whether it stays; not if it is a go.mod that was only cached, and no zip came with it.
    """

    pk: UUID
    h1: str
    go_mod_h1: str
    go_mod: bytes = b""
    vouched: bool = True


def look_up(
    repository: UUID, keys: Sequence[Version], with_go_mod: bool = False
) -> dict[Version, Unit]:
    """
    Return what the newest version of a repository holds of some module versions.

    Each costs an indexed look-up, however large the repository is.

    Args:
        repository: The repository's pk.
        keys: The module versions.
        with_go_mod: Whether to load the go.mod files.
    """
    if not keys:
        return {}
    owner = GoRepository.objects.get(pk=repository)
    newest = owner.latest_version()
    found: dict[Version, Unit] = {}
    cached = cached_mod_files(owner).filter(named(keys)).values_list("pk", flat=True)
    unvouched = frozenset(cached)
    # A module's zip says what its go.mod is.
    for model, columns in ((GoModFile, ("go_mod_h1",)), (GoModule, ("h1", "go_mod_h1"))):
        units = model.objects.filter(named(keys), _pulp_domain=owner.pulp_domain_id)
        texts = (*columns, "go_mod") if with_go_mod else columns
        for row in held_in(units, newest).values("pk", "module", "version", *texts):
            found[Version(row["module"], row["version"])] = Unit(
                row["pk"],
                row.get("h1", ""),
                row["go_mod_h1"],
                bytes(row.get("go_mod", b"")),
                row["pk"] not in unvouched,
            )
    return found


def in_batches(keys: Iterable[Version]) -> Iterator[list[Version]]:
    """
    Divide module versions into portions to look up.

    Args:
        keys: The module versions.
    """
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        yield batch
