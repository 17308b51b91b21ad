"""Who asks, for which repository, and with what right."""

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from pulpcore.plugin.util import get_domain

from pulp_gomod.app.models import GoDistribution, GoRepository
from pulp_gomod.app.upload.problems import CHALLENGE, Problem

PUBLISH = ("gomod.publish_gorepository", "gomod.modify_gorepository")
UNPUBLISH = ("gomod.unpublish_gorepository", "gomod.modify_gorepository")


def require_user(request: Any) -> Any:
    """
    Return the user who asks.

    Args:
        request: The DRF request.

    Raises:
        Problem: 401, nobody is logged in.
    """
    if not request.user.is_authenticated:
        raise Problem(401, "unauthorized: user name and password are needed", CHALLENGE)
    return request.user


def find_repository(owner: str) -> GoRepository:
    """
    Return the repository that an owner publishes to.

    Args:
        owner: The base path of a Go distribution in the current domain.

    Raises:
        Problem: 404, no distribution has this base path; 403, it serves something frozen.
    """
    distribution = (
        GoDistribution.objects.filter(base_path=owner, pulp_domain=get_domain())
        .select_related("repository")
        .first()
    )
    if distribution is None:
        raise Problem(404, f"not found: no Go distribution has the base path {owner}")
    repository = distribution.repository
    if repository is None:
        raise Problem(
            403,
            f"forbidden: the distribution {owner} serves a frozen repository version; publish to "
            "a distribution that serves a repository",
        )
    found: GoRepository = repository.cast()
    return found


def require_right(user: Any, permissions: tuple[str, ...], repository: GoRepository) -> None:
    """
    Check that the user has one of the permissions: everywhere, in the domain, or for the repository.

    Args:
        user: Who asks.
        permissions: Names of permissions; any one is enough.
        repository: What is to be changed.

    Raises:
        Problem: 403.
    """
    domain = get_domain()
    for permission in permissions:
        if (
            user.has_perm(permission)
            or user.has_perm(permission, domain)
            or user.has_perm(permission, repository)
        ):
            return
    raise Problem(
        403,
        f"forbidden: {user.get_username()} lacks {permissions[0]} on the repository "
        f"{repository.name}",
    )


def client_address(request: HttpRequest) -> str | None:
    """
    Return the address of the client, seen through the proxies that the settings trust.

    A peer without an address came through a unix socket, which is trusted like the loopback
    interface.

    Args:
        request: The Django request.
    """
    trusted = [ipaddress.ip_network(network) for network in settings.GOMOD_TRUSTED_PROXIES]
    address = _parse(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for hop in reversed(forwarded):
        if address is not None and not any(address in network for network in trusted):
            break
        earlier = _parse(hop)
        if earlier is None:
            break
        address = earlier
    return str(address) if address else None


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
