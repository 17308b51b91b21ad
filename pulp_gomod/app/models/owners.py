"""
Deleting users and domains while rows of ours come that refer to them.

pulpcore's models know nothing of these rows, and Django has looked for them by the time that it tells of a deletion.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import pre_delete

from pulpcore.plugin.models import Domain

from pulp_gomod.app.models.discarding import discard, hold
from pulp_gomod.app.models.event import GoPolicyEvent
from pulp_gomod.app.models.token import GoToken
from pulp_gomod.app.models.waiver import GoWaiver


def install() -> None:
    """Have what came late go, too."""
    pre_delete.connect(_before_user, sender=get_user_model(), dispatch_uid="gomod.users")
    pre_delete.connect(_before_domain, sender=Domain, dispatch_uid="gomod.domains")


def _before_user(sender: Any, instance: Any, **_: Any) -> None:
    hold(instance)
    discard(GoToken.objects.filter(owner=instance.pk))
    GoWaiver.objects.filter(requester=instance.pk).update(requester=None)


def _before_domain(sender: Any, instance: Domain, **_: Any) -> None:
    hold(instance)
    discard(GoPolicyEvent.objects.filter(pulp_domain=instance.pk))
