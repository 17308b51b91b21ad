"""GoBlock: a module version that a repository neither takes in nor serves."""

from uuid import uuid4

from django.db import models
from django.utils import timezone

from pulpcore.plugin.models import BaseModel

from pulp_gomod.app.blocking import NONE, Block, Blocks
from pulp_gomod.app.freshness import wait_until_seen

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
        source (str): Whether somebody asked for it, or it keeps away what was removed.
    """

    class Source(models.TextChoices):
        REQUESTED = "requested"
        REMOVED = "removed"

    repository = models.ForeignKey("GoRepository", related_name="blocks", on_delete=models.CASCADE)
    module = models.TextField(db_collation="C")
    versions = models.TextField(default="", db_collation="C")
    reason = models.TextField()
    created_by = models.TextField(default="")
    source = models.CharField(max_length=9, choices=Source.choices, default=Source.REQUESTED)

    class Meta:
        unique_together = ("repository", "module", "versions")

    def __str__(self):
        return f"{self.module} {self.versions}".rstrip()


def blocks_of(repository_pk):
    """
    Return the Blocks of a repository, as its newest committed state has them.

    Args:
        repository_pk (uuid): The repository's pk.
    """
    # Repositories ask for their blocks.
    from pulp_gomod.app.models.repository import GoRepository

    found = GoRepository.objects.filter(pk=repository_pk).values_list(
        "blocks_revision", "blocks_changed"
    )
    revision, changed = found.first() or (None, None)
    if revision is None:
        return NONE
    rows = GoBlock.objects.filter(repository=repository_pk).values_list(
        "module", "versions", "reason", "pulp_created", "source"
    )
    made = (
        Block(
            module, versions, reason, created.date().isoformat(), source == GoBlock.Source.REMOVED
        )
        for module, versions, reason, created, source in rows
    )
    return Blocks(revision.bytes, changed, made)


def note_change(repository_pk):
    """
    Let every content process see that blocks were made or lifted, when the transaction is committed.

    It begins by locking the repository's row, so that one changes them after the other.

    Args:
        repository_pk (uuid): The repository's pk.
    """
    from pulp_gomod.app.models.repository import GoRepository

    GoRepository.objects.filter(pk=repository_pk).update(
        blocks_revision=uuid4(), blocks_changed=timezone.now()
    )
    wait_until_seen()
