"""The SQL that the pull-through asks while a request waits, compiled once."""

from functools import lru_cache
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from pulp_gomod.app.db.compiled import Statement, compile_queryset
from pulp_gomod.app.models import GoCacheEntry, GoModule

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
        GoCacheEntry.objects.filter(remote=_REMOTE, key=_KEY).values_list(
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


# What a new answer changes of the row that keeps an old one.
_REPLACED = (
    "status",
    "body",
    "content",
    "verified",
    "etag",
    "last_modified",
    "checked",
    "expires",
)


@lru_cache(maxsize=16)
def upsert(rows: int) -> tuple[str, tuple[str, ...]]:
    """
    Keep answers in place of the last ones.

    Django makes the same of `bulk_create`, and anew each time: most of what a row costs.

    Args:
        rows: How many.

    Returns:
        The statement, and the fields whose values are its parameters.
    """
    quote, meta = connection.ops.quote_name, GoCacheEntry._meta
    columns = {field.name: quote(field.column) for field in meta.concrete_fields}
    replaced = (f"{columns[name]} = EXCLUDED.{columns[name]}" for name in _REPLACED)
    row = f"({', '.join(['%s'] * len(columns))})"
    sql = (
        f"INSERT INTO {quote(meta.db_table)} ({', '.join(columns.values())}) "
        f"VALUES {', '.join([row] * rows)} "
        f"ON CONFLICT ({columns['remote']}, {columns['key']}) DO UPDATE SET {', '.join(replaced)}"
    )
    return sql, tuple(columns)


def _zips() -> QuerySet:
    """The row that keeps a zip."""
    return GoCacheEntry.objects.filter(remote=_REMOTE, key=_KEY, status=200, content__isnull=False)


@lru_cache(maxsize=1)
def info_of_zip() -> Statement:
    """
    Find the `.info` that came with a zip.

    Values: remote, key.
    Columns: its bytes, empty if none came.
    """
    return compile_queryset(_zips().values_list("body"), _NAMES)


@lru_cache(maxsize=1)
def go_mod_of_zip() -> Statement:
    """
    Find the go.mod of a zip.

    Values: remote, key.
    Columns: its bytes, null if the zip is gone.
    """
    modules = GoModule.objects.filter(pk=OuterRef("content")).values("go_mod")
    return compile_queryset(_zips().values_list(Subquery(modules[:1])), _NAMES)
