"""What upstreams have said: the cache rows of a remote, and what waits to be added to a repository."""

from django.db import models

from pulpcore.plugin.models import BaseModel, Content


class GoCacheEntry(BaseModel):
    """
    The last answer of a remote to one question.

    It is no content: it belongs to the remote, and goes with it. A zip's row points at the content
    unit, so that what has been fetched is served before a repository holds it.

    Fields:
        key (str): SHA-256 of the question and of the settings that the answer depends on (the
            remote's URL, the checksum database it was verified with). Paths are longer than an
            index takes, and a remote that is pointed elsewhere starts anew.
        path (str): The path that was asked for, below the remote's URL.
        module (str): The module path, "" for a checksum database.
        version (str): The version or the query, "" for a list.
        file (str): Which file: list, latest, info, mod, zip or sumdb.
        status (int): 200, 404 or 410.
        body (bytes): What was said; for a zip the `.info` that came with it, if any.
        content (Content): The unit of a stored zip.
        verified (bool): Whether the checksum database vouches for it.
        etag (str): The upstream's validator.
        last_modified (str): The upstream's other validator.
        checked (datetime): When the upstream last said so.
        expires (datetime): From when on it has to be asked again; null for what never changes.
    """

    remote = models.ForeignKey("GoRemote", related_name="cache_entries", on_delete=models.CASCADE)
    key = models.CharField(max_length=64, db_collation="C")
    path = models.TextField(db_collation="C")
    module = models.TextField(default="", db_collation="C")
    version = models.TextField(default="", db_collation="C")
    file = models.CharField(max_length=6)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField(default=b"")
    content = models.ForeignKey(
        Content, null=True, related_name="gomod_cache_entries", on_delete=models.CASCADE
    )
    verified = models.BooleanField(default=False)
    etag = models.TextField(default="")
    last_modified = models.TextField(default="")
    checked = models.DateTimeField()
    expires = models.DateTimeField(null=True)

    class Meta:
        unique_together = ("remote", "key")
        indexes = [
            models.Index(fields=["expires"]),
            models.Index(fields=["remote", "checked"]),
        ]

    def __str__(self) -> str:
        return str(self.path)


class GoPendingEntry(BaseModel):
    """
    A zip or go.mod that was fetched through a distribution of the repository, and is to be added to it.

    PostgreSQL deletes it with its answer, since it may be written while that is being deleted.

    One task takes in all that wait, so that a build of hundreds of modules makes few repository
    versions.
    """

    repository = models.ForeignKey(
        "GoRepository", related_name="pending_entries", on_delete=models.CASCADE
    )
    entry = models.ForeignKey(
        GoCacheEntry, related_name="pending_entries", on_delete=models.CASCADE
    )

    class Meta:
        unique_together = ("repository", "entry")


class GoCachedModFile(BaseModel):
    """
    Says that a repository holds a go.mod file only because somebody asked for it through a remote.

    Cleanup may remove these, and no others: what was synced, promoted or imported was wanted by an
    administrator. What zips are is said by their releases.
    """

    repository = models.ForeignKey(
        "GoRepository", related_name="cached_mod_files", on_delete=models.CASCADE
    )
    content = models.ForeignKey(Content, related_name="gomod_cached_in", on_delete=models.CASCADE)

    class Meta:
        unique_together = ("repository", "content")
