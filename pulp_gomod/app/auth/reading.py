"""Whether somebody who asks the API may read what a distribution serves."""

from typing import Any

from pulp_gomod.app.auth import guards
from pulp_gomod.app.auth.callers import Caller
from pulp_gomod.app.auth.rights import has_right
from pulp_gomod.app.models import GoDistribution, GoPolicy, GoToken

# Distributions of a policy that are looked at.
_MOST = 100


def may_ask_about(request: Any, policy: GoPolicy) -> bool:
    """
    Say whether somebody may see a policy, or may read a distribution that obeys it.

    Args:
        request: The DRF request, of somebody who is logged in.
    """
    if not isinstance(request.auth, GoToken) and has_right(request, "gomod.view_gopolicy", policy):
        return True
    obeying = policy.distributions.order_by("pk")[:_MOST]
    return any(may_read(request, each) for each in obeying)


def may_read(request: Any, distribution: GoDistribution) -> bool:
    """
    Say whether somebody may read a distribution, as far as that is decided by who asks.

    Args:
        request: The DRF request, of somebody who is logged in.
    """
    token = request.auth if isinstance(request.auth, GoToken) else None
    if token is not None and not token.covers(GoToken.Scope.READ, distribution.pk):
        return False
    if distribution.content_guard_id is None:
        return True
    if token is None and has_right(request, "gomod.view_godistribution", distribution):
        return True
    guard = guards.find(distribution.content_guard_id)
    if guard is None or not guards.is_by_user(guard):
        # It goes by more than who asks, which only a content process sees.
        return False
    caller = Caller(request.user, request.auth, is_known=True)
    return guards.permits(guard, guards.GuardRequest({}, request._request), caller)
