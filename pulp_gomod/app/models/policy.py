"""GoPolicy: what a distribution does not serve although it could."""

from uuid import uuid4

from django.db import models
from django.utils import timezone
from django_lifecycle import AFTER_SAVE, BEFORE_DELETE, BEFORE_UPDATE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, BaseModel
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models.discarding import hold
from pulp_gomod.app.models.visibility import wait_until_seen


class GoPolicy(BaseModel, AutoAddObjPermsMixin):
    """
    Conditions under which module versions are not served; distributions name the policy that they obey.

    Fields:
        name (str): Its name, unique in the domain.
        description (str): What it is for.
        deny (list): What is never served: of each entry its module (a pattern), versions, reason and since.
        deny_mode (str): How far that goes.
        allow (list): What alone is served, of the same form.
        allow_mode (str): How far that goes.
        retract (list): What is on no list, as if its author had retracted it, of the same form.
        retract_mode (str): How far that goes: to lists at most.
        vulnerable_db (GoVulndb): The database that says of which versions vulnerabilities are known.
        vulnerable_mode (str): How far it goes that one is.
        vulnerable_unreviewed (bool): Whether reports count of which nobody has reviewed the ranges.
        vulnerable_severity (float): From which severity on reports count, from 0 to 10; those count that have none.
        malicious_db (GoVulndb): The database that says which versions were made to do harm.
        malicious_mode (str): How far it goes that one was.
        licenses (list): SPDX identifiers of licences under which nothing is served.
        licenses_mode (str): How far that goes.
        hold_days (int): For how many days versions are not served after they came to be known; 0 for none.
        hold_mode (str): How far that goes.
        hold_exempt (str): Patterns of modules that are not held back.
        hold_own (bool): Whether what was published here is held back, too, and what a repository held before.
        hold_clock (str): What says how old a version is that no checksum database knows.
        hold_since (datetime): Since when anything is held back; null for never.
        revision (UUID): Changes whenever anything of it does.
    """

    class Mode(models.TextChoices):
        OFF = "off"
        OBSERVE = "observe"
        LISTS = "lists"
        ENFORCE = "enforce"

    class Clock(models.TextChoices):
        FIRST_SEEN = "first_seen"
        INFO_TIME = "info_time"

    name = models.TextField()
    description = models.TextField(default="")
    deny = models.JSONField(default=list)
    deny_mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.ENFORCE)
    allow = models.JSONField(default=list)
    allow_mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.OFF)
    retract = models.JSONField(default=list)
    retract_mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.LISTS)
    vulnerable_db = models.ForeignKey(
        "GoVulndb", null=True, related_name="vulnerable_policies", on_delete=models.PROTECT
    )
    vulnerable_mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.OFF)
    vulnerable_unreviewed = models.BooleanField(default=False)
    vulnerable_severity = models.FloatField(null=True)
    malicious_db = models.ForeignKey(
        "GoVulndb", null=True, related_name="malicious_policies", on_delete=models.PROTECT
    )
    malicious_mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.OFF)
    licenses = models.JSONField(default=list)
    licenses_mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.ENFORCE)
    hold_days = models.PositiveSmallIntegerField(default=0)
    hold_mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.ENFORCE)
    hold_exempt = models.TextField(default="", blank=True)
    hold_own = models.BooleanField(default=False)
    hold_clock = models.CharField(max_length=10, choices=Clock.choices, default=Clock.FIRST_SEEN)
    hold_since = models.DateTimeField(null=True)
    revision = models.UUIDField(default=uuid4)
    pulp_domain = models.ForeignKey(
        "core.Domain",
        default=get_domain_pk,
        related_name="gomod_policies",
        on_delete=models.CASCADE,
    )

    class Meta:
        unique_together = ("pulp_domain", "name")
        permissions = [
            ("manage_roles_gopolicy", "Can manage roles on policies"),
            ("waive_gopolicy", "Can approve waivers of policies"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def note_hold(self) -> None:
        """Note since when it holds anything back; the caller saves it."""
        if not self.hold_days or self.hold_mode == self.Mode.OFF:
            self.hold_since = None
        elif self.hold_since is None:
            self.hold_since = timezone.now()

    @hook(BEFORE_UPDATE)
    def _renew(self) -> None:
        """Let no content process take what it knew for what is."""
        self.revision = uuid4()

    @hook(BEFORE_DELETE)
    def _hold(self) -> None:
        """Let nobody obey it, note what it stops or ask for a waiver while it is being deleted."""
        hold(self)

    @hook(AFTER_SAVE)
    def _wait_until_seen(self) -> None:
        wait_until_seen()
