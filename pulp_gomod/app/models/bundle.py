"""GoBundleHead: which head of a checksum database a bundle of a repository version was made with."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from pulpcore.plugin.models import BaseModel


class GoBundleHead(BaseModel):
    """
    A signed head of a checksum database that was given away in bundles of a repository version.

    A bundle has one head, and the same one each time, so that a download can be resumed and the bytes of a
    bundle stay the same while the database grows. Later bundles prove that their head continues it: a go
    command that has seen it refuses one that does not. It names the version by its number, since it outlives it.

    Fields:
        number (int): The number of the repository version.
        head (bytes): The signed note.
        size (int): Records in the head's tree.
        older (list): Sizes of earlier heads that clients may have learned without a bundle, as known when it was made.
    """

    repository = models.ForeignKey(
        "GoRepository", related_name="bundle_heads", on_delete=models.CASCADE
    )
    number = models.PositiveIntegerField()
    tree = models.ForeignKey("GoSumdbTree", related_name="bundle_heads", on_delete=models.CASCADE)
    head = models.BinaryField()
    size = models.BigIntegerField()
    older = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        unique_together = ("repository", "number", "tree", "size")

    def __str__(self) -> str:
        return f"{self.size} records with version {self.number}"
