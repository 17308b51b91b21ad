"""
`repository_versions/`, which is pulpcore's: the versions of Go repositories are for who may view these.

pulpcore lists the versions of all repositories there to whoever is logged in. It defines a scope for them,
but its base class never calls it, so an access policy cannot help either.
"""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.filters import BaseFilterBackend

# The plugin API has no list of all repository versions.
from pulpcore.app.viewsets import ListRepositoryVersionViewSet  # noqa: TID251

from pulp_gomod.app.models import GoRepository
from pulp_gomod.app.viewsets.scope import viewable_repositories


class ViewableGoVersions(BaseFilterBackend):
    """Leaves out versions of Go repositories that the user may not view; others are not ours to hide."""

    def filter_queryset(self, request: Any, queryset: QuerySet, view: Any) -> QuerySet:
        """
        Filter a list of repository versions.

        Args:
            queryset: The versions.
            view: The viewset.
        """
        return queryset.filter(
            ~Q(repository__pulp_type=GoRepository.get_pulp_type())
            | Q(repository__in=viewable_repositories(request.user).values("pk"))
        )


def install() -> None:
    """Have pulpcore's list filtered."""
    backends = [*ListRepositoryVersionViewSet.filter_backends, ViewableGoVersions]
    ListRepositoryVersionViewSet.filter_backends = backends
