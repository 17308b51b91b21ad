"""GoModFile: the go.mod of a module version whose zip nobody has asked for."""

from django.db import models

from pulpcore.plugin.models import Content
from pulpcore.plugin.util import get_domain_pk


class GoModFile(Content):
    """
    The go.mod of a module version (a `/go.mod` line of go.sum), without its zip.

    Most of a module graph is only that: the go command reads the go.mod of many module versions and
    the zip of few.

    Fields:
        module (str): The module path, in its exact case.
        version (str): The canonical version.
        go_mod_h1 (str): Go's checksum of go_mod.
        go_mod (bytes): The bytes of go.mod.
        awaits_zip (bool): Whether a sync chose the module version, and left its zip for when somebody asks
            for it. Of all others the go.mod is all that is needed.
    """

    TYPE = "modfile"
    repo_key_fields = ("module", "version")

    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    go_mod_h1 = models.CharField(max_length=64, db_collation="C")
    go_mod = models.BinaryField()
    awaits_zip = models.BooleanField(default=False)
    _pulp_domain = models.ForeignKey("core.Domain", default=get_domain_pk, on_delete=models.PROTECT)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        unique_together = ("_pulp_domain", "module", "version", "go_mod_h1")
        indexes = [
            models.Index(
                fields=["_pulp_domain"],
                condition=models.Q(awaits_zip=True),
                name="gomod_awaits_zip",
            )
        ]

    def __str__(self) -> str:
        return f"{self.module}@{self.version}/go.mod"
