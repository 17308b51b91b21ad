"""
Related objects that may be given by name.

Who may publish to a repository need not be allowed to see it, and cannot look up its href. A name is
enough then; for whoever has no right to use the object, it does not exist.
"""

from gettext import gettext as _
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from pulpcore.plugin.models import Repository
from pulpcore.plugin.serializers import DetailRelatedField
from pulpcore.plugin.util import get_domain_pk, get_objects_for_user

from pulp_gomod.app.models import GoDistribution, GoRepository

_DOWNLOAD = "core.download_rbaccontentguard"
_CHANGE = (
    "gomod.publish_gorepository",
    "gomod.unpublish_gorepository",
    "gomod.modify_gorepository",
)
_REFERENCES = ("/", "prn:", "http://", "https://")


class NamedField(DetailRelatedField):
    """An object's href or PRN, or the name of one that the user may use."""

    default_error_messages = {
        "no_name": _("Could not find {what} '{name}', or you may not use it."),
        "no_text": _("Must be a name, an href or a PRN."),
    }
    what = ""

    def usable(self, user: Any) -> QuerySet:
        """
        The objects of the current domain that a user has some right to use.

        Args:
            user: Who asks.
        """
        raise NotImplementedError

    def to_internal_value(self, data: Any) -> Any:
        """
        Find the object.

        Raises:
            ValidationError: There is none, or none that the user may use.
        """
        if not isinstance(data, str):
            self.fail("no_text")
        if data.startswith(_REFERENCES) or "\0" in data:
            return super().to_internal_value(data)
        found = self.usable(self.context["request"].user).filter(name=data).first()
        if found is None:
            self.fail("no_name", what=self.what, name=data)
        return found


class NamedRepositoryField(NamedField):
    """A repository of any type by its href; by its name, a Go repository to publish to."""

    what = "go repository"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name_pattern=r"repositories(-.*/.*)-detail",
            queryset=Repository.objects.all(),
            **kwargs,
        )

    def usable(self, user: Any) -> QuerySet:
        """Those that the user may change."""
        return _changeable_repositories(user)


class NamedDistributionField(NamedField):
    """A Go distribution."""

    what = "go distribution"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            view_name=r"distributions-gomod/gomod-detail",
            queryset=GoDistribution.objects.all(),
            **kwargs,
        )

    def usable(self, user: Any) -> QuerySet:
        """Those that the user may view, publish to, or download from by a role."""
        distributions = GoDistribution.objects.filter(pulp_domain=get_domain_pk())
        if user.is_superuser:
            return distributions
        viewed = get_objects_for_user(user, "gomod.view_godistribution", distributions)
        guard = apps.get_model("core", "RBACContentGuard")
        guards = guard.objects.filter(pulp_domain=get_domain_pk())
        return distributions.filter(
            Q(pk__in=viewed.values("pk"))
            | Q(repository__in=_changeable_repositories(user).values("pk"))
            | Q(content_guard__in=get_objects_for_user(user, _DOWNLOAD, guards).values("pk"))
        )


def _changeable_repositories(user: Any) -> QuerySet:
    repositories = GoRepository.objects.filter(pulp_domain=get_domain_pk())
    if user.is_superuser:
        return repositories
    return get_objects_for_user(user, list(_CHANGE), repositories, any_perm=True)
