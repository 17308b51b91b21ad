"""What a repository holds only because it was cached: what cleanup may remove."""

from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Length

from pulp_gomod.app.models.membership import held, held_in
from pulp_gomod.app.models.modfile import GoModFile
from pulp_gomod.app.models.module import GoModule
from pulp_gomod.app.models.release import GoRelease
from pulp_gomod.app.models.repository import GoRepository
from pulp_gomod.app.models.upstream import GoCachedModFile, GoPendingEntry


def cached_modules(repository: GoRepository) -> QuerySet:
    """
    Find the modules that were cached from an upstream and never uploaded.

    Each is annotated with `used`: when it was last asked for, or first seen.
    """
    release = GoRelease.objects.filter(
        repository=repository,
        module=OuterRef("module"),
        version=OuterRef("version"),
        h1=OuterRef("h1"),
    )
    newest = repository.latest_version()
    return (
        GoModule.objects.filter(
            held(repository.pk, newest.number), _pulp_domain=repository.pulp_domain_id
        )
        .annotate(
            source=Subquery(release.values("source")[:1]),
            used=Subquery(
                release.annotate(at=Coalesce("last_used", "first_seen")).values("at")[:1]
            ),
        )
        .filter(source=GoRelease.Source.CACHED)
    )


def cached_mod_files(repository: GoRepository) -> QuerySet:
    """
    Find the go.mod files that were cached without a zip, and not synced or added by anybody.

    Each is annotated with `used`: when it was last asked for, roughly; and with its `size` in bytes.
    """
    cached = GoCachedModFile.objects.filter(repository=repository, content=OuterRef("pk"))
    files = GoModFile.objects.filter(Exists(cached), _pulp_domain=repository.pulp_domain_id)
    return held_in(files, repository.latest_version()).annotate(
        used=F("timestamp_of_interest"), size=Length("go_mod")
    )


def cached_size(repository_pk: UUID) -> int:
    """
    Count the bytes that were cached for a repository.

    These are zips, whether they have been added to it or not, and the go.mod files without a zip that have. None
    are of a repository that is gone.
    """
    repository = GoRepository.objects.filter(pk=repository_pk).first()
    if repository is None:
        return 0
    modules = cached_modules(repository).aggregate(bytes=Sum("size"))["bytes"]
    mod_files = cached_mod_files(repository).aggregate(bytes=Sum("size"))["bytes"]
    waiting = GoModule.objects.filter(
        pk__in=GoPendingEntry.objects.filter(repository=repository).values("entry__content")
    ).aggregate(bytes=Sum("size"))["bytes"]
    return sum(size or 0 for size in (modules, mod_files, waiting))


def waiting_h1(repository: GoRepository, module: str, version: str) -> str | None:
    """
    Return the checksum of a module version that was served through a repository and is about to join it.

    Clients have it already: publishing another one would break them. None if there is none.
    """
    waiting = GoPendingEntry.objects.filter(
        repository=repository, entry__file="zip", entry__module=module, entry__version=version
    )
    h1: str | None = (
        GoModule.objects.filter(pk__in=waiting.values("entry__content"))
        .values_list("h1", flat=True)
        .first()
    )
    return h1
