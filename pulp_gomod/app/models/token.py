"""GoToken: a credential of a user for the GOPROXY side alone."""

from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from pulpcore.plugin.models import BaseModel
from pulpcore.plugin.util import get_domain_pk


class GoToken(BaseModel):
    """
    A secret that stands for its owner on a GOPROXY, and nowhere else in Pulp.

    It never gives more than its owner has. It goes with its owner, and with the distribution that it
    is limited to: without that it would open all others.

    Fields:
        name (str): What its owner calls it.
        owner (User): For whom it stands.
        digest (str): SHA-256 of the secret, which is shown once and not kept.
        hint (str): The beginning of the secret, to recognise a leaked one by.
        scope (str): read for downloads, publish for downloads, uploads and removals.
        distribution (GoDistribution): The only one that it opens; null for all of the domain.
        expires (datetime): When it stops to work; null for never.
        last_used (datetime): When it was last used, give or take a minute; null for never.
    """

    class Scope(models.TextChoices):
        READ = "read"
        PUBLISH = "publish"

    name = models.TextField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, related_name="gomod_tokens", on_delete=models.CASCADE
    )
    digest = models.CharField(max_length=64, unique=True, db_collation="C")
    hint = models.CharField(max_length=16)
    scope = models.CharField(max_length=7, choices=Scope.choices)
    distribution = models.ForeignKey(
        "GoDistribution", null=True, related_name="tokens", on_delete=models.CASCADE
    )
    expires = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)
    pulp_domain = models.ForeignKey(
        "core.Domain", default=get_domain_pk, related_name="gomod_tokens", on_delete=models.CASCADE
    )

    class Meta:
        unique_together = ("pulp_domain", "owner", "name")

    def __str__(self) -> str:
        return f"{self.name} of {self.owner_id}"

    def is_expired(self) -> bool:
        """Say whether its time is over."""
        return self.expires is not None and self.expires <= timezone.now()

    def covers(self, scope: str, distribution: UUID) -> bool:
        """
        Say whether it may be used for something, given that its owner may do it.

        Args:
            scope: What for.
            distribution: The pk of the GoDistribution.
        """
        return scope in (self.Scope.READ, self.scope) and self.distribution_id in (
            None,
            distribution,
        )
