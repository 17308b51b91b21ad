"""Which behaviours of serving are stacked for a distribution."""

from collections.abc import Callable

from django.conf import settings

from pulp_gomod.app.content.repository.ahead import AheadModules
from pulp_gomod.app.content.repository.blocked import BlockedModules
from pulp_gomod.app.content.repository.cached import CachedModules
from pulp_gomod.app.content.repository.choosing import Choice
from pulp_gomod.app.content.repository.distributions import Served, ServedDistribution
from pulp_gomod.app.content.repository.merged import MergedModules
from pulp_gomod.app.content.repository.modules import Modules
from pulp_gomod.app.content.repository.offline import OfflineModules
from pulp_gomod.app.content.repository.policed import PolicedModules
from pulp_gomod.app.content.repository.stored import StoredModules
from pulp_gomod.app.content.services import ContentServices
from pulp_gomod.app.remote.asking import Asking
from pulp_gomod.app.remote.registry import RemoteClient


def local_modules(
    services: ContentServices, target: ServedDistribution, served: Served
) -> CachedModules:
    """
    Stack what answers for a repository version alone.

    Args:
        services: The services of the content app.
        target: The distribution that serves it.
        served: The repository version.
    """
    stored = StoredModules(services.lookups, target, served)
    modules = BlockedModules(stored) if served.blocks else stored
    return CachedModules(modules, services.answers, services.prefetch)


def modules_without_remote(
    services: ContentServices, target: ServedDistribution, served: Served
) -> Modules:
    """
    Stack what answers for a distribution that has no remote.

    Args:
        services: The services of the content app.
        target: The distribution.
        served: The repository version.
    """
    local = local_modules(services, target, served)
    return _policed(services, target, local, local, lambda path: None)


def modules_with_remote(
    services: ContentServices,
    target: ServedDistribution,
    served: Served,
    remote: RemoteClient,
    held_only: bool,
) -> Modules:
    """
    Stack what answers for a repository version and an upstream.

    Args:
        services: The services of the content app.
        target: The distribution.
        served: The repository version.
        held_only: Whether nothing is to be fetched.
    """
    local = local_modules(services, target, served)
    usage = services.remotes.usage
    # What a policy has read of a zip is kept with the stored one.
    merged = MergedModules(local, remote, served, usage, held_only, at_once=not target.policy)
    offline = OfflineModules(merged, local, remote, served, target.domain)
    modules: Modules = offline
    if settings.GOMOD_FETCH_AHEAD and not held_only:
        modules = AheadModules(offline, merged, local, remote, served)
    return _policed(services, target, modules, local, merged.asking, not held_only)


def _policed(
    services: ContentServices,
    target: ServedDistribution,
    modules: Modules,
    local: CachedModules,
    asking: Callable[[str], Asking | None],
    may_fetch: bool = False,
) -> Modules:
    if not target.policy:
        return modules
    return PolicedModules(modules, target, services.judge, Choice(local, asking), may_fetch)
