"""What a user may do to the repository behind a distribution."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from pulpcore.plugin.util import get_domain

from pulp_gomod.app.auth import refusals
from pulp_gomod.app.models import GoDistribution, GoRepository, GoToken

PUBLISH = ("gomod.publish_gorepository", "gomod.modify_gorepository")
UNPUBLISH = ("gomod.unpublish_gorepository", "gomod.modify_gorepository")

# What stands for a workload without a user name, if its claims have no subject.
_WORKLOAD = "workload-identity"


class Denied(Exception):
    """
    A request that may not be.

    Attributes:
        status: The HTTP status: 401, 403 or 404.
    """

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status


def has_right(request: Any, permission: str, *objects: Any) -> bool:
    """
    Say whether the user has a permission everywhere, in the domain, or for one of some objects.

    Args:
        request: The DRF request, of somebody who is logged in.
    """
    user = request.user
    if user.has_perm(permission):
        return True
    if settings.DOMAIN_ENABLED and user.has_perm(permission, request.pulp_domain):
        return True
    return any(user.has_perm(permission, each) for each in objects)


def name_of(request: Any) -> str:
    """
    Return under which name what a request does is recorded.

    A workload that proved its identity by a CI system's token has no user name; the subject of the
    token says which repository and branch it runs for.

    Args:
        request: The DRF request, of somebody who is logged in.
    """
    user = request.user
    if hasattr(user, "get_username"):
        name: str = user.get_username()
        return name
    subject = request.auth.get("sub") if isinstance(request.auth, Mapping) else None
    return str(subject or user or _WORKLOAD)


def missing(request: Any) -> str:
    """
    Say what somebody lacks who is not logged in: credentials, or valid ones.

    Args:
        request: The DRF request.
    """
    if "HTTP_AUTHORIZATION" in request.META:
        return refusals.INVALID
    return "a user name and password, or a token, are required"


def require_repository(request: Any, owner: str, permissions: tuple[str, ...]) -> GoRepository:
    """
    Return the repository that an owner publishes to, for somebody who may change it.

    Args:
        request: The DRF request.
        owner: The base path of a Go distribution in the current domain.
        permissions: Names of permissions on the repository; any one is enough.

    Raises:
        Denied: 401, nobody is logged in; 404, no distribution has this base path; 403, it serves
            something frozen or nothing, or the user or the token may not do this.
    """
    if not request.user.is_authenticated:
        raise Denied(401, f"unauthorized: {missing(request)}")
    distribution = _find_distribution(owner)
    if isinstance(request.auth, GoToken):
        _require_scope(request.auth, distribution)
    if distribution.repository is None:
        raise Denied(403, f"forbidden: {_serves_no_repository(distribution)}")
    repository: GoRepository = distribution.repository.cast()
    if not any(_has_right(request.user, permission, repository) for permission in permissions):
        raise Denied(
            403,
            f"forbidden: {name_of(request)} lacks {permissions[0]} on the repository "
            f"{repository.name}",
        )
    return repository


def _find_distribution(owner: str) -> GoDistribution:
    distribution: GoDistribution | None = (
        GoDistribution.objects.filter(base_path=owner, pulp_domain=get_domain())
        .select_related("repository")
        .first()
    )
    if distribution is None:
        raise Denied(404, f"not found: no Go distribution has the base path {owner}")
    return distribution


def _serves_no_repository(distribution: GoDistribution) -> str:
    name = distribution.base_path
    if distribution.repository_version_id or distribution.publication_id:
        return (
            f"the distribution {name} serves a frozen repository version; publish to a distribution that serves "
            "a repository"
        )
    return (
        f"the distribution {name} has no repository, or its repository was deleted; somebody who administers it "
        "has to give it one"
    )


def _require_scope(token: GoToken, distribution: GoDistribution) -> None:
    if not token.covers(GoToken.Scope.PUBLISH, token.distribution_id):
        raise Denied(403, f"forbidden: the token {token.name} is for downloads only")
    if not token.covers(GoToken.Scope.PUBLISH, distribution.pk):
        raise Denied(403, f"forbidden: the token {token.name} is for another distribution")


def _has_right(user: Any, permission: str, repository: GoRepository) -> bool:
    """Say whether the user has a permission everywhere, in the domain, or for the repository."""
    if user.has_perm(permission):
        return True
    if settings.DOMAIN_ENABLED and user.has_perm(permission, get_domain()):
        return True
    return bool(user.has_perm(permission, repository))
