"""Since when module versions are known, by which policies hold back young ones."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import TruncDay

from pulpcore.plugin.models import BaseModel

from pulp_gomod.app.models.discarding import discard

MOST_NUMBERS: Final = 1_000_000
"""Numbers of records that are kept of all checksum databases together; those of the oldest records go first."""

MOST_SEEN: Final = 1_000_000
"""Versions outside a checksum database that are noted of a remote; none is noted beyond that."""

HOURLY_DAYS: Final = 45
"""For so many days each hour's size of a checksum database is kept; then one a day, for ten years."""

_MOST_DAYS: Final = 3660
_ROWS: Final = 500


class GoSumdbMark(BaseModel):
    """
    That a checksum database had at least so many records at a time.

    It belongs to nobody: what a database has signed is true whoever passed it on, and the clock is ours.

    Fields:
        verifier_key (str): The key that its heads are signed with.
        seen (datetime): The time: the end of the hour in which that was learned.
        size (int): Records.
    """

    verifier_key = models.TextField(db_collation="C")
    seen = models.DateTimeField()
    size = models.BigIntegerField()

    class Meta:
        unique_together = ("verifier_key", "seen")
        indexes = [models.Index(fields=["verifier_key", "size"], name="gomod_mark_sizes")]

    def __str__(self) -> str:
        return f"{self.size} records at {self.seen}"


class GoSumdbNumber(BaseModel):
    """
    The number of the proven record of a module version.

    Fields:
        verifier_key (str): The key of its checksum database.
        module (str): The module path.
        version (str): The canonical version.
        number (int): The number.
    """

    verifier_key = models.TextField(db_collation="C")
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    number = models.BigIntegerField()

    class Meta:
        unique_together = ("verifier_key", "module", "version")

    def __str__(self) -> str:
        return f"{self.module}@{self.version} is record {self.number}"


class GoSeenVersion(BaseModel):
    """
    When an upstream was first seen to have a module version that no checksum database knows.

    Fields:
        module (str): The module path.
        version (str): The canonical version.
        seen (datetime): That time.
        time (datetime): What its `.info` said then; null if nothing, or if nobody has looked.
    """

    remote = models.ForeignKey("GoRemote", related_name="seen_versions", on_delete=models.CASCADE)
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    seen = models.DateTimeField()
    time = models.DateTimeField(null=True)

    class Meta:
        unique_together = ("remote", "module", "version")

    def __str__(self) -> str:
        return f"{self.module}@{self.version} seen {self.seen}"


def end_of_hour(time: datetime) -> datetime:
    """Return the end of the hour in which a time is."""
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def mark(verifier_key: str, size: int, time: datetime) -> None:
    """
    Note how many records a checksum database has at least.

    Args:
        size: How many.
        time: When it had them.
    """
    seen = end_of_hour(time)
    marks = GoSumdbMark.objects.filter(verifier_key=verifier_key)
    if marks.filter(seen=seen).exists():
        marks.filter(seen=seen, size__lt=size).update(size=size)
        return
    made = GoSumdbMark(verifier_key=verifier_key, seen=seen, size=size)
    GoSumdbMark.objects.bulk_create([made], ignore_conflicts=True)
    _thin(verifier_key, seen)


def _thin(verifier_key: str, now: datetime) -> None:
    """Keep one mark a day of those that are old, and no more numbers than there may be."""
    marks = GoSumdbMark.objects.filter(verifier_key=verifier_key)
    marks.filter(seen__lt=now - timedelta(days=_MOST_DAYS)).delete()
    old = marks.filter(seen__lt=now - timedelta(days=HOURLY_DAYS))
    # Of two marks the earlier says more of what is below it.
    earlier = marks.filter(seen__gte=OuterRef("day"), seen__lt=OuterRef("seen"))
    by_day = old.annotate(day=TruncDay("seen", tzinfo=UTC))
    by_day.filter(Exists(earlier)).delete()
    too_many = GoSumdbNumber.objects.count() - MOST_NUMBERS
    if too_many > 0:
        gone = GoSumdbNumber.objects.order_by("number").values("pk")[:too_many]
        discard(GoSumdbNumber.objects.filter(pk__in=gone))


def keep_numbers(verifier_key: str, module: str, numbers: Mapping[str, int]) -> None:
    """
    Keep the numbers of proven records, which were in the database by now.

    Args:
        verifier_key: The key of the checksum database.
        module: The module path.
        numbers: The number of each version.
    """
    rows = [
        GoSumdbNumber(verifier_key=verifier_key, module=module, version=version, number=number)
        for version, number in numbers.items()
    ]
    with transaction.atomic():
        GoSumdbNumber.objects.bulk_create(rows, _ROWS, ignore_conflicts=True)
        if numbers:
            mark(verifier_key, max(numbers.values()) + 1, datetime.now(UTC))


def keep_seen(remote: UUID, module: str, times: Iterable[tuple[str, datetime | None]]) -> None:
    """
    Note that an upstream has versions, as of now unless that is noted already.

    Args:
        remote: The remote's pk.
        module: The module path.
        times: The versions, each with what its `.info` says, or None.
    """
    now = datetime.now(UTC)
    rows = [
        GoSeenVersion(remote_id=remote, module=module, version=version, seen=now, time=time)
        for version, time in times
    ]
    if not rows or GoSeenVersion.objects.filter(remote=remote).count() + len(rows) > MOST_SEEN:
        return
    GoSeenVersion.objects.bulk_create(rows, _ROWS, ignore_conflicts=True)
    for row in rows:
        if row.time is not None:
            told = GoSeenVersion.objects.filter(
                remote=remote, module=module, version=row.version, time=None
            )
            told.update(time=row.time)


def has_mark(verifier_key: str, start: datetime, end: datetime) -> bool:
    """
    Say whether the size of a checksum database is known for some time of a span.

    Args:
        verifier_key: The key of the database.
        start: Where the span begins.
        end: Where it ends.
    """
    marks = GoSumdbMark.objects.filter(verifier_key=verifier_key)
    return bool(marks.filter(seen__gte=start, seen__lte=end).exists())


def mark_past(verifier_key: str, size: int, time: datetime) -> bool:
    """
    Note what somebody else says of the past, unless it contradicts what was seen here.

    Args:
        verifier_key: The key of the database.
        size: How many records it is said to have had.
        time: When.

    Returns:
        Whether it was noted.
    """
    later = GoSumdbMark.objects.filter(
        verifier_key=verifier_key, seen__gte=end_of_hour(time), size__lt=size
    )
    if later.exists():
        return False
    mark(verifier_key, size, time)
    return True
