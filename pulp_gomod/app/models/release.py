"""GoRelease: what a repository knows of a module version beyond its bytes."""

from datetime import UTC, datetime

from django.db import models

from pulpcore.plugin.models import BaseModel

# Stands for a time that nobody has told, in a year in which nothing was released: Go's zero time is in
# it. `.info` then has no time, as that of the upstream had none.
UNKNOWN_TIME = datetime(1, 1, 2, tzinfo=UTC)


class GoRelease(BaseModel):
    """
    How a module version came into a repository: the answer of `.info` and the audit record.

    It is no content: the same zip may have come to two repositories at different times from
    different people. It stays when the module is removed, so that rolling back finds it, and so that
    a repository remembers the checksum of every version it ever held.

    Fields:
        module (str): The module path.
        version (str): The canonical version.
        h1 (str): Go's checksum of the zip.
        time (datetime): When the version was made, as `.info` says it.
        origin (dict): Where the version was made (VCS, URL, Hash, Ref), as `.info` says it.
        info (bytes): What the upstream said of it, word for word; null for what was published here.
        source (str): Whether it was uploaded, cached from an upstream because somebody asked for it, or
            synced, and so not to be cleaned up.
        published_by (str): Name of the user who published it; "" if unknown. No foreign key: users
            of a workload identity have no row, and the record outlives the user.
        published_from (str): The client's address, if known.
        first_seen (datetime): When this repository first held it.
        last_used (datetime): When it was last asked for, roughly; null for never.
    """

    class Source(models.TextChoices):
        UPLOADED = "uploaded"
        CACHED = "cached"
        SYNCED = "synced"

    repository = models.ForeignKey(
        "GoRepository", related_name="releases", on_delete=models.CASCADE
    )
    module = models.TextField(db_collation="C")
    version = models.TextField(db_collation="C")
    h1 = models.CharField(max_length=64, db_collation="C")
    time = models.DateTimeField()
    origin = models.JSONField(null=True)
    info = models.BinaryField(null=True)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.UPLOADED)
    published_by = models.TextField(default="")
    published_from = models.GenericIPAddressField(null=True)
    first_seen = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True)

    class Meta:
        unique_together = ("repository", "module", "version", "h1")

    def __str__(self) -> str:
        return f"{self.module}@{self.version} in {self.repository_id}"
