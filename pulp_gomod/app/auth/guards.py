"""What a content guard says of a caller."""

import logging
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import Error as DatabaseError
from django.http import HttpRequest
from rest_framework.request import Request

from pulpcore.plugin.models import AccessPolicy, ContentGuard
from pulpcore.plugin.util import set_domain

from pulp_gomod.app.auth import configuration
from pulp_gomod.app.auth.callers import Caller

log = logging.getLogger(__name__)

_RBAC: Final = ("core", "rbaccontentguard")
_COMPOSITE: Final = ("core", "compositecontentguard")
_RBAC_POLICY: Final = "contentguards/core/rbac"
_DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class GuardRequest:
    """
    What is asked of a guard.

    Attributes:
        request: The request as the guard sees it: a mapping for who asks, and for guards that look at
            more than that, all of a request of aiohttp.
        http_request: The same as Django sees it.
    """

    request: Any
    http_request: HttpRequest


def find(guard: UUID) -> Any:
    """
    Return a guard with its own type; None if it is gone.

    Args:
        guard: Its pk.
    """
    found = ContentGuard.objects.select_related("pulp_domain").filter(pk=guard).first()
    return found and found.cast()


def is_by_user(guard: Any) -> bool:
    """
    Say whether a guard decides by nothing but who asks, so that its decision may be remembered.

    That is so for RBAC guards, as long as nobody has changed what their access policy looks at,
    and for composites of them.
    """
    return _are_policies_stock() and _is_by_user(guard, _DEEPEST)


def _are_policies_stock() -> bool:
    if not configuration.are_policies_in_database():
        return False
    policies = AccessPolicy.objects.filter(viewset_name=_RBAC_POLICY, customized=False)
    stock: bool = policies.exists()
    return stock


def _is_by_user(guard: Any, depth: int) -> bool:
    kind = (guard._meta.app_label, guard._meta.model_name)
    if kind == _RBAC:
        return True
    if kind != _COMPOSITE or not depth:
        return False
    return all(_is_by_user(member.cast(), depth - 1) for member in guard.guards.all())


def permits(guard: Any, asked: GuardRequest, caller: Caller) -> bool:
    """
    Ask the guard.

    A guard that breaks (on a malformed header, for example) has not permitted anything.

    Args:
        asked: The question.
        caller: Who asks.

    Raises:
        django.db.Error: The database does not answer.
    """
    set_domain(guard.pulp_domain)
    # Without authenticators, which would be run once more to say why it was denied.
    drf_request = Request(asked.http_request)
    drf_request.pulp_domain = guard.pulp_domain
    drf_request.user, drf_request.auth = caller.user, caller.auth
    asked.request["drf_request"] = drf_request
    asked.request["user"], asked.request["auth"] = caller.user, caller.auth
    try:
        guard.permit(asked.request)
    except PermissionError:
        return False
    except DatabaseError:
        raise
    except Exception:
        log.exception("The content guard %s failed; the request was denied.", guard.name)
        return False
    return True
