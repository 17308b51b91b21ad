"""Tokens as the database has them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone

from pulp_gomod.app.auth.header import Secret
from pulp_gomod.app.auth.secret import digest
from pulp_gomod.app.models import GoToken

# The time of a token's last use is off by at most so much.
PRECISION = timedelta(minutes=1)


def find(sent: Secret, domain: UUID) -> Any:
    """
    Return the GoToken that was sent, with its owner; None if it is worth nothing.

    It has to exist in this domain and not to have expired, and its owner's account has to be active.
    A token names its owner, so clients may send any word beside it (`token`, `__token__`, nothing);
    only the name of another user makes it a mistake.

    Args:
        sent: The secret.
        domain: The pk of the domain of the request.
    """
    token = (
        GoToken.objects.select_related("owner")
        .filter(digest=digest(sent.secret), pulp_domain=domain)
        .first()
    )
    if token is None or not token.owner.is_active or token.is_expired():
        return None
    if sent.user_name and sent.user_name != token.owner.get_username():
        return None if _is_user(sent.user_name) else token
    return token


def owner_of(sent: Secret) -> int | None:
    """Return the pk of whose token is good for something in some domain; None if it was revoked, or made up."""
    found = GoToken.objects.filter(digest=digest(sent.secret), owner__is_active=True)
    good = found.filter(Q(expires=None) | Q(expires__gt=timezone.now()))
    owner: int | None = good.values_list("owner_id", flat=True).first()
    return owner


def _is_user(name: str) -> bool:
    # PostgreSQL would not be asked for a name with a NUL.
    return "\0" not in name and get_user_model().objects.filter(username=name).exists()


def is_use_due(token: Any) -> bool:
    """
    Say whether the use of a token is to be recorded: it was not within the last minute.

    Args:
        token: The GoToken.
    """
    return token.last_used is None or token.last_used < timezone.now() - PRECISION


def record_use(token: UUID) -> None:
    """Record that a token is in use; of many processes that do so at once, one writes."""
    now = timezone.now()
    GoToken.objects.filter(Q(last_used=None) | Q(last_used__lt=now - PRECISION), pk=token).update(
        last_used=now
    )
