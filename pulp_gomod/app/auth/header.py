"""What an Authorization header says (RFC 9110 section 11.6.2, RFC 7617)."""

import base64
import binascii
from dataclasses import dataclass

from pulp_gomod.app.auth.secret import is_secret

# `token` is what other registries document for their clients' custom headers.
_TOKEN_SCHEMES = frozenset({"bearer", "token"})


@dataclass(frozen=True, slots=True)
class Password:
    """
    A user name and a password.

    Attributes:
        user_name: The user name.
        password: The password.
    """

    user_name: str
    password: str


@dataclass(frozen=True, slots=True)
class Secret:
    """
    A token of ours.

    Attributes:
        secret: The token.
        user_name: The user name beside it, or None where there was none.
    """

    secret: str
    user_name: str | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """Something that one of Pulp's other authenticators may know."""


Credentials = Password | Secret | Other


def parse(header: str | None) -> Credentials | None:
    """
    Read an Authorization header; None where there is none.

    Args:
        header: Its value.
    """
    if not header:
        return None
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        return _basic(value)
    if scheme.lower() in _TOKEN_SCHEMES and is_secret(value):
        return Secret(value)
    return Other()


def _basic(value: str) -> Credentials:
    try:
        raw = base64.b64decode(value)
    except (binascii.Error, ValueError):
        return Other()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        # As Django REST framework reads it.
        text = raw.decode("latin-1")
    user_name, separator, password = text.partition(":")
    if not separator:
        return Other()
    if is_secret(password):
        return Secret(password, user_name)
    if is_secret(user_name):
        # As `https://TOKEN@host` says it, or with a filler such as `x-oauth-basic` for a password. Nobody has such
        # a name, and taken for one it would be counted and logged as that of a user who failed to log in.
        return Secret(user_name)
    return Password(user_name, password)
