"""Ways to log in that this project knows nothing of, for a server that is configured with them.

Passwords and keys are files of the directory that a variable names: `alice.password`, `alice.key`.
"""

import os
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from rest_framework.authentication import BaseAuthentication


def _said(name: str) -> str | None:
    file = Path(os.environ["GOMOD_TEST_LOGINS"], name)
    return file.read_text() if file.exists() else None


def _header(meta: dict[str, str]) -> str:
    # The content app and the API spell it differently.
    return meta.get("HTTP_X-API-KEY") or meta.get("HTTP_X_API_KEY") or ""


class KeyAuthentication(BaseAuthentication):
    """Knows a user by a header of its own: `name:key`."""

    def authenticate(self, request: Any) -> tuple[Any, None] | None:
        """Return the user."""
        name, _, key = _header(request.META).partition(":")
        if not key or key != _said(f"{name}.key"):
            return None
        return get_user_model().objects.get(username=name), None


class DirectoryBackend(ModelBackend):
    """Knows passwords from elsewhere, as LDAP does."""

    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **_: Any
    ) -> Any:
        """Return the user."""
        if username is None or password is None or password != _said(f"{username}.password"):
            return None
        return get_user_model().objects.get(username=username)
