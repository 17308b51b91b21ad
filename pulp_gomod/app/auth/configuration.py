"""
How Pulp is configured to tell who asks.

What we do faster must mean the same as what the administrator has configured. So this says what
of Pulp's authenticators and backends is in use, and we do it the slow way where we do not know one.
"""

from collections.abc import Container
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.settings import api_settings

_BASIC: Final = frozenset(
    {
        "rest_framework.authentication.BasicAuthentication",
        "pulpcore.app.authentication.BasicAuthentication",
        "pulp_gomod.app.auth.authenticators.PasswordAuthentication",
    }
)
# They look at nothing but the Authorization header, cookies, and the headers of `identity_headers`.
_WORKLOAD: Final = "pulpcore.app.workload_identity.authentication.WorkloadIdentityAuthentication"
_KNOWN: Final = _BASIC | {
    "rest_framework.authentication.SessionAuthentication",
    "rest_framework.authentication.RemoteUserAuthentication",
    "pulpcore.app.authentication.PulpRemoteUserAuthentication",
    "pulpcore.app.authentication.JSONHeaderRemoteAuthentication",
    _WORKLOAD,
}
_MODEL_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
# They never look at a password.
_WITHOUT_PASSWORD: Final = frozenset(
    {
        "pulpcore.backends.ObjectRolePermissionBackend",
        "pulpcore.app.authentication.PulpNoCreateRemoteUserBackend",
        "pulpcore.app.workload_identity.backend.WorkloadIdentityBackend",
        "pulpcore.saml2.backends.PulpSaml2Backend",
        "django.contrib.auth.backends.RemoteUserBackend",
    }
)
_RBAC_POLICY: Final = "pulpcore.app.access_policy.AccessPolicyFromDB"


def authenticator_classes() -> list[type[Any]]:
    """Return the configured authenticators in their order."""
    return list(api_settings.DEFAULT_AUTHENTICATION_CLASSES)


def is_password_authenticator(cls: type[Any]) -> bool:
    """
    Say whether an authenticator is Pulp's, DRF's or our own for HTTP Basic.

    Args:
        cls: The class of the authenticator.
    """
    return issubclass(cls, BasicAuthentication) and _path(cls) in _BASIC


@lru_cache(maxsize=1)
def are_authenticators_known() -> bool:
    """Say whether we know what all configured authenticators look at."""
    return all(_path(cls) in _KNOWN for cls in authenticator_classes())


@lru_cache(maxsize=1)
def are_passwords_stored() -> bool:
    """
    Say whether passwords are those that Pulp's database has hashes of.

    With another backend (LDAP, for example) a stored hash says nothing of the password.
    """
    if not any(is_password_authenticator(cls) for cls in authenticator_classes()):
        return False
    backends = [name for name in settings.AUTHENTICATION_BACKENDS if name not in _WITHOUT_PASSWORD]
    return backends == [_MODEL_BACKEND]


@lru_cache(maxsize=1)
def identity_headers() -> tuple[str, ...]:
    """Return the names of the headers by which a proxy may say who asks."""
    names = (settings.REMOTE_USER_ENVIRON_NAME, settings.AUTHENTICATION_JSON_HEADER)
    bare = [name.removeprefix("HTTP_") for name in names if name]
    return tuple(spelled for name in bare for spelled in (name, name.replace("_", "-")))


@lru_cache(maxsize=1)
def _identity_headers_in_use() -> tuple[str, ...]:
    """Return those of `identity_headers` that some authenticator looks at."""
    by_header_only = [
        cls
        for cls in authenticator_classes()
        if not issubclass(cls, BasicAuthentication | SessionAuthentication)
        and _path(cls) != _WORKLOAD
    ]
    return identity_headers() if by_header_only else ()


def may_be_named_by_header(headers: Container[str]) -> bool:
    """Say whether a proxy may have said who asks, so that the Authorization header need not decide."""
    return any(name in headers for name in _identity_headers_in_use())


@lru_cache(maxsize=1)
def are_policies_in_database() -> bool:
    """Say whether Pulp's own access policies, as the database has them, decide."""
    return [_path(cls) for cls in api_settings.DEFAULT_PERMISSION_CLASSES] == [_RBAC_POLICY]


def _path(cls: type[Any]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
