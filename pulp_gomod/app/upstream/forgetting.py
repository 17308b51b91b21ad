"""Forgetting what a remote said: everything that can be asked for again."""

from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Length
from django.utils import timezone

from pulp_gomod.app.models import GoAnswer, GoArrival

# Bytes that a row takes beside its body: names, validators, and its entries in indexes.
ROW = 1024
_BATCH = 1000


def size_of(remote: UUID) -> int:
    """
    Count the bytes of a remote's answers, each with its row. Uses the ORM.

    Args:
        remote: The remote's pk.
    """
    counted = GoAnswer.objects.filter(remote=remote).aggregate(
        rows=Count("pk"), bytes=Sum(Length("body"))
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
    now = timezone.now()
    freed = _delete(answers.filter(~Q(status=200), expires__lt=now).order_by("expires"), excess)
    return freed + _delete(answers.order_by("checked"), excess - freed)


def _forgettable(remote: UUID) -> "QuerySet[GoAnswer]":
    awaited = GoArrival.objects.filter(answer=OuterRef("pk"))
    return (
        GoAnswer.objects.filter(~Exists(awaited), remote=remote)
        .exclude(file="zip", status=200)
        .exclude(file="sumdb", path__endswith="/latest")
    )


def _delete(answers: "QuerySet[GoAnswer]", excess: int) -> int:
    freed = 0
    while freed < excess:
        oldest = list(answers.values_list("pk", ROW + Length(F("body")))[:_BATCH])
        chosen = []
        for pk, size in oldest:
            if freed >= excess:
                break
            chosen.append(pk)
            freed += size
        if not chosen:
            break
        GoAnswer.objects.filter(pk__in=chosen).delete()
    return freed
