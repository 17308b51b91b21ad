"""
Keeping the files of a module version together. Uses the ORM.

An upstream may publish a version again. Its `.info`, its `.mod` and its zip are asked for one by one, by
several processes, and the first two are kept before anybody asks for the zip. So a zip is kept together
with the `.info` and the `.mod` that belong to it, in one transaction, and from then on no others are:
nobody gets the go.mod of one generation beside the zip of another.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from pulp_gomod.app.models import GoModule
from pulp_gomod.app.remote.cache import entries, queries
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey, Row


def write_each(small: Sequence[tuple[CacheKey, CacheEntry]]) -> list[UUID | None]:
    """
    Keep answers of one remote, and return their rows' pks; None where the zip that is kept has another one.

    Args:
        small: The answers, of which only those of module versions belong to zips.
    """
    whole = [question for question, _ in small if question.whole]
    with transaction.atomic() if whole else nullcontext():
        _alone(question.whole for question in whole)
        belongs = _of_zips(whole)
        kept = [
            Row(question, answer)
            for question, answer in small
            if belongs.get(question.key, answer.body) == answer.body
        ]
        entries.write_all(kept)
    keys = {row.question.key for row in kept}
    return [question.pk if question.key in keys else None for question, _ in small]


@dataclass(frozen=True, slots=True)
class Whole:
    """
    A zip that is to be kept.

    Attributes:
        question: What was asked.
        answer: What was said.
        content: The pk of the stored unit.
        small: The files that belong to it.
    """

    question: CacheKey
    answer: CacheEntry
    content: UUID
    small: Sequence[tuple[CacheKey, CacheEntry]]


def write_whole(wholes: Sequence[Whole]) -> None:
    """
    Keep zips, each with the small files that belong to it, in place of what was kept.

    Args:
        wholes: The zips.
    """
    with transaction.atomic():
        _alone(whole.question.key for whole in wholes)
        small = [Row(*each) for whole in wholes for each in whole.small]
        zips = [Row(whole.question, whole.answer, whole.content) for whole in wholes]
        entries.write_all([*small, *zips])


def write_together(small: Iterable[tuple[CacheKey, CacheEntry]]) -> None:
    """
    Keep small files of a module version whose zip is not kept.

    Args:
        small: The files.
    """
    write_each(list(small))


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


def _of_zips(questions: Sequence[CacheKey]) -> dict[str, bytes]:
    """What belongs to the zips that are kept, by the key of the file; nothing where that says nothing."""
    found: dict[str, bytes] = {}
    for statement, is_mod in ((queries.go_mod_of_zip(), True), (queries.info_of_zip(), False)):
        asked = [question for question in questions if (question.file == "mod") == is_mod]
        if not asked:
            continue
        many = statement.for_many
        values = [{"remote": each.remote, "key": each.whole} for each in asked]
        with connection.cursor() as cursor:
            cursor.execute(many.sql, many.bind(values))
            rows = cursor.fetchall()
        for place, body in rows:
            if body is not None and (is_mod or bytes(body)):
                found[asked[place - 1].key] = bytes(body)
    return found


def _alone(keys: Iterable[str]) -> None:
    """Let nobody else keep files of the module versions until the transaction ends."""
    # The turns of those who fetch are taken by the first digits.
    numbers = sorted({int(key[16:32], 16) - 2**63 for key in keys})
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS keys (key)",
                [numbers],
            )
