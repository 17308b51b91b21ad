"""What a repository knows of a module version already, and a zip of it has to agree with."""

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.db.pool import Ask
from pulp_gomod.app.models import GoModFile, GoModule, GoRelease, GoRepository
from pulp_gomod.app.models.membership import held
from pulp_gomod.app.models.upstream import GoCachedModFile

_REPOSITORY = UUID("00000000-0000-4000-8000-000000000004")
_ANSWER = UUID("00000000-0000-4000-8000-000000000005")
_MODULE = "\ufffdmodule"
_VERSION = "\ufffdversion"
_NAMES = {
    _REPOSITORY: "repository",
    _ANSWER: "answer",
    _MODULE: "module",
    _VERSION: "version",
}
# Came from an upstream, so that what it sends now has to be the same.
_FETCHED = {str(GoRelease.Source.CACHED), str(GoRelease.Source.SYNCED)}


@dataclass(frozen=True, slots=True)
class Past:
    """
    What a repository knows of a module version.

    Attributes:
        recorded: The checksums that its zip may have; none for any.
        go_mod_h1: The checksum of the go.mod that it holds without a zip, or "".
        vouched: Whether somebody vouches for that go.mod: it was synced, not only cached.
    """

    recorded: frozenset[str] = frozenset()
    go_mod_h1: str = ""
    vouched: bool = False


async def past_of(ask: Ask, repository: UUID, path: str, version: str) -> Past:
    """
    Return what a repository knows of a module version.

    Args:
        ask: Runs a statement.
        repository: The repository's pk.
        path: The module path.
    """
    rows = await ask(_past(), repository=repository, module=path, version=version)
    if not rows:
        return Past()
    immutable, checksums, sources, go_mod_h1, is_cached = rows[0]
    counts = immutable or not _FETCHED.isdisjoint(sources)
    recorded = frozenset(checksums if counts else ())
    return Past(recorded, go_mod_h1 or "", bool(go_mod_h1) and not is_cached)


async def unit_of(ask: Ask, answer: UUID) -> tuple[UUID, str, str] | None:
    """
    Return the pk of a stored zip's unit, and the checksums of the zip and of its go.mod; None if it is gone.

    Args:
        ask: Runs a statement.
        answer: The pk of the answer that brought it.
    """
    rows = await ask(_unit(), answer=answer)
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


@lru_cache(maxsize=1)
def _past() -> Statement:
    """
    Find everything that `Past` says, in one statement.

    Values: repository, module, version.
    Columns: whether the repository is immutable; checksums and sources of the module version's releases;
    the checksum of the go.mod that it holds, and whether that was only cached.
    """
    releases = GoRelease.objects.filter(
        repository=_REPOSITORY, module=_MODULE, version=_VERSION
    ).order_by("h1")
    files = _held_mod_files()
    cached = GoCachedModFile.objects.filter(repository=_REPOSITORY, content=OuterRef("pk"))
    return compile_queryset(
        GoRepository.objects.filter(pk=_REPOSITORY).values_list(
            "immutable",
            ArraySubquery(releases.values("h1")),
            ArraySubquery(releases.values("source")),
            Subquery(files.values("go_mod_h1")[:1]),
            Subquery(files.annotate(is_cached=Exists(cached)).values("is_cached")[:1]),
        ),
        _NAMES,
    )


def _held_mod_files() -> QuerySet:
    complete = RepositoryVersion.objects.complete().filter(repository=_REPOSITORY)
    newest = Subquery(complete.order_by("-number").values("number")[:1])
    return GoModFile.objects.filter(
        held(_REPOSITORY, newest),
        _pulp_domain=OuterRef("pulp_domain"),
        module=_MODULE,
        version=_VERSION,
    ).order_by("pk")


@lru_cache(maxsize=1)
def _unit() -> Statement:
    modules = GoModule.objects.filter(gomod_cache_entries=_ANSWER)
    return compile_queryset(modules.values_list("pk", "h1", "go_mod_h1"), _NAMES)
