"""
Authenticators for the API side of a GOPROXY: uploads and removals.

That for tokens is set on those views only; what little else of the API a token opens is decided by
`viewsets.token_door`, and the making of tokens is not among it. That for passwords can be configured for all of Pulp, as `pulp-gomod serve` does.
"""

from types import SimpleNamespace
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework.authentication import BaseAuthentication, BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed

from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.auth import configuration, header, tokens
from pulp_gomod.app.auth.passwords import refused, verified

REALM = "Pulp"

_STORED_PASSWORDS = "django.contrib.auth.backends.ModelBackend"


class KnownToBeWrong(AuthenticationFailed):
    """The same password was wrong a short while ago, and nothing has changed."""


class TokenAuthentication(BaseAuthentication):
    """Knows the owner of a token by it; leaves the GoToken as `request.auth`."""

    def authenticate(self, request: Any) -> tuple[Any, Any] | None:
        """
        Return owner and GoToken; None if no token was sent.

        Args:
            request: The request, whose domain Pulp's middleware has set.

        Raises:
            AuthenticationFailed: The token is worth nothing.
        """
        sent = header.parse(request.META.get("HTTP_AUTHORIZATION"))
        if not isinstance(sent, header.Secret):
            return None
        token = tokens.find(sent, get_domain_pk())
        if token is None:
            raise AuthenticationFailed(
                "this token is unknown here, expired, revoked, or belongs to another user"
            )
        if tokens.is_use_due(token):
            tokens.record_use(token.pk)
        return token.owner, token

    def authenticate_header(self, request: Any) -> str:
        """Return the challenge."""
        return f'Basic realm="{REALM}"'


class PasswordAuthentication(BasicAuthentication):
    """HTTP Basic as Pulp has it, with the hash computed once in a while."""

    www_authenticate_realm = REALM

    def authenticate_header(self, request: Any) -> str:
        """Return the challenge; scripts of a page get one that makes no browser ask for a password."""
        challenge: str = super().authenticate_header(request)
        is_script = request.headers.get("X-Requested-With", "").lower() == "xmlhttprequest"
        return f"x{challenge}" if is_script else challenge

    def authenticate_credentials(
        self, userid: str, password: str, request: Any = None
    ) -> tuple[Any, None]:
        """
        Return the user.

        Args:
            userid: The user name.

        Raises:
            AuthenticationFailed: The password is not that user's, or the account is inactive.
        """
        if "\0" in userid:
            # No user has such a name, and PostgreSQL would not be asked for one.
            raise AuthenticationFailed("invalid user name")
        stored = get_user_model()._default_manager.filter(username=userid).first()
        if stored is not None and stored.is_active and verified.recall(stored, password):
            # As Django's `authenticate` leaves it, without which nobody is logged in for a session.
            stored.backend = _STORED_PASSWORDS
            return stored, None
        subject = _subject(stored, userid)
        if refused.recall(subject, password):
            raise KnownToBeWrong
        try:
            user, auth = super().authenticate_credentials(userid, password, request)
        except AuthenticationFailed:
            if configuration.are_passwords_stored():
                refused.remember(subject, password)
            raise
        remember_user(user, password)
        return user, auth


def _subject(stored: Any, user_name: str) -> Any:
    """Return what a wrong password is remembered of: another state of the account is another subject."""
    if stored is None:
        return SimpleNamespace(pk=None, password=user_name)
    if stored.is_active:
        return stored
    return SimpleNamespace(pk=stored.pk, password=f"inactive {stored.password}")


def remembered_user(user_name: str, password: str) -> Any:
    """Return the user whose password was verified a short while ago; None if that is to be done."""
    if "\0" in user_name:
        return None
    user = get_user_model()._default_manager.filter(username=user_name, is_active=True).first()
    return user if user is not None and verified.recall(user, password) else None


def remember_user(user: Any, password: str) -> None:
    """
    Remember a password that was verified, if the database's hash of it is what decides.

    Args:
        user: The user, as Django's `authenticate` returned it.
    """
    if (
        configuration.are_passwords_stored()
        and getattr(user, "backend", None) == _STORED_PASSWORDS
        and user.has_usable_password()
    ):
        verified.remember(user, password)


def configured() -> list[BaseAuthentication]:
    """Make the authenticators that Pulp is configured with, with passwords remembered."""
    return [
        PasswordAuthentication() if configuration.is_password_authenticator(cls) else cls()
        for cls in configuration.authenticator_classes()
    ]
