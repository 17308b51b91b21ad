"""Who asks the content app."""

from copy import copy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from pulp_gomod.app.auth import authenticators, tokens
from pulp_gomod.app.auth.header import Credentials, Password, Secret
from pulp_gomod.app.models import GoToken

# Seconds after which everybody is identified anew, so that the last use of a token is known.
LONGEST = 20.0


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Who asks.

    Attributes:
        user: The user as content guards see it.
        auth: What the authenticator knows beyond that: claims, for example.
        is_known: Whether the credentials were good, for whatever they give a right to.
        is_refused: Whether they were those of nobody, as somebody said who knows such credentials.
        is_repeated: Whether the same were refused a short while ago, and no more was done now.
        seconds: For how long this is so if nothing in the database changes.
        token_in_use: The pk of a token whose use is to be recorded, or None.
        token_owner: The pk of the user whose token was sent, whatever it is good for; None for other credentials.
    """

    user: Any
    auth: Any = None
    is_known: bool = False
    is_refused: bool = False
    is_repeated: bool = False
    seconds: float = 0.0
    token_in_use: UUID | None = None
    token_owner: int | None = None

    @property
    def owner(self) -> int | None:
        """The pk of the user whose credentials these are; None for who is in no table."""
        pk = getattr(self.user, "pk", None) if self.token_owner is None else self.token_owner
        return pk if isinstance(pk, int) else None


def nobody() -> Caller:
    """Return the caller without credentials, or with worthless ones."""
    return Caller(AnonymousUser())


def identify_at_once(sent: Credentials | None, distribution: UUID, domain: UUID) -> Caller | None:
    """
    Say who asks where a single row tells; None if Pulp's authenticators have to be asked.

    Args:
        sent: What the Authorization header says; there must be nothing else to go by.
        distribution: The pk of the distribution.
        domain: The pk of its domain.
    """
    match sent:
        case None:
            # Whoever sends nothing does not become somebody.
            return Caller(AnonymousUser(), seconds=LONGEST)
        case Secret():
            return _owner_of(sent, distribution, domain)
        case Password(user_name, password):
            user = authenticators.remembered_user(user_name, password)
            return None if user is None else Caller(user, is_known=True, seconds=LONGEST)
    return None


def _owner_of(sent: Secret, distribution: UUID, domain: UUID) -> Caller:
    token = tokens.find(sent, domain)
    if token is None:
        return nobody()
    if not token.covers(GoToken.Scope.READ, distribution):
        # A good token that does not open this: for the guard there is nobody behind it.
        return Caller(AnonymousUser(), is_known=True, token_owner=token.owner_id)
    in_use = token.pk if tokens.is_use_due(token) else None
    seconds = LONGEST
    if token.expires is not None:
        seconds = min(seconds, (token.expires - timezone.now()).total_seconds())
    return Caller(token.owner, token, is_known=True, seconds=seconds, token_in_use=in_use)


def identify(request: HttpRequest) -> Caller:
    """Say who asks, as Pulp's authenticators tell it; it may take a second, or a call over the network."""
    asked = Request(_as_by_wsgi(request), authenticators=authenticators.configured())
    try:
        user = asked.user
    except APIException as error:
        is_repeated = isinstance(error, authenticators.KnownToBeWrong)
        return Caller(AnonymousUser(), is_refused=True, is_repeated=is_repeated)
    return Caller(user, asked.auth, is_known=bool(user.is_authenticated))


def _as_by_wsgi(request: HttpRequest) -> HttpRequest:
    """
    Return a request with the bytes of its headers written as WSGI has them, a character for each.

    aiohttp reads them as UTF-8, and has characters that stand for those that are none. The REST framework knows
    neither, and breaks.
    """
    if all(value.isascii() for value in request.META.values()):
        return request
    found = copy(request)
    found.META = {
        name: value.encode("utf-8", "surrogateescape").decode("latin-1")
        for name, value in request.META.items()
    }
    return found
