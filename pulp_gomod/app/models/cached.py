"""What a repository holds only because it was cached: what cleanup may remove."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from pulp_gomod.app.models.membership import held
from pulp_gomod.app.models.module import GoModule
from pulp_gomod.app.models.release import GoRelease
from pulp_gomod.app.models.repository import GoRepository
from pulp_gomod.app.models.upstream import GoArrival


def cached_modules(repository: GoRepository) -> QuerySet:
    """
    Find the modules that were cached from an upstream and never uploaded.

    Each is annotated with `used`: when it was last asked for, or first seen.

    Args:
        repository: The repository.
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


def cached_size(repository_pk: UUID) -> int:
    """
    Count the bytes of the zips that were cached for a repository, whether they have joined it or not.

    Args:
        repository_pk: The repository's pk.
    """
    repository = GoRepository.objects.get(pk=repository_pk)
    joined = cached_modules(repository).aggregate(size=Sum("size"))["size"] or 0
    waiting = GoModule.objects.filter(
        pk__in=GoArrival.objects.filter(repository=repository).values("answer__content")
    ).aggregate(size=Sum("size"))["size"]
    return joined + (waiting or 0)


def waiting_h1(repository: GoRepository, module: str, version: str) -> str | None:
    """
    Return the checksum of a module version that was served through a repository and is about to join it.

    Clients have it already: publishing another one would break them. None if there is none.

    Args:
        repository: The repository.
        module: The module path.
        version: The version.
    """
    waiting = GoArrival.objects.filter(
        repository=repository, answer__file="zip", answer__module=module, answer__version=version
    )
    h1: str | None = (
        GoModule.objects.filter(pk__in=waiting.values("answer__content"))
        .values_list("h1", flat=True)
        .first()
    )
    return h1
