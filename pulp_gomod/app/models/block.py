"""GoBlock: a module version that a repository neither takes in nor serves."""

from uuid import UUID, uuid4

from django.db import models
from django.utils import timezone

from pulpcore.plugin.models import BaseModel

from pulp_gomod.app.models.blocking import NONE, Block, Blocks
from pulp_gomod.app.models.visibility import wait_until_seen

MOST_BLOCKS = 10_000
"""Blocks that a repository may have: all of them are in the memory of each content process."""


class GoBlock(BaseModel):
    """
    A module version, or a range of them, that is kept out of a repository.

    Fields:
        module (str): The module path, or one with `/...` behind it: that module and all below it.
        versions (str): A version, or comparisons (see golang.ranges); "" for all.
        reason (str): Why, for people who ask for it.
        created_by (str): Name of the user who made it. No foreign key: it outlives the user.
        source (str): Whether somebody asked for it, it keeps away what was removed, or it came from another
            server with an import or a replication, and goes as it came.
    """

    class Source(models.TextChoices):
        REQUESTED = "requested"
        REMOVED = "removed"
        IMPORTED = "imported"

    repository = models.ForeignKey("GoRepository", related_name="blocks", on_delete=models.CASCADE)
    module = models.TextField(db_collation="C")
    versions = models.TextField(default="", db_collation="C")
    reason = models.TextField()
    created_by = models.TextField(default="")
    source = models.CharField(max_length=9, choices=Source.choices, default=Source.REQUESTED)

    class Meta:
        unique_together = ("repository", "module", "versions")

    def __str__(self) -> str:
        return f"{self.module} {self.versions}".rstrip()


class GoBlockRevision(BaseModel):
    """
    Which state the blocks of a repository are in; there is none before the first block.

    It is no field of the repository: whoever saves a repository that was read a while ago would set it back.

    Fields:
        revision (str): Changes whenever a block is made or lifted.
        changed (datetime): When that was the last time.
    """

    repository = models.OneToOneField(
        "GoRepository", related_name="block_revision", on_delete=models.CASCADE
    )
    revision = models.UUIDField(default=uuid4)
    changed = models.DateTimeField()


def blocks_of(repository_pk: UUID, *, imported: bool = True) -> Blocks:
    """
    Return the Blocks of a repository, as its newest committed state has them.

    Args:
        imported: Whether those count that came from another server.
    """
    found = GoBlockRevision.objects.filter(repository=repository_pk).first()
    if found is None:
        return NONE
    blocks = GoBlock.objects.filter(repository=repository_pk)
    if not imported:
        blocks = blocks.exclude(source=GoBlock.Source.IMPORTED)
    rows = blocks.values_list("module", "versions", "reason", "pulp_created", "source")
    made = (
        Block(
            module, versions, reason, created.date().isoformat(), source == GoBlock.Source.REMOVED
        )
        for module, versions, reason, created, source in rows
    )
    return Blocks(found.revision.bytes, found.changed, made)


def note_change(repository_pk: UUID) -> None:
    """
    Let every content process see that blocks were made or lifted, when the transaction is committed.

    It begins by locking the row of the repository's blocks, so that one changes them after the other.
    """
    GoBlockRevision.objects.update_or_create(
        repository_id=repository_pk, defaults={"revision": uuid4(), "changed": timezone.now()}
    )
    wait_until_seen()
