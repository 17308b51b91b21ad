"""Keeping the content guards that Go distributions use."""

from gettext import gettext as _
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from rest_framework import status
from rest_framework.exceptions import APIException

from pulpcore.plugin.models import ContentGuard

from pulp_gomod.app.models.discarding import hold
from pulp_gomod.app.models.distribution import GoDistribution

NAMED = 5


class ContentGuardInUse(APIException):
    """Raised when the deletion of a content guard would make private modules public."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "content_guard_in_use"


@receiver(pre_delete, sender=ContentGuard, dispatch_uid="gomod.keep_guards_in_use")
def keep_guards_in_use(sender: type[ContentGuard], instance: ContentGuard, **kwargs: Any) -> None:
    """
    Refuse to delete a guard that protects a Go distribution.

    pulpcore would set the distribution's guard to null, which opens it to everybody; likewise a
    composite guard without members permits everything.

    Args:
        sender: ContentGuard.
        instance: What is about to be deleted.
        kwargs: What else Django says.

    Raises:
        ContentGuardInUse: It is in use, by itself or in a composite.
    """
    # Nobody begins to use it from here on: that distribution would be opened to everybody.
    hold(instance)
    protected = GoDistribution.objects.filter(content_guard__in=_with_composites(instance.pk))
    names = list(protected.order_by("name").values_list("name", flat=True)[:NAMED])
    if names:
        raise ContentGuardInUse(
            _(
                "The content guard {guard} protects Go distributions ({names}). Assign another "
                "one to them first, or none to make them public."
            ).format(guard=instance.name, names=", ".join(names))
        )


def _with_composites(guard: UUID) -> set[UUID]:
    """Return the pks of a guard and of all composites that it is in, however deep."""
    composite = apps.get_model("core", "CompositeContentGuard")
    found = {guard}
    while more := set(
        composite.objects.filter(guards__in=found)
        .exclude(pk__in=found)
        .values_list("pk", flat=True)
    ):
        found |= more
    return found
