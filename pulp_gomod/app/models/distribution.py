"""GoDistribution: a GOPROXY root."""

from aiohttp import web
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django_lifecycle import AFTER_DELETE, AFTER_SAVE, BEFORE_DELETE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, Distribution

from pulp_gomod.app.models.discarding import discard, hold
from pulp_gomod.app.models.visibility import wait_until_seen


class GoDistribution(Distribution, AutoAddObjPermsMixin):
    """
    Serves a repository, one of its versions, or a publication as a GOPROXY.

    Its module paths are answered by the routes of `pulp_gomod.app.content`; what pulpcore's own
    handler still sees of it is not part of the protocol.

    Fields:
        vanity_hosts (list): Names of hosts whose modules it serves: what `go get` is told that asks them.
        policy (GoPolicy): What it does not serve although it could; null for none. It is not deleted meanwhile.
        vulndb (GoVulndb): The vulnerability database that it serves, too; null for none.
        consumers (str): What is recorded of those who download.
    """

    TYPE = "gomod"

    class Consumers(models.TextChoices):
        OFF = "off"
        USERS = "users"
        ALL = "all"

    policy = models.ForeignKey(
        "GoPolicy", null=True, related_name="distributions", on_delete=models.PROTECT
    )
    consumers = models.CharField(max_length=5, choices=Consumers.choices, default=Consumers.ALL)

    vulndb = models.ForeignKey(
        "GoVulndb", null=True, related_name="distributions", on_delete=models.PROTECT
    )

    vanity_hosts = models.JSONField(default=list)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        indexes = [GinIndex(fields=["vanity_hosts"], name="gomod_vanity_hosts")]
        permissions = [
            ("manage_roles_godistribution", "Can manage roles on Go distributions"),
            ("consumers_godistribution", "Can see who downloads from Go distributions"),
        ]

    @hook(AFTER_SAVE, when="consumers", has_changed=True)
    def _forget_consumers(self) -> None:
        """Keep nothing of what is not to be recorded any more."""
        if self.consumers == self.Consumers.OFF:
            discard(self.consumer_rows.all())
        elif self.consumers == self.Consumers.USERS:
            discard(self.consumer_rows.exclude(address=""))

    @hook(BEFORE_DELETE)
    def _discard_consumers(self) -> None:
        hold(self)
        discard(self.consumer_rows.all())

    @hook(AFTER_SAVE)
    @hook(AFTER_DELETE)
    def _wait_until_seen(self) -> None:
        wait_until_seen()

    def content_handler(self, path: str) -> web.Response:
        """
        Answer what is no GOPROXY request, so that stock artifact serving never does.

        Args:
            path: The path below the base path.
        """
        return web.Response(
            status=404,
            text=f"not found: this is a GOPROXY; set GOPROXY to its URL, "
            f"which ends in {self.base_path}/\n",
        )
