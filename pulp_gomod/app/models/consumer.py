"""GoConsumer: who downloaded a module version through a distribution."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection, models, transaction
from django.utils import timezone

from pulpcore.plugin.models import BaseModel

from pulp_gomod.app.models.discarding import discard
from pulp_gomod.app.models.module import storable

BUNDLE: Final = "bundle.tar"
"""Stands for the module in the row of a bundle; its version is the number of the repository version."""

_BATCH = 5_000
# Bytes of names. What is longer than any module's, or takes more together, would not fit into the index.
_LONGEST_NAME = 200
_LONGEST_MODULE = 1_000
_ROOM = 2_500

# What is not wanted any more is left out, and what is of a distribution that is gone meanwhile. In the order of the key, so that processes
# which write the same rows wait for each other, and not each for the other.
_RECORD = """
    INSERT INTO gomod_goconsumer AS known (
        pulp_id, pulp_created, pulp_last_updated, distribution_id,
        module, version, user_name, token, address, requests, first_seen, last_seen
    )
    SELECT gen_random_uuid(), %s, %s, distribution_ptr_id,
        module, version, user_name, token, address, requests, %s, %s
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
        AS used(distribution, module, version, user_name, token, address, requests)
    JOIN gomod_godistribution ON distribution_ptr_id = distribution
    WHERE consumers = 'all' OR (consumers = 'users' AND address = '')
    ORDER BY 4, 5, 6, 7, 8, 9
    ON CONFLICT (distribution_id, module, version, user_name, token, address) DO UPDATE SET
        requests = known.requests + EXCLUDED.requests,
        last_seen = GREATEST(known.last_seen, EXCLUDED.last_seen)
"""


class GoConsumer(BaseModel):
    """
    Who downloaded a module version through a distribution, and when for the last time.

    Names are kept, and no references: what was downloaded stays so when a user or a token is deleted.

    Fields:
        distribution (GoDistribution): Through which one.
        module (str): The module path, or BUNDLE.
        version (str): The version, or the number of the repository version.
        user_name (str): The user's name, or the subject of a workload; "" where nobody was asked.
        token (str): The name of the user's token; "" if it was none.
        address (str): The IP address; "" if it is not kept.
        requests (int): How often, as far as it was counted.
        first_seen (datetime): When it was first noted.
        last_seen (datetime): When it was last noted, give or take ten minutes.
    """

    distribution = models.ForeignKey(
        "GoDistribution", related_name="consumer_rows", on_delete=models.CASCADE
    )
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    user_name = models.TextField(default="", db_collation="C")
    token = models.TextField(default="", db_collation="C")
    address = models.TextField(default="", db_collation="C")
    requests = models.BigIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        unique_together = ("distribution", "module", "version", "user_name", "token", "address")
        indexes = [models.Index(fields=["distribution", "last_seen"])]

    def __str__(self) -> str:
        return f"{self.module}@{self.version}"


class Consumed(NamedTuple):
    """
    That somebody downloads a module version, as a key.

    Attributes:
        distribution: The pk of the distribution.
        module: The module path.
        version: The version.
        user_name: As of GoConsumer.
        token: As of GoConsumer.
        address: As of GoConsumer.
    """

    distribution: UUID
    module: str
    version: str
    user_name: str
    token: str
    address: str


def record(seen: Sequence[tuple[Consumed, int]], now: datetime) -> None:
    """
    Write who downloaded what: all of it or nothing, since it may be tried again.

    Args:
        seen: Each with how often.
        now: When.
    """
    # PostgreSQL updates no row twice: names that are the same once they are cut are counted together.
    counted: dict[Consumed, int] = {}
    for key, count in seen:
        if len(key.module) <= _LONGEST_MODULE:
            fitted = _fitted(key)
            counted[fitted] = counted.get(fitted, 0) + count
    rows = list(counted.items())
    with transaction.atomic():
        for start in range(0, len(rows), _BATCH):
            _write(rows[start : start + _BATCH], now)


def _write(rows: Sequence[tuple[Consumed, int]], now: datetime) -> None:
    columns = [list(column) for column in zip(*(key for key, _ in rows), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [now, now, now, now, *columns, [count for _, count in rows]])


def _fitted(key: Consumed) -> Consumed:
    """Return a key as PostgreSQL can hold it, in its index, too: one row that it refuses would keep all others from it."""
    user_name, token = _cut(key.user_name, _LONGEST_NAME), _cut(key.token, _LONGEST_NAME)
    taken = sum(len(each.encode()) for each in (key.module, user_name, token, key.address))
    version = _cut(key.version, max(_ROOM - taken, 0))
    return key._replace(version=version, user_name=user_name, token=token)


def _cut(text: str, most: int) -> str:
    """Cut a text to so many bytes."""
    return storable(text).encode()[:most].decode(errors="ignore")


def trim(days: int, most: int) -> int:
    """
    Delete what is too old, and of each distribution what is too much: what was not seen for the longest.

    Args:
        days: Days for which rows are kept; 0 to delete all.
        most: Rows of one distribution.

    Returns:
        How many were deleted.
    """
    before = timezone.now() - timedelta(days=days)
    gone = discard(GoConsumer.objects.filter(last_seen__lte=before)) if days else 0
    if not days:
        return discard(GoConsumer.objects.all())
    counted = (
        GoConsumer.objects.order_by()
        .values("distribution")
        .annotate(count=models.Count("pk"))
        .filter(count__gt=most)
    )
    for each in list(counted):
        gone += _trim(each["distribution"], each["count"] - most)
    return gone


def _trim(distribution: UUID, surplus: int) -> int:
    rows = GoConsumer.objects.filter(distribution=distribution)
    oldest = rows.order_by("last_seen", "pk").values("pk")[:surplus]
    return discard(rows.filter(pk__in=oldest))
