"""
Keeping the files of a module version together. Uses the ORM.

An upstream may publish a version again. Its `.info`, its `.mod` and its zip are asked for one by one, by
several processes, and the first two are kept before anybody asks for the zip. So a zip is kept together
with the `.info` and the `.mod` that belong to it, in one transaction, and from then on no others are:
nobody gets the go.mod of one generation beside the zip of another.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, transaction

from pulp_gomod.app.models import GoModule
from pulp_gomod.app.remote.cache import entries, queries
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey


def write_small(question: CacheKey, answer: CacheEntry) -> UUID | None:
    """
    Keep an `.info` or a `.mod`, and return its row's pk; None if the zip that is kept has another one.

    Args:
        question: What was asked.
        answer: What was said.
    """
    with transaction.atomic():
        _alone(question.whole)
        belongs = _of_zip(question)
        if belongs is not None and belongs != answer.body:
            return None
        return entries.write(question, answer)


def write_whole(
    question: CacheKey,
    answer: CacheEntry,
    content: UUID,
    small: Iterable[tuple[CacheKey, CacheEntry]],
) -> UUID:
    """
    Keep a zip and the small files that belong to it, in place of what was kept, and return its row's pk.

    Args:
        question: What was asked: a zip.
        answer: What was said.
        content: The stored unit.
        small: The other files.
    """
    with transaction.atomic():
        _alone(question.key)
        for each in small:
            entries.write(*each)
        return entries.write(question, answer, content=content)


def write_together(small: Iterable[tuple[CacheKey, CacheEntry]]) -> None:
    """
    Keep small files of a module version whose zip is not kept.

    Args:
        small: The files.
    """
    with transaction.atomic():
        for question, answer in small:
            write_small(question, answer)


def go_mod_of(answer: UUID) -> bytes | None:
    """
    Return the go.mod of a stored zip; None if it is gone.

    Args:
        answer: The pk of the answer that brought it.
    """
    row = (
        GoModule.objects.filter(gomod_cache_entries=answer).values_list("go_mod", flat=True).first()
    )
    return None if row is None else bytes(row)


def _of_zip(question: CacheKey) -> bytes | None:
    """What belongs to the zip that is kept; None if that says nothing."""
    is_mod = question.file == "mod"
    statement = queries.go_mod_of_zip() if is_mod else queries.info_of_zip()
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.bind(remote=question.remote, key=question.whole))
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    said = bytes(row[0])
    return said if said or is_mod else None


def _alone(key: str) -> None:
    """Let nobody else keep files of the module version until the transaction ends."""
    # The turns of those who fetch are taken by the first digits.
    number = int(key[16:32], 16) - 2**63
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
