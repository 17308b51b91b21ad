"""
How much a repository version holds, kept beside the version so that it need not be added up.

Adding up the sizes of all modules costs as much as the repository is large. Each version therefore
remembers its total, and the next one adds what it adds.
"""

from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from pulpcore.plugin.models import RepositoryVersion

from pulp_gomod.app.models.membership import held_in
from pulp_gomod.app.models.module import GoModule

_KEY = "gomod"


@dataclass(frozen=True)
class Usage:
    """
    What a repository version takes.

    Attributes:
        size: Bytes of all zips.
        modules: Number of module versions.
    """

    size: int = 0
    modules: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.size + other.size, self.modules + other.modules)

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(self.size - other.size, self.modules - other.modules)


def usage_of(version: RepositoryVersion | None) -> Usage:
    """
    Return the usage of a complete version.

    Args:
        version: The RepositoryVersion, or None.
    """
    # Version 0 is the empty one, of which nobody has recorded anything.
    if version is None or version.number == 0:
        return Usage()
    known = version.info.get(_KEY)
    if known:
        return Usage(known["size"], known["modules"])
    return _add_up(held_in(GoModule.objects.all(), version))


def record_usage(version: RepositoryVersion) -> Usage:
    """
    Record the usage of a version in the making, from its predecessor's and what it changes.

    Args:
        version: The incomplete RepositoryVersion; pulpcore saves it.
    """
    before = version.repository.versions.complete().order_by("-number").first()
    added = _add_up(GoModule.objects.filter(version_memberships__version_added=version))
    removed = _add_up(GoModule.objects.filter(version_memberships__version_removed=version))
    usage = usage_of(before) + added - removed
    version.info = version.info | {_KEY: {"size": usage.size, "modules": usage.modules}}
    return usage


def _add_up(modules: QuerySet) -> Usage:
    total = modules.aggregate(size=Sum("size", default=0), modules=Count("pk"))
    return Usage(int(total["size"]), total["modules"])
