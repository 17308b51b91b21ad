"""What a token of ours is shown by our viewsets: what its distribution serves, and nothing beside it."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.filters import BaseFilterBackend

from pulpcore.plugin.models import RepositoryContent, RepositoryVersion
from pulpcore.plugin.util import get_domain_pk, get_prn
from pulpcore.plugin.viewsets import TaskViewSet

from pulp_gomod.app.models import GoDistribution, GoRepository, GoToken
from pulp_gomod.app.models.membership import held_in

READ = GoToken.Scope.READ
PUBLISH = GoToken.Scope.PUBLISH

_UPLOAD = "pulp_gomod.app.tasks.upload.upload_modules"
_REMOVE = "pulpcore.app.tasks.repository.add_and_remove"
_TASKS = (_UPLOAD, _REMOVE, _REMOVE.replace("add_and_remove", "aadd_and_remove"))


def token_of(view: Any) -> GoToken | None:
    """
    The token that a request came with, if it did.

    Args:
        view: The viewset that answers the request.
    """
    auth = getattr(getattr(view, "request", None), "auth", None)
    return auth if isinstance(auth, GoToken) else None


def distributions(token: GoToken) -> QuerySet:
    """The distributions that a token opens."""
    found = GoDistribution.objects.filter(pulp_domain=get_domain_pk())
    return found.filter(pk=token.distribution_id) if token.distribution_id else found


def repositories(token: GoToken) -> QuerySet:
    """The repositories whose newest version these serve, and which take what is published."""
    served = distributions(token).exclude(repository=None).values("repository")
    return GoRepository.objects.filter(pk__in=served)


def newest_versions(token: GoToken, versions: QuerySet) -> QuerySet:
    """Keep the newest version of each of these repositories."""
    newer = RepositoryVersion.objects.filter(
        repository=OuterRef("repository"), number__gt=OuterRef("number"), complete=True
    )
    covered = repositories(token).values("pk")
    return versions.filter(~Exists(newer), repository__in=covered, complete=True)


def served_content(token: GoToken, content: QuerySet) -> QuerySet:
    """
    Keep the content that the token could be used to download.

    Args:
        content: Content of one type.
    """
    if token.distribution_id:
        distribution = distributions(token).first()
        version = distribution and distribution.get_repository_publication_and_version()[1]
        return held_in(content, version) if version else content.none()
    memberships = RepositoryContent.objects.filter(
        Q(version_removed=None) | Q(version_removed__complete=False),
        content_id=OuterRef("pk"),
        repository__in=repositories(token).values("pk"),
        version_added__complete=True,
    )
    return content.filter(Exists(memberships))


class TasksOfToken(BaseFilterBackend):
    """Shows a token the tasks by which something is published to or removed from its repositories."""

    def filter_queryset(self, request: Any, queryset: QuerySet, view: Any) -> QuerySet:
        """
        Filter tasks.

        Args:
            queryset: The tasks that the owner may see.
            view: The viewset.
        """
        token = token_of(view)
        if token is None:
            return queryset
        names = [get_prn(repository) for repository in repositories(token)]
        return queryset.filter(name__in=_TASKS, reserved_resources_record__overlap=names)


def install() -> None:
    """Let pulpcore's tasks be seen by tokens, as far as they are about what the token is for."""
    TaskViewSet.TOKEN_ACTIONS = {"retrieve": READ}
    TaskViewSet.filter_backends = [*TaskViewSet.filter_backends, TasksOfToken]
