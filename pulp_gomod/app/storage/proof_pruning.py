"""Removing what a domain keeps of checksum databases and nobody needs any more. Uses the ORM."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from pulp_gomod.app.models import GoModFile, GoModule, GoSumdbRecord, GoSumdbTile, GoSumdbTree
from pulp_gomod.golang.sumdb.client import TILE_HEIGHT

log = logging.getLogger(__name__)

BETWEEN = timedelta(days=1)
"""The time between two looks, and for which a record is kept in any case: its module may be about to come."""

_BATCH = 1000


def prune_if_due(domain: UUID) -> int:
    """
    Remove the records of module versions that are gone, and the tiles that prove nothing else.

    A module version is gone when Pulp's cleanup of orphans has deleted its units. It is looked once a day, by
    whatever task comes by.

    Args:
        domain: The domain's pk.

    Returns:
        How many records were removed.
    """
    now = timezone.now()
    due = Q(pruned=None) | Q(pruned__lt=now - BETWEEN)
    removed = 0
    for tree in GoSumdbTree.objects.filter(due, pulp_domain=domain):
        # Whoever comes first does it.
        if GoSumdbTree.objects.filter(due, pk=tree.pk).update(pruned=now):
            count = _prune(tree)
            removed += count
            if count:
                log.info("Removed %s records of %s that nobody needs.", count, tree.name)
    return removed


def _prune(tree: GoSumdbTree) -> int:
    count = 0
    while batch := list(_gone(tree).values_list("pk", flat=True)[:_BATCH]):
        count += GoSumdbRecord.objects.filter(pk__in=batch).delete()[0]
    if count:
        with transaction.atomic():
            # Whoever keeps a record locks the tree, too, and writes down all tiles that prove it.
            GoSumdbTree.objects.select_for_update().get(pk=tree.pk)
            _unneeded(tree).only("pk").delete()
    return count


def _gone(tree: GoSumdbTree) -> QuerySet:
    """Records of module versions of which there is no unit, and has not been for a while."""
    which = {
        "_pulp_domain": tree.pulp_domain_id,
        "module": OuterRef("module"),
        "version": OuterRef("version"),
    }
    return GoSumdbRecord.objects.filter(
        ~Exists(GoModule.objects.filter(**which)),
        ~Exists(GoModFile.objects.filter(**which)),
        tree=tree,
        pulp_created__lt=timezone.now() - BETWEEN,
    )


def _unneeded(tree: GoSumdbTree) -> QuerySet:
    """Tiles that prove neither a head that was given out, nor a record that is left."""
    levels = GoSumdbTile.objects.filter(tree=tree, lasting=False).values_list("level", flat=True)
    condition = Q(pk__in=[])
    for level in levels.distinct():
        records = 1 << (TILE_HEIGHT * (level + 1))
        below = GoSumdbRecord.objects.filter(
            tree=tree,
            number__gte=OuterRef("number") * records,
            number__lt=(OuterRef("number") + 1) * records,
        )
        condition |= Q(~Exists(below), level=level)
    return GoSumdbTile.objects.filter(condition, tree=tree, lasting=False)
