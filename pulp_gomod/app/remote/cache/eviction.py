"""Forgetting what a remote said: everything that can be asked for again."""

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import Length

from pulp_gomod.app.models import GoCacheEntry, GoPendingEntry
from pulp_gomod.app.remote.cache.entries import CacheEntry, CacheKey

# Bytes that a row takes beside its texts, its entries in indexes among them.
ROW = 1024
_BATCH = 1000

_TEXTS = Length("body") + Length("path") + Length("module") + Length("etag")


def size_of(question: CacheKey, answer: CacheEntry) -> int:
    """
    Return the bytes that an answer takes in the database.

    Args:
        question: What was asked.
        answer: What was said.
    """
    texts = len(question.path) + len(question.module) + len(answer.etag)
    return ROW + len(answer.body) + texts


def size_of_all(remote: UUID) -> int:
    """
    Count the bytes that a remote's answers take. Uses the ORM.

    Args:
        remote: The remote's pk.
    """
    counted = GoCacheEntry.objects.filter(remote=remote).aggregate(
        rows=Count("pk"), bytes=Sum(_TEXTS)
    )
    return int(counted["rows"]) * ROW + int(counted["bytes"] or 0)


def forget(remote: UUID, excess: int) -> int:
    """
    Forget answers until so many bytes are free, and return how many are. Uses the ORM.

    What was not found goes first, and then what was checked the longest ago. Zips stay: they have a
    bound of their own. So does what is about to join a repository, and the signed tree head of a
    checksum database: without it, nobody would notice that the database was set back.

    Args:
        remote: The remote's pk.
        excess: Bytes.
    """
    answers = _forgettable(remote)
    freed = _delete(answers.exclude(status=200).order_by("expires"), excess)
    return freed + _delete(answers.order_by("checked"), excess - freed)


def _forgettable(remote: UUID) -> "QuerySet[GoCacheEntry]":
    awaited = GoPendingEntry.objects.filter(entry=OuterRef("pk"))
    return (
        GoCacheEntry.objects.filter(~Exists(awaited), remote=remote)
        .exclude(file="zip", status=200)
        .exclude(file="sumdb", path__endswith="/latest")
    )


def _delete(answers: "QuerySet[GoCacheEntry]", excess: int) -> int:
    freed = 0
    while freed < excess:
        oldest = list(answers.values_list("pk", ROW + _TEXTS)[:_BATCH])
        chosen = []
        for pk, size in oldest:
            if freed >= excess:
                break
            chosen.append(pk)
            freed += size
        if not chosen:
            break
        # Else Django loads all bodies, to see which pending entries go with them.
        GoCacheEntry.objects.filter(pk__in=chosen).only("pk").delete()
    return freed
