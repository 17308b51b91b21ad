"""Keeping the repository versions that distributions serve."""

from typing import Any

from django.db.models import Q
from django.db.models.signals import pre_delete

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.exceptions import VersionServedError
from pulp_gomod.app.models.discarding import hold
from pulp_gomod.app.models.distribution import GoDistribution

_NAMED = 5


def install() -> None:
    """
    Have a version looked at once more when nobody can begin to serve it any more.

    pulpcore looks before, and then sets the version of all distributions that have it to null: one that got it in
    between would serve nothing, after its administrator had been told that it serves this version.
    """
    pre_delete.connect(_keep_served, sender=RepositoryVersion, dispatch_uid="gomod.served_versions")


def _keep_served(sender: Any, instance: RepositoryVersion, origin: Any, **_: Any) -> None:
    """
    Refuse to delete a version that is served, unless it goes with its repository.

    Raises:
        VersionServedError: It is.
    """
    if origin is not instance:
        return
    hold(instance)
    served = GoDistribution.objects.filter(
        Q(repository_version=instance.pk) | Q(publication__repository_version=instance.pk)
    )
    names = list(served.order_by("name").values_list("name", flat=True)[:_NAMED])
    if names:
        raise VersionServedError(instance.number, names)
