"""
Deleting orphans while others begin to need them, or write of them.

pulpcore's cleanup chooses up to 2,000 units, reads all that refers to them, and deletes both; this may take long. A
client that asks for one of these modules again meanwhile has the content app write a row that refers to it, and a
task may add it to a repository: then the whole cleanup failed with a foreign key's violation. Now units are
locked before they are deleted. What is needed again by then stays, of which pulpcore knows how to go on with the
rest; what was only written down of the others goes with them.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import ProtectedError, QuerySet
from django.db.models.signals import pre_delete

from pulpcore.plugin.models import Content

from pulp_gomod.app.models.discarding import discard
from pulp_gomod.app.models.documentation import GoDocumentation, GoLicences, GoPackage
from pulp_gomod.app.models.index import GoIndexEntry
from pulp_gomod.app.models.modfile import GoModFile
from pulp_gomod.app.models.module import GoModule
from pulp_gomod.app.models.upstream import GoCachedModFile, GoCacheEntry

# What goes with a unit, and the column that names it.
_REFERRING = (
    (GoCacheEntry, "content"),
    (GoCachedModFile, "content"),
    (GoIndexEntry, "unit"),
    (GoDocumentation, "unit"),
    (GoLicences, "unit"),
    (GoPackage, "unit"),
)
# Where the units of a queryset are noted that may be deleted with it: Django tells of each unit by itself.
_SPARED = "_gomod_may_go"


def install() -> None:
    """Have a look at orphans before they are deleted."""
    pre_delete.connect(_before_content, sender=Content, dispatch_uid="gomod.orphans")


def _before_content(sender: Any, instance: Content, origin: Any, **_: Any) -> None:
    """
    Hold a unit that is about to be deleted.

    Raises:
        ProtectedError: It is needed again.
    """
    if instance.pulp_type not in (GoModule.get_pulp_type(), GoModFile.get_pulp_type()):
        return
    if isinstance(origin, QuerySet):
        if not hasattr(origin, _SPARED):
            setattr(origin, _SPARED, _hold_all(origin))
        may_go = instance.pk in getattr(origin, _SPARED)
    else:
        may_go = instance.pk in _hold_all(
            Content.objects.filter(
                pk=instance.pk,
                timestamp_of_interest=instance.timestamp_of_interest,
                version_memberships__isnull=True,
            )
        )
    if not may_go:
        raise ProtectedError(f"{instance.pk} is needed again", {instance})


def _hold_all(chosen: QuerySet) -> set[UUID]:
    """Lock units, and return those that are chosen still, with nothing left that refers to them."""
    units = Content.objects.filter(pk__in=chosen.order_by().values("pk"))
    locked = [
        pk for (pk,) in units.order_by("pk").select_for_update(of=("self",)).values_list("pk")
    ]
    modules = GoModule.objects.filter(pk__in=locked).order_by("pk")
    # A list, since Django takes the lock off a question for one value.
    list(modules.select_for_update(of=("self",)).values_list("pk"))
    # Anew, since whoever was waited for may need them.
    found = set(chosen.order_by().values_list("pk", flat=True)) & set(locked)
    _discard_what_names(found)
    return found


def _discard_what_names(units: Collection[UUID]) -> None:
    for model, column in _REFERRING:
        discard(model.objects.filter(**{f"{column}__in": units}))
