"""What a user may see of our content: what is in a repository that the user may view."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from pulpcore.plugin.models import RepositoryContent
from pulpcore.plugin.util import get_domain_pk, get_objects_for_user

from pulp_gomod.app.models import GoRepository
from pulp_gomod.app.viewsets.token_scope import served_content, token_of

VIEW = "gomod.view_gorepository"


def viewable_repositories(user: Any) -> QuerySet:
    """
    The repositories of the current domain that a user may view.

    Args:
        user: Who asks.
    """
    repositories = GoRepository.objects.filter(pulp_domain=get_domain_pk())
    if user.is_superuser:
        return repositories
    return get_objects_for_user(user, VIEW, repositories)


def viewable_content(user: Any, content: QuerySet) -> QuerySet:
    """
    Keep the content that is in any version of a repository that a user may view.

    Args:
        user: Who asks.
        content: Content of one type, or of all.
    """
    if user.is_superuser:
        return content
    return content.filter(
        Exists(
            RepositoryContent.objects.filter(
                content_id=OuterRef("pk"),
                repository__in=viewable_repositories(user).values("pk"),
            )
        )
    )


class ScopedContentMixin:
    """
    Scopes a content viewset by indexed conditions.

    pulpcore's own way joins every membership and compares whole rows, go.mod and README included.
    """

    request: Any

    def get_queryset(self) -> QuerySet:
        """Keep to the domain in the column that the index over module paths begins with."""
        queryset: QuerySet = super().get_queryset()  # type: ignore[misc]
        # Each unit shows its vulnerability report.
        queryset = queryset.select_related("core_vulnerabilityreport")
        queryset = queryset.filter(_pulp_domain=get_domain_pk())
        token = token_of(self)
        return queryset if token is None else served_content(token, queryset)

    def scope_queryset(self, queryset: QuerySet) -> QuerySet:
        """Keep what the user may see."""
        return viewable_content(self.request.user, queryset)
