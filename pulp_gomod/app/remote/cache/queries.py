"""The SQL that the pull-through asks while a request waits, compiled from ORM querysets."""

from functools import lru_cache
from uuid import UUID

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.models import GoAnswer

_REMOTE = UUID("00000000-0000-4000-8000-000000000003")
_KEY = "\ufffdkey"
_NAMES = {_REMOTE: "remote", _KEY: "key"}


@lru_cache(maxsize=1)
def answer() -> Statement:
    """
    Find what a remote said last.

    Values: remote, key.
    Columns: pk, status, body, etag, last_modified, checked, expires, verified, and of a stored zip
    the artifact's pk, name in the storage, size, SHA-256 and when it came.
    """
    artifact = "content__contentartifact__artifact"
    return compile_queryset(
        GoAnswer.objects.filter(remote=_REMOTE, key=_KEY).values_list(
            "pk",
            "status",
            "body",
            "etag",
            "last_modified",
            "checked",
            "expires",
            "verified",
            artifact,
            f"{artifact}__file",
            f"{artifact}__size",
            f"{artifact}__sha256",
            f"{artifact}__pulp_created",
        ),
        _NAMES,
    )
