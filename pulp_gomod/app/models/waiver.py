"""GoWaiver: that conditions of a policy do not count for some module versions, for a while."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone

from pulpcore.plugin.models import BaseModel

from pulp_gomod.app.models.event import Event, GoPolicyEvent, record
from pulp_gomod.app.models.policy import GoPolicy
from pulp_gomod.app.models.telling import tell_soon
from pulp_gomod.app.models.visibility import wait_until_seen

MOST_WAITING_OF_ONE: Final = 20
"""Requests of one user that may wait at a time, for each policy."""

MOST_WAITING: Final = 500
"""Requests that may wait at a time, for each policy."""

MOST_IN_FORCE: Final = 1_000
"""Waivers of a policy that may be in force: all of them are in the memory of each content process."""

MOST_ENDED: Final = 5_000
"""Waivers of a policy that are kept although they were refused or revoked, or are over."""


class TooManyWaivers(Exception):
    """There is no place for another one."""


class GoWaiver(BaseModel):
    """
    Module versions that conditions of a policy do not stop; or that somebody asks for this.

    Fields:
        policy (GoPolicy): The policy.
        module (str): A pattern of module paths as in GOPRIVATE.
        versions (str): A range of versions; "" for all.
        conditions (list): Names of the conditions; none stands for all.
        reason (str): Why somebody asks for it.
        state (str): What became of it.
        requester (User): Who asked; null for a workload, or if the user is gone.
        requested_by (str): Name of whoever asked. It outlives the user.
        expires (datetime): Until when it holds.
        decided_by (str): Name of whoever approved, refused or revoked it.
        decided (datetime): When that was.
        note (str): What they said of it.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"
        APPROVED = "approved"
        REFUSED = "refused"
        REVOKED = "revoked"

    policy = models.ForeignKey(GoPolicy, related_name="waivers", on_delete=models.CASCADE)
    module = models.TextField(db_collation="C")
    versions = models.TextField(default="", db_collation="C")
    conditions = models.JSONField(default=list)
    reason = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        related_name="gomod_waivers",
        on_delete=models.SET_NULL,
    )
    requested_by = models.TextField(default="")
    expires = models.DateTimeField()
    decided_by = models.TextField(default="")
    decided = models.DateTimeField(null=True)
    note = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["policy", "state", "expires"])]

    def __str__(self) -> str:
        return f"{self.module} {self.versions}".rstrip()

    @property
    def in_force(self) -> bool:
        """Whether it counts now."""
        return bool(self.state == self.State.APPROVED and self.expires > timezone.now())


def request_waiver(policy: GoPolicy, requester: Any, **said: Any) -> GoWaiver:
    """
    Make a request, in the current transaction.

    Args:
        requester: The user; None for a workload.
        said: The other fields.

    Raises:
        TooManyWaivers: Too many wait already.
    """
    _lock(policy.pk)
    rows = GoWaiver.objects.filter(policy=policy)
    waiting = rows.filter(state=GoWaiver.State.REQUESTED, expires__gt=timezone.now())
    own = waiting.filter(requester=requester, requested_by=said["requested_by"])
    if own.count() >= MOST_WAITING_OF_ONE or waiting.count() >= MOST_WAITING:
        raise TooManyWaivers(
            "too many requests wait for a decision: ask those who manage the policy to decide"
        )
    ended = rows.exclude(state__in=("requested", "approved"), expires__gt=timezone.now())
    surplus = ended.count() - MOST_ENDED
    if surplus >= 0:
        oldest = ended.order_by("pulp_created", "pk").values("pk")[: surplus + 1]
        rows.filter(pk__in=list(oldest.values_list("pk", flat=True))).delete()
    made: GoWaiver = GoWaiver.objects.create(policy=policy, requester=requester, **said)
    _record(made, GoPolicyEvent.Kind.WAIVER_REQUESTED, made.reason, made.requested_by)
    return made


def decide(
    waiver_pk: UUID,
    before: tuple[str, ...],
    state: str,
    *,
    by: str,
    note: str = "",
    expires: datetime | None = None,
) -> GoWaiver | None:
    """
    Approve, refuse or revoke a waiver, in the current transaction; every content process knows it when that is done.

    Args:
        before: The states from which this may be.
        state: The state that follows.
        by: Name of whoever decides.
        note: What they say of it.
        expires: Until when it holds, if that is to be another time.

    Returns:
        The waiver; None if it is in another state.

    Raises:
        TooManyWaivers: Too many of the policy are in force.
    """
    waiver: GoWaiver = GoWaiver.objects.get(pk=waiver_pk)
    _lock(waiver.policy_id)
    waiver = GoWaiver.objects.select_related("policy").get(pk=waiver_pk)
    if waiver.state not in before:
        return None
    if state == GoWaiver.State.APPROVED:
        in_force = GoWaiver.objects.filter(
            policy=waiver.policy_id, state=state, expires__gt=timezone.now()
        )
        if in_force.count() >= MOST_IN_FORCE:
            raise TooManyWaivers(
                f"{MOST_IN_FORCE} waivers of this policy are in force: revoke some, or change the policy"
            )
    matters = waiver.in_force or state == GoWaiver.State.APPROVED
    waiver.state, waiver.decided_by, waiver.note = state, by, note
    waiver.decided = timezone.now()
    waiver.expires = expires or waiver.expires
    waiver.save()
    _record(waiver, f"waiver_{state}", note or waiver.reason, by)
    if matters:
        renew(waiver.policy_id)
    return waiver


def renew(policy_pk: UUID) -> None:
    """Let content processes forget what they know of a policy, when the transaction is committed."""
    GoPolicy.objects.filter(pk=policy_pk).update(revision=uuid4())
    wait_until_seen()


def _record(waiver: GoWaiver, kind: str, detail: str, by: str) -> None:
    """Put on record what was decided."""
    policy = waiver.policy
    event = Event(
        kind,
        policy.pulp_domain_id,
        policy.name,
        None,
        " ".join(waiver.conditions),
        waiver.module,
        waiver.versions,
        detail,
        by,
    )
    record([(event, 1)], timezone.now())
    tell_soon()


def _lock(policy_pk: UUID) -> None:
    """Let those who change waivers of a policy do so one after the other."""
    GoPolicy.objects.select_for_update().only("pk").get(pk=policy_pk)
