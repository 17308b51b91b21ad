"""GoPolicyEvent: what a policy stopped or let pass, and what was decided about that."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from pulpcore.plugin.models import BaseModel
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models.discarding import discard
from pulp_gomod.app.models.module import storable

MOST_A_DAY: Final = 1_000
"""Rows of one distribution, or of one policy where there is none, in a day; what is beyond that has one row."""

_BATCH = 2_000
LONGEST_MODULE = 1_000
LONGEST_TEXT = 1_000
_DIGEST_BYTES = 16

# Decisions of those who have a role for it, which no flood of requests may hide.
_ALWAYS = ("waiver_approved", "waiver_refused")

# In the order of the key, so that processes which write the same rows wait for each other, and not each for the other.
_RECORD = """
    INSERT INTO gomod_gopolicyevent AS known (
        pulp_id, pulp_created, pulp_last_updated, key, day, kind, pulp_domain_id, policy_id, policy_name,
        distribution_id, distribution_name, condition, module, version, detail, made_by,
        requests, first_seen, last_seen, is_told
    )
    SELECT gen_random_uuid(), %s, %s, used.key, %s, kind, used.domain, policy.pulp_id, policy_name,
        distribution_ptr_id, COALESCE(place.name, ''), condition, module, version, detail, made_by,
        requests, %s, %s, FALSE
    FROM unnest(
        %s::text[], %s::text[], %s::uuid[], %s::text[], %s::uuid[], %s::text[],
        %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[]
    ) AS used(
        key, kind, domain, policy_name, distribution, condition, module, version, detail, made_by, requests
    )
    JOIN core_domain ON core_domain.pulp_id = used.domain
    LEFT JOIN gomod_gopolicy AS policy
        ON policy.pulp_domain_id = used.domain AND policy.name = used.policy_name
    LEFT JOIN gomod_godistribution ON distribution_ptr_id = used.distribution
    LEFT JOIN core_distribution AS place ON place.pulp_id = distribution_ptr_id
    ORDER BY used.key
    ON CONFLICT (key) DO UPDATE SET
        requests = known.requests + EXCLUDED.requests,
        last_seen = GREATEST(known.last_seen, EXCLUDED.last_seen),
        detail = EXCLUDED.detail
"""


class GoPolicyEvent(BaseModel):
    """
    What happened for the same reason to the same module version in the same place, on one day.

    Names are kept beside the references: what happened stays so when a policy or a distribution is deleted.

    Fields:
        key (str): Stands for all that makes it one row.
        day (date): The day, in UTC.
        kind (str): What happened.
        policy (GoPolicy): The policy; null for the protection of own names, or if it is gone.
        policy_name (str): Its name; "" if there is none.
        distribution (GoDistribution): Where; null for decisions about waivers, or if it is gone.
        distribution_name (str): Its name.
        condition (str): The condition, such as deny; own for the protection of own names.
        module (str): The module path; "" for all beyond what a day has place for.
        version (str): The version; "" if it is about several.
        detail (str): Why, for people.
        made_by (str): Name of the user whose decision it is; "" for requests of clients.
        requests (int): How often.
        first_seen (datetime): When it was first noted.
        last_seen (datetime): When it was last noted.
        is_told (bool): Whether GOMOD_EVENTS_URL was told.
    """

    class Kind(models.TextChoices):
        STOPPED = "stopped"
        HIDDEN = "hidden"
        OBSERVED = "observed"
        WAIVED = "waived"
        PASSED = "passed"
        OWN = "own"
        WAIVER_REQUESTED = "waiver_requested"
        WAIVER_APPROVED = "waiver_approved"
        WAIVER_REFUSED = "waiver_refused"
        WAIVER_REVOKED = "waiver_revoked"

    key = models.CharField(max_length=2 * _DIGEST_BYTES, unique=True, db_collation="C")
    day = models.DateField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    pulp_domain = models.ForeignKey(
        "core.Domain", default=get_domain_pk, related_name="gomod_events", on_delete=models.CASCADE
    )
    policy = models.ForeignKey(
        "GoPolicy", null=True, related_name="events", on_delete=models.SET_NULL
    )
    policy_name = models.TextField(default="")
    distribution = models.ForeignKey(
        "GoDistribution", null=True, related_name="events", on_delete=models.SET_NULL
    )
    distribution_name = models.TextField(default="")
    condition = models.TextField(default="")
    module = models.TextField(default="", db_collation="C")
    version = models.TextField(default="", db_collation="C")
    detail = models.TextField(default="")
    made_by = models.TextField(default="")
    requests = models.BigIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    is_told = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["pulp_domain", "last_seen"]),
            models.Index(fields=["distribution", "day"]),
            models.Index(fields=["policy", "day"]),
            models.Index(
                fields=["last_seen"], condition=models.Q(is_told=False), name="gomod_untold"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.module}@{self.version}"


class Event(NamedTuple):
    """
    What happens, as a key by which it is counted; the fields are those of GoPolicyEvent.

    Attributes:
        kind: See there.
        domain: The pk of the domain.
        policy_name: See there.
        distribution: The pk of the distribution, or None.
        condition: See there.
        module: See there.
        version: See there.
        detail: See there.
        made_by: See there.
    """

    kind: str
    domain: UUID
    policy_name: str
    distribution: UUID | None
    condition: str
    module: str
    version: str
    detail: str = ""
    made_by: str = ""

    def key(self, day: str) -> str:
        """Return what stands for the row."""
        parts = (day, *map(str, self[:7]), self.made_by)
        text = "\0".join(parts)
        return blake2b(text.encode(errors="replace"), digest_size=_DIGEST_BYTES).hexdigest()

    @property
    def scope(self) -> tuple[UUID, UUID | str]:
        """What a day has so many rows of."""
        return self.domain, self.distribution or self.policy_name

    def folded(self) -> "Event":
        """Return what it is counted as if there is no place for a row of its own."""
        detail = "more modules and versions than a day has rows for"
        return self._replace(module="", version="", detail=detail, made_by="")


def record(seen: Sequence[tuple[Event, int]], now: datetime) -> None:
    """
    Write what happened, each with how often.

    Args:
        seen: What happened.
        now: When.
    """
    if days() == 0:
        return
    day = now.date().isoformat()
    counted: dict[str, tuple[Event, int]] = {}
    for event, count in _fitting(seen, day):
        key = event.key(day)
        before = counted[key][1] if key in counted else 0
        counted[key] = event, before + count
    rows = list(counted.items())
    # All or nothing, since it may be tried again.
    with transaction.atomic():
        for start in range(0, len(rows), _BATCH):
            _write(rows[start : start + _BATCH], day, now)


def record_own_names(repository: UUID, refused: Mapping[str, str]) -> None:
    """
    Write that modules were not taken from an upstream, since their names are a repository's own.

    Args:
        repository: The repository; the first distribution of it stands for it.
        refused: The module paths, and why.
    """
    # The models of distributions know this one.
    from pulp_gomod.app.models.distribution import GoDistribution

    places = GoDistribution.objects.filter(repository=repository).order_by("name")
    place = places.values_list("pk", flat=True).first()
    events = [
        Event(GoPolicyEvent.Kind.OWN, get_domain_pk(), "", place, "own", path, "", line)
        for path, line in refused.items()
    ]
    record([(event, 1) for event in events], timezone.now())


def _fitting(seen: Sequence[tuple[Event, int]], day: str) -> Iterable[tuple[Event, int]]:
    """Count as one what there is no place for."""
    short = [(_shortened(event), count) for event, count in seen]
    keys = {event.key(day) for event, _ in short}
    rows = GoPolicyEvent.objects.filter(day=day)
    known = set(rows.filter(key__in=keys).values_list("key", flat=True))
    left: dict[tuple[UUID, UUID | str], int] = {}
    for event, count in short:
        if event.key(day) in known or event.kind in _ALWAYS:
            yield event, count
            continue
        if event.scope not in left:
            left[event.scope] = MOST_A_DAY - _of(rows, event).count()
        left[event.scope] -= 1
        yield (event if left[event.scope] >= 0 else event.folded()), count


def _of(rows: models.QuerySet, event: Event) -> models.QuerySet:
    if event.distribution is not None:
        return rows.filter(distribution=event.distribution)
    return rows.filter(pulp_domain=event.domain, distribution=None, policy_name=event.policy_name)


def _shortened(event: Event) -> Event:
    """Return an event as PostgreSQL can hold it: one that it refuses would keep all others from it."""
    return event._replace(
        module=storable(event.module)[:LONGEST_MODULE],
        version=storable(event.version)[:LONGEST_MODULE],
        detail=storable(event.detail)[:LONGEST_TEXT],
    )


def _write(rows: Sequence[tuple[str, tuple[Event, int]]], day: str, now: datetime) -> None:
    events = [event for _, (event, _) in rows]
    columns = [list(column) for column in zip(*events, strict=True)]
    columns = [[key for key, _ in rows], *columns, [count for _, (_, count) in rows]]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [now, now, day, now, now, *columns])


def days() -> int:
    """Return for how many days events are kept; 0 if none are recorded."""
    return max(0, int(settings.GOMOD_EVENT_DAYS))


def trim() -> int:
    """Delete what is too old, and return how many rows that were."""
    before = timezone.now() - timedelta(days=days())
    return discard(GoPolicyEvent.objects.filter(last_seen__lte=before))
