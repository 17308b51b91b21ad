"""What is remembered of bundles that were given away: with which heads they were made, and what they left out."""

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


class GoBundleLeftOut(BaseModel):
    """
    The modules of a repository version that bundles of it had without their zips, or on no list, though it holds them.

    Something stopped them then: a block, a policy, a hold. A later bundle has them as soon as nothing does, whatever
    repository version came in between. It names the version by its number, as GoBundleHead does.

    Fields:
        number (int): The number of the repository version.
        units (bytes): The primary keys of the units, sorted, each with a byte behind it: 1 without its zip, 0 on no list.
    """

    repository = models.ForeignKey(
        "GoRepository", related_name="bundle_left_out", on_delete=models.CASCADE
    )
    number = models.PositiveIntegerField()
    units = models.BinaryField()

    class Meta:
        unique_together = ("repository", "number")

    def __str__(self) -> str:
        return f"{len(self.units) // 17} modules left out of version {self.number}"
